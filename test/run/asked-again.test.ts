import {expect, test} from 'vitest';
import {scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask} from './fake-world.js';

test('what is asked for again while a reader of it ends, and is there still, has not disturbed that', async () => {
  using folder = scratch();
  const disk = new FakeDisk();
  const need = fakeTask(disk, folder.at('attempts'), 'need');
  const reader = fakeTask(disk, folder.at('attempts'), 'reader', [need]);
  let asked = 0;
  const kernel = new FakeKernel(disk, 2, async what => {
    if (what === 'end reader' && asked++ === 0) kernel.scheduler.submit(need);
    // What is looked at answers late.
    if (what.startsWith('check')) await new Promise(resolve => setImmediate(() => setImmediate(resolve)));
  });
  kernel.scheduler.submit(need);
  const entry = kernel.scheduler.submit(reader);
  await kernel.scheduler.idle();
  expect(entry.state).toMatchObject({is: 'done', how: 'ran'});
  expect(asked).toBe(1);
  expect(kernel.submitted).toEqual([need.fingerprint, reader.fingerprint]);
  expect(disk.wrong).toEqual([]);
});
