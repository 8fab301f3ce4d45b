import {expect, test} from 'vitest';
import {CrashRig, runCells} from './crash-rig.js';

test('a runner is killed under its kernel: the task is lost, what it said is shown, and the next try leaves nothing of it', async () => {
  using rig = new CrashRig();
  await using kernel = await rig.start();
  const code = `%%bash --as a\necho it got as far as this\n${rig.body('a')}`;
  await kernel.client.execute(code);
  await rig.begun('a');
  for (const {pid} of rig.runners) process.kill(pid, 'SIGKILL');
  const [lost] = await runCells(kernel, [code]);
  expect(lost).toMatch(/lost/);
  expect(lost).toContain('it got as far as this');
  rig.open();
  const [text] = await runCells(kernel, [code]);
  expect(text).toContain('done');
  await kernel.shutdown();
  expect(rig.leftovers).toEqual([]);
});
