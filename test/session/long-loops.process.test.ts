import {readdirSync, rmSync} from 'node:fs';
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
