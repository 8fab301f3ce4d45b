import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Execution} from '../rig/client.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook, type TestNotebook} from './notebook.js';

const shown = ({outputs}: Execution): string => outputs.displays[0]?.data['text/plain'] as string;

/** Runs a cell, and waits until its display says something. */
async function says(notebook: TestNotebook, code: string, text: string): Promise<string> {
  const cell = await notebook.kernel.client.execute(code);
  await notebook.run('%wait');
  if (!shown(cell).includes(text))
    await notebook.kernel.client.waitFor(
      ({header, content}) => header.msg_type === 'update_display_data' && JSON.stringify(content).includes(text),
    );
  expect(shown(cell)).toContain(text);
  return shown(cell);
}

test('a task that runs again says what changed, in its cell and to `%why`, in this run and in the next', async () => {
  await using first = await openTestNotebook();
  const {directory} = first.kernel;
  const file = join(directory, 'in.txt');
  writeFileSync(file, 'one\n');
  const cell = (radius: number, line = ''): string =>
    `%%bash --as count --with radius=${radius} --in in.txt\nwc -l in.txt > a\n${line}echo $radius > b`;
  const run = await first.kernel.client.execute(cell(2));
  await first.run('%wait');
  expect(shown(run)).not.toContain('again');
  await says(first, cell(3), 'again: `radius` was 2, is 3');
  expect((await first.run('%why count')).shown).toMatch(
    /^count: changed since the run of \d+ \w+ \d\d:\d\d on \S+: variable `radius` 2 → 3$/,
  );
  // What is cached says when, where, for how long, and where its log is.
  await first.run(cell(2));
  await first.run('%wait');
  expect((await first.run('%why count')).out).toMatch(
    /^count: . cached · ran \d+ \w+ \d\d:\d\d on \S+ · [\d.]+ m?s; nothing that it is made of has changed\n {2}its log: \S+\/\.weft\.log\n$/,
  );
  await first.run(cell(3));
  await first.run('%wait');
  await first.kernel.shutdown();

  await using second = await openTestNotebook({directory});
  writeFileSync(file, 'two\nthree\n');
  await says(second, cell(3), 'again: `in.txt` changed');
  await says(second, cell(3, 'true\n'), 'again: its script changed (+1 −0)');
  const {shown: why} = await second.run('%why count');
  expect(why).toContain(
    '  the script changed\n    @@ -1,2 +1,3 @@\n     wc -l in.txt > a\n    +true\n     echo $radius > b',
  );
  // A reader names its input as the notebook does.
  await second.run('%%bash --as reader --from count\ncat $count/b > c');
  await second.run('%wait');
  await second.run(cell(4));
  await second.run('%wait');
  await says(second, '%%bash --as reader --from count\ncat $count/b > c', 'ran again: its input `count` changed');
  expect((await second.run('%why reader')).shown).toContain('input `count` count changed: see %why count');
});

test('of a set it is said how many changed by what, and of other tasks of the same name nothing', async () => {
  await using notebook = await openTestNotebook();
  const loop = (to: number, x: number): string =>
    `%%foreach i in 1..${to}\n%%bash --as fan --with x=${x}\necho $i $x > f`;
  const one = await notebook.kernel.client.execute(loop(4, 1));
  await notebook.run('%wait');
  expect(shown(one)).not.toContain('again');
  await says(notebook, loop(6, 2), '4 ran again: `x` was 1, is 2');
  const {out, shown: why} = await notebook.run('%why fan');
  expect(out).toBe(
    '6 tasks: none cached\n  4 ran again: `x` was 1, is 2\n  2 of which no earlier run is known\nand 3 more: name one of them\n',
  );
  expect(why.match(/variable `x` 1 → 2/g)).toHaveLength(3);
  await says(notebook, loop(25, 3), 'at least 6 ran again: `x` was 2, is 3');
  // Scripts without a name that differ only in their values stand side by side.
  const cell = await notebook.kernel.client.execute(
    "const script = 'echo $n > f';\nconst ones = [1, 2].map(n => bash(script, {with: {n}}));",
  );
  await notebook.run('%wait');
  await says(notebook, loop(4, 4), 'ran again: `x` was 3, is 4');
  expect(JSON.stringify(cell.outputs.displays)).not.toContain('again');
});

test('`%why` names the products, the variables and the files of `%setup` that changed, also in the next kernel', async () => {
  using folder = scratch();
  const directory = folder.path;
  mkdirSync(folder.at('mine', 'python'), {recursive: true});
  const stack = (afw: string): void =>
    writeFileSync(
      folder.at('stack.sh'),
      `eups() { echo top; echo '  afw ${afw} setup'; echo '  ip 1 setup'; echo '  mine LOCAL:${folder.at('mine')} setup'; }\n`,
    );
  const python = folder.at('mine', 'python', 'a.py');
  const cells = ['%setup source stack.sh\n%setup export MODE=slow', '%%bash --as a\necho 1 > f'];
  const runs = async (notebook: TestNotebook): Promise<void> => {
    for (const cell of [...cells, '%wait']) expect((await notebook.run(cell)).error).toBe('');
  };
  const why = async (notebook: TestNotebook): Promise<string> => {
    const {shown, out} = await notebook.run('%why a');
    return `${shown}${out}`;
  };
  stack('18.1.0');
  writeFileSync(python, 'x = 1\n');
  {
    await using notebook = await openTestNotebook({directory});
    await runs(notebook);
    await notebook.kernel.shutdown();
  }
  await using notebook = await openTestNotebook({directory});
  writeFileSync(python, 'x = 2\n');
  await runs(notebook);
  expect(await why(notebook)).toContain('the product `mine`, a directory of your own, has other content');
  stack('19.0.0');
  cells[0] = cells[0]!.replace('slow', 'fast');
  await runs(notebook);
  const said = await why(notebook);
  expect(said).toContain('product `afw` 18.1.0 → 19.0.0');
  expect(said).toContain('variable of `%setup` `MODE` slow → fast');
  expect(said).not.toContain('`ip`');
  expect(said).not.toContain('`mine`');
});
