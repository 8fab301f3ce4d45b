import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Execution} from '../rig/client.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook, type TestNotebook} from './notebook.js';

const shown = ({outputs}: Execution): string => outputs.displays[0]?.data['text/plain'] as string;

/** Waits until a cell's display says something. */
async function says(notebook: TestNotebook, cell: Execution, text: string): Promise<void> {
  await notebook.run('%wait');
  if (!shown(cell).includes(text))
    await notebook.kernel.client.waitFor(
      ({header, content}) => header.msg_type === 'update_display_data' && JSON.stringify(content).includes(text),
    );
  expect(shown(cell)).toContain(text);
}

test('code that binds a name to another future marks the cells that took the old one', async () => {
  await using notebook = await openTestNotebook();
  const {client} = notebook.kernel;
  await notebook.run("let x = bash('echo 1 > a');");
  const reader = await client.execute('%%bash --as reader --from x\ncp $x/a b');
  const other = await client.execute("const more = bash('cp $x/a c', {from: {x}});");
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).not.toContain('stale');
  await notebook.run("x = bash('echo 2 > a');");
  await says(notebook, reader, 'stale: `x` was bound again by cell [6]');
  await says(notebook, other, 'stale: `x` was bound again by cell [6]');
  const {shown: status} = await notebook.run('%status');
  expect(status).toContain('cell [2] reader is stale: `x` was bound again by cell [6]');
  expect(status).toContain('is stale: `x` was bound again by cell [6]');
  // The name holds again what they took: nothing is stale.
  await notebook.run("x = bash('echo 1 > a');");
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).not.toContain('stale');
  await notebook.run('x = 3 as any;');
  expect((await notebook.run('%status')).shown).toContain('cell [2] reader is stale');
  // Run again with what the name holds now, it is another cell.
  await notebook.run("x = bash('echo 2 > a');");
  await notebook.run('%%bash --as reader --from x\ncp $x/a b');
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).not.toContain('reader is stale');
});

test('a loop over the list of a future that gives the same tasks again makes nothing stale', async () => {
  await using notebook = await openTestNotebook();
  const {client} = notebook.kernel;
  const loop = '%%foreach x in l\n%%bash --as s\necho $x > f';
  const list = (seconds: number): string => `%%bash --as l --value --always\nsleep ${seconds}; echo '[1, 2]'`;
  await notebook.run(list(0));
  await notebook.run(loop);
  const reader = await client.execute('%%bash --as reader --from s\nls $s > g');
  const one = await client.execute('%%bash --as one --from s\nls $s > h');
  await notebook.run('%wait');
  await notebook.run(loop);
  expect((await notebook.run('%status')).shown).not.toContain('reader is stale');
  // Until the list is known it may be another one.
  await notebook.run(list(1.5));
  await notebook.run(loop);
  await client.waitFor(
    ({header, content}) =>
      header.msg_type === 'update_display_data' &&
      JSON.stringify(content).includes('stale: `s` was bound again by cell [9]'),
  );
  await notebook.run('%wait');
  expect((await notebook.run('%status')).shown).not.toContain('is stale');
  expect([shown(reader), shown(one)].join()).not.toContain('stale');
});

test('what took a value that `%force` has changed is stale until it is run again, or the value is as it was', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook();
  const force = async (text: string): Promise<string> => {
    writeFileSync(folder.at('st'), text);
    await notebook.run('%force n\n%force s\n%wait');
    return (await notebook.run('%status')).shown;
  };
  writeFileSync(folder.at('st'), '5');
  await notebook.run(`%%bash --as n --value\ncat ${folder.at('st')}`);
  await notebook.run(`%%foreach x in [1, 2]\n%%bash --as s --value\ncat ${folder.at('st')}`);
  await notebook.run('%%bash --as r1 --with x=${n + 1}\necho $x > f');
  await notebook.run('%%bash --as r2 --from n\necho $n > f');
  await notebook.run('%%bash --as r3 --from s\necho $s > f');
  await notebook.run('%%foreach y in ${[n, 7]}\n%%bash --as r4\necho $y > f');
  await notebook.run('%%bash --as other\necho 1 > f');
  await notebook.run('%wait');
  expect(await force('5')).not.toContain('stale');
  const changed = await force('6');
  for (const line of [
    'cell [3] r1 is stale: `n` has another value now',
    'cell [4] r2 is stale: `n` has another value now',
    'cell [6] r4 is stale: `n` has another value now',
  ])
    expect(changed).toContain(line);
  expect(changed).toMatch(/cell \[5\] r3 is stale: `s\[[12]\]` and 1 more have other values now/);
  expect(changed).not.toContain('other is stale');
  await notebook.run('%%bash --as r2 --from n\necho $n > f');
  expect((await notebook.run('%wait r2\n%status')).shown).not.toContain('r2 is stale');
  const back = await force('5');
  expect(back).toContain('r2 is stale');
  expect(back).not.toMatch(/r[134] is stale/);
});

test('of a set only those are stale whose element is another task', async () => {
  await using notebook = await openTestNotebook();
  const {client} = notebook.kernel;
  await notebook.run('%%foreach r in [a, b]\n%%bash --as ups\necho $r > f');
  const first = await client.execute('%%bash --as one --from ups[a]\ncat $ups/f > g');
  const second = await client.execute('%%bash --as two --from ups[b]\ncat $ups/f > g');
  const both = await client.execute('%%bash --as whole --from ups\nls $ups > g');
  await notebook.run('%%foreach r in [a, c]\n%%bash --as ups\necho $r > f');
  await says(notebook, second, 'stale: `ups` was bound again by cell [5]');
  await says(notebook, both, 'stale: `ups` was bound again by cell [5]');
  expect(shown(first)).not.toContain('stale');
  const {shown: status} = await notebook.run('%status');
  expect(status).toContain('cell [3] two is stale');
  expect(status).not.toContain('one is stale');
});

test('`%status` says what waits for a slot, and for what another kernel does', async () => {
  await using notebook = await openTestNotebook({env: {WEFT_SLOTS: '1'}});
  const {directory} = notebook.kernel;
  await using other = await openTestNotebook({directory, env: {WEFT_SLOTS: '1'}});
  const slow = '%%bash --as slow\nuntil [ -e ../../../../go ]; do sleep 0.1; done';
  await other.run(slow);
  await other.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('▶ running'));
  await notebook.run(slow);
  await notebook.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('running elsewhere'));
  await notebook.run('%%bash --as mine\nuntil [ -e ../../../../go ]; do sleep 0.1; done; true');
  await notebook.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('▶ running ·'));
  await notebook.run('%%foreach i in 1..5\n%%bash --as quick\ntrue');
  const {shown: status} = await notebook.run('%status');
  expect(status).toMatch(
    /quick\[1\], quick\[2\], quick\[3\] and 2 more wait for a slot: 1 of 1 is taken by mine for [\d.]+ m?s/,
  );
  expect(status).toMatch(
    new RegExp(`slow is being made by another kernel: process ${other.kernel.pid} on \\S+, for [\\d.]+ m?s`),
  );
  writeFileSync(join(directory, 'go'), '');
  await Promise.all([notebook.run('%wait'), other.run('%wait')]);
  expect((await notebook.run('%status')).shown).not.toContain('wait for');
});
