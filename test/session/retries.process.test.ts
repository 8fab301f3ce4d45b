import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

test('a task that fails is tried again after a pause, which its display tells, and which can be cancelled', async () => {
  await using notebook = await openTestNotebook();
  const {client, directory} = notebook.kernel;
  await notebook.run(
    '%%bash --as flaky --retries 2\necho x >> ../../../../tries\n[ "$(wc -l < ../../../../tries)" = 2 ]',
  );
  await client.waitFor(({content}) => JSON.stringify(content).includes('try 2 of 3 in 1.0 s, after exit 1'));
  expect((await notebook.run('%wait flaky')).shown).toContain('done');
  await notebook.run('%%bash --as never --retries 3\nfalse');
  await client.waitFor(({content}) => JSON.stringify(content).includes('try 2 of 4 in'));
  await notebook.run('%cancel never');
  expect((await notebook.run('%wait never')).shown).toContain('cancelled');
  await notebook.kernel.shutdown();
  const claims = join(directory, '.weft', 'claims');
  expect(existsSync(claims) ? readdirSync(claims).filter(name => !name.startsWith('.')) : []).toEqual([]);
});

test('when its kernel dies in the pause between two tries, the next one goes on, and tells', async () => {
  using folder = scratch();
  const directory = folder.path;
  const tries = folder.at('tries');
  const cell = `%%bash --as flaky --retries 4\necho x >> ${tries}\n[ "$(wc -l < ${tries})" = 3 ]\necho made > f`;
  const claims = (): string[] => readdirSync(folder.at('.weft/claims')).filter(name => !name.startsWith('.'));
  {
    await using notebook = await openTestNotebook({directory});
    await notebook.run(cell);
    await notebook.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('try 3 of 5 in'));
    await notebook.kernel.kill();
  }
  expect(readFileSync(tries, 'utf8')).toBe('x\nx\n');
  expect(claims()).not.toEqual([]);
  await using notebook = await openTestNotebook({directory});
  await notebook.run(cell);
  expect((await notebook.run('%wait flaky')).shown).toContain('done');
  expect(readFileSync(tries, 'utf8')).toBe('x\nx\nx\n');
  expect(await notebook.value('(await flaky).text("f")')).toContain('made');
  await expect.poll(claims).toEqual([]);
});

test('a task says which try it is while that runs', async () => {
  using folder = scratch();
  await using notebook = await openTestNotebook({directory: folder.path});
  const gate = `[ -e ${folder.at('first')} ] || { touch ${folder.at('first')}; exit 1; }`;
  await notebook.run(`%%bash --as flaky --retries 2\n${gate}\nuntil [ -e ${folder.at('go')} ]; do sleep 0.02; done`);
  await notebook.kernel.client.waitFor(({content}) => /running · [^"]* · try 2 of 3/.test(JSON.stringify(content)));
  writeFileSync(folder.at('go'), '');
  expect((await notebook.run('%wait flaky')).shown).toContain('done');
});

test('of a loop, the display says which ones are tried again', async () => {
  await using notebook = await openTestNotebook();
  await notebook.run('%%foreach i in 1..3\n%%bash --as some --retries 5\n[ $i = 2 ]');
  await notebook.kernel.client.waitFor(({content}) =>
    /2 failed and are tried again: i=1 try 4 of 6 in \d/.test(JSON.stringify(content)),
  );
  expect((await notebook.run('%status some')).shown).toContain('are tried again');
  await notebook.run('%cancel some');
  expect((await notebook.run('%wait some')).shown).toContain('2 cancelled');
});
