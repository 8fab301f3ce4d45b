import {expect, test} from 'vitest';
import {openTestNotebook} from './notebook.js';

test('a task that asks for more than there is fails at once with what to do, and waits for nothing', async () => {
  await using notebook = await openTestNotebook({env: {WEFT_SLOTS: '2'}});
  await notebook.run('%%bash --as first\nsleep 60');
  const wide = await notebook.run('%%bash --from first --cpus 64 --as wide\ntrue');
  expect(wide.err).toContain('cell [2]:1:21  W8004');
  expect(wide.err).toContain("the task can't start here: it asks for 64 cpus, and this kernel has 2 slots");
  expect(wide.err).toContain('`%executor local --slots 64`');
  // What it needs still runs.
  expect((await notebook.run('%wait wide')).shown).toContain('could not be started: it asks for 64 cpus');
  expect((await notebook.run('%status first')).shown).toContain('running');
  await notebook.run('%cancel first');
  const greedy = await notebook.run('const greedy = bash("true", {mem: "900T"});\n%wait greedy');
  expect(greedy.err + greedy.out + greedy.shown).toContain('it asks for 921600G of memory, and this machine has ');
  const fits = await notebook.run('%%bash --cpus 2 --mem 1M --as fits\ntrue');
  expect(fits.err).toBe('');
  expect((await notebook.run('%wait fits')).shown).toContain('done');
});

test('what is cached needs no room, and more slots give a task that was refused its own', async () => {
  await using notebook = await openTestNotebook({env: {WEFT_SLOTS: '4'}});
  await notebook.run('%%bash --cpus 4 --as made\necho 1 > f');
  await notebook.run('%wait made');
  await notebook.run('%executor local --slots 1');
  await notebook.run('%%bash --cpus 4 --as again\necho 1 > f');
  expect((await notebook.run('%wait again')).shown).toContain('cached');
  await notebook.run('%%bash --cpus 3 --as other\necho 2 > f');
  expect((await notebook.run('%wait other')).shown).toContain('and this kernel has one slot');
  await notebook.run('%executor local --slots 3');
  await notebook.run('%retry other');
  expect((await notebook.run('%wait other')).shown).toContain('done');
});
