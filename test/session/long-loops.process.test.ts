import {readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

/** More rows than are planned one by one. */
const ROWS = 300;
const SCRIPT = 'echo $((i * i)) > o; mkdir -p "$COUNTED"; : > "$COUNTED/$i"';
const CELL = `%%foreach i in 1..${ROWS}\n%%bash --out o --as t\n${SCRIPT}`;

test('the tasks of a long loop are found done by the next kernel, used as any other, and made again where a file is gone', async () => {
  using folder = scratch();
  const counter = folder.at('count');
  const ran = (): number => readdirSync(folder.at('count')).length;
  const cells = [`%env COUNTED=${counter}`, CELL];
  {
    await using notebook = await openTestNotebook({directory: folder.path});
    for (const cell of cells) await notebook.value(cell);
    const waited = await notebook.run('%wait t');
    expect(waited.error).toBe('');
    expect(ran()).toBe(ROWS);
  }
  rmSync(counter, {recursive: true});
  let lost: string;
  {
    await using notebook = await openTestNotebook({directory: folder.path});
    for (const cell of cells) await notebook.value(cell);
    await notebook.value('%wait t');
    expect((await notebook.run('%status t')).shown).toContain('300');
    expect(await notebook.value('t.size')).toBe('300');
    expect(await notebook.value('(await t[17]).text()')).toContain('289');
    expect(await notebook.value('const all = await t; [all.size, all[300].text()]')).toContain('90000');
    lost = (await notebook.value('(await t[7]).path')) ?? '';
    lost = lost.replaceAll("'", '');
    // By its name, its placeholder and its path it is one and the same.
    await notebook.value('%%bash --from x=t[20] --as byName\ncat $x/o');
    await notebook.value('const byPath = bash(`cat ${(await t[20]).path}/o`); const byText = bash(`cat ${t[20]}/o`)');
    expect(await notebook.value('(await byPath).path === (await byText).path')).toBe('true');
    expect(readdirSync(folder.path)).not.toContain('count');
  }
  rmSync(join(lost, 'o'));
  {
    await using notebook = await openTestNotebook({directory: folder.path});
    for (const cell of cells) await notebook.value(cell);
    await notebook.value('%wait t');
    expect(readdirSync(counter)).toEqual(['7']);
    expect(await notebook.value('(await t[7]).text()')).toContain('49');
    rmSync(counter, {recursive: true});
    // Asked for again under another name, and forced: it is the same task.
    await notebook.value(`%%foreach i in [9]\n%%bash --out o --as again --force\n${SCRIPT}`);
    await notebook.value('%wait again t');
    expect(readdirSync(counter)).toEqual(['9']);
  }
});

test('a task has the same fingerprint in a long loop, in a short one and in a function, also where a value is the path of a result', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  const counter = folder.at('count');
  const script = 'mkdir -p "$COUNTED"; echo "$p $n" >> "$COUNTED/lines"; echo 1';
  const lines = (): number => readFileSync(join(counter, 'lines'), 'utf8').split('\n').length - 1;
  const body = `%%bash --value --with n`;
  await notebook.value(`%env COUNTED=${counter}`);
  await notebook.value('%%bash --as one --out o\necho 1 > o');
  await notebook.value(`const n = {b: [1], a: null}; const words = Array.from({length: ${ROWS}}, (_, i) => 'é "' + i)`);
  await notebook.value(`%%foreach p in words\n${body} --as long\n${script}`);
  await notebook.value('%wait long');
  expect(lines()).toBe(ROWS);
  await notebook.value('const some = words.slice(5, 7)');
  await notebook.value(`%%foreach p in some\n${body} --as short\n${script}`);
  await notebook.value(`const call = bash(${JSON.stringify(script)}, {value: true, with: {p: words[8], n}})`);
  await notebook.value('%wait short call');
  expect(lines()).toBe(ROWS);
  // The path of a result stands for the result: such a loop is planned one by one, and what it shares with the other is done.
  await notebook.value('const mixed = [...words, (await one).path]');
  await notebook.value(`%%foreach p in mixed\n${body} --as again\n${script}`);
  await notebook.value('%wait again');
  expect(lines()).toBe(ROWS + 1);
  await notebook.value(`${body} --from p=one --as named\n${script}`);
  await notebook.value('%wait named');
  expect(lines()).toBe(ROWS + 1);
});
