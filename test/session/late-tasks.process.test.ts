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
