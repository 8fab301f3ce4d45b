import {writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import type {Kernel} from '../rig/kernel.js';
import {scratch} from '../rig/scratch.js';
import {openTestNotebook} from './notebook.js';

/** What a cell showed first, before any update. */
async function firstShown(kernel: Kernel, code: string): Promise<string> {
  const {messages} = await kernel.client.execute(code, {timeout: 60_000});
  const first = messages.find(({header}) => header.msg_type === 'display_data');
  return (first?.content['data'] as JsonObject | undefined)?.['text/plain'] as string;
}

const cell = (list: string, name: string, line = ''): string =>
  `%%foreach i in ${list}\n%%bash --as ${name} ${line}\nsleep 1.1\necho "$i" > f`;

test('a cell says before anything starts what is cached, what another kernel runs, and how long the rest will take', async () => {
  using folder = scratch();
  await using one = await openTestNotebook({directory: folder.path, env: {WEFT_SLOTS: '4'}});
  expect((await firstShown(one.kernel, cell('1..4', 'a'))).split('\n')[0]).toBe('a — 4 tasks: 4 to run');
  await one.run('%wait a');
  expect((await firstShown(one.kernel, cell('1..6', 'a'))).split('\n')[0]).toMatch(
    /^a — 6 tasks: 4 cached, 2 to run, about 10 s · saved 4\.\d s$/,
  );
  await using two = await openTestNotebook({directory: folder.path, env: {WEFT_SLOTS: '4'}});
  const long = '%%foreach i in 1..2\n%%bash --as b\nuntil [ -e ../../../../go ]; do sleep 0.1; done; echo "$i" > f';
  await one.run(long);
  await one.kernel.client.waitFor(({content}) => JSON.stringify(content).includes('2 running'));
  expect((await firstShown(two.kernel, long.replace('1..2', '1..3'))).split('\n')[0]).toBe(
    'b — 3 tasks: 2 running elsewhere, 1 to run',
  );
  writeFileSync(folder.at('go'), '');
  await Promise.all([one.run('%wait'), two.run('%wait')]);
});
