import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
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
