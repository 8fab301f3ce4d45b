import {utimesSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('what later cells set does not reach tasks of a loop over a list that was not known yet', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  // The list is there when the file is: after the later cell has run.
  const gate = folder.at('gate');
  await notebook.run('%env MODE=early');
  await notebook.run(
    `%%bash --as list --value\nwhile [[ ! -e '${gate}' ]]; do read -t 0.02 <> <(:) || true; done\necho '[1]'`,
  );
  await notebook.run('%%foreach x in list\n%%bash --as seen --value\necho "\\"$MODE\\""');
  await notebook.run('%env MODE=late');
  writeFileSync(gate, '');
  expect(await notebook.value('(await seen)[1]')).toBe("'early'");
});

test('what --allow-empty allowed is no result without it', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  const cell = (options: string): string => `%%bash --as a --out a.txt extra*.txt${options}\necho a > a.txt`;
  await notebook.run(cell(' --allow-empty'));
  expect(await notebook.value('(await a).files.length')).toBe('1');
  await notebook.run(cell(''));
  expect((await notebook.run('await a')).error).toContain('made no `extra*.txt`');
  await notebook.run(cell(' --allow-empty'));
  expect((await notebook.run('%wait a')).shown).toContain('cached');
});

test('what one future may not have, another one of the same task has, whoever comes first', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  const until = (name: string): string =>
    `while [[ ! -e '${folder.at(name)}' ]]; do read -t 0.02 <> <(:) || true; done`;
  const cell = (name: string, gate: string, options = ''): string =>
    `%%bash --as ${name} --out nothing${options}\n${until(gate)}`;
  const outcome = (name: string): Promise<string | undefined> =>
    notebook.value(`await ${name}.then(() => 'done', error => error.message)`);
  // It comes to one that runs and may not be empty.
  await notebook.run(cell('strict', 'one'));
  await notebook.run(cell('content', 'one', ' --allow-empty'));
  writeFileSync(folder.at('one'), '');
  expect(await outcome('content')).toBe("'done'");
  expect(await outcome('strict')).toContain('it made no `nothing`, which `--allow-empty` allowed');
  // It was there before, and stays.
  await notebook.run(cell('first', 'two', ' --allow-empty'));
  writeFileSync(folder.at('two'), '');
  expect(await outcome('first')).toBe("'done'");
  await notebook.run(cell('second', 'two'));
  expect(await outcome('second')).toContain('it made no `nothing`');
  expect(await notebook.value('await first.then(({files}) => files.length)')).toBe('0');
  // One that had failed alone is made again for one that may be empty.
  await notebook.run(cell('alone', 'one', ' --no-strict'));
  expect(await outcome('alone')).toContain('it made no `nothing`');
  await notebook.run(cell('both', 'one', ' --no-strict --allow-empty'));
  expect(await outcome('both')).toBe("'done'");
  expect(await outcome('alone')).toContain('it made no `nothing`');
});

test('a set-up that sources a file is made again when the file is edited', async () => {
  using folder = scratch();
  writeFileSync(folder.at('setup.sh'), 'export MODE=one\n');
  await using notebook = await openTestNotebook({directory: folder.path});
  const cell = '%%bash --as mode --value\necho "\\"$MODE\\""';
  await notebook.run('%setup setup.sh');
  await notebook.run(cell);
  expect(await notebook.value('await mode')).toBe("'one'");
  writeFileSync(folder.at('setup.sh'), 'export MODE=two\n');
  await notebook.run(cell);
  expect(await notebook.value('await mode')).toBe("'two'");
  utimesSync(folder.at('setup.sh'), 1, 1);
  await notebook.run(cell);
  expect((await notebook.run('%wait mode')).shown).toContain('cached');
});
