import {expect, test} from 'vitest';
import type {AttemptId} from '../../kernel/graph/task.js';
import type {Task} from '../../kernel/graph/work.js';
import {scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask, manifestOf} from './fake-world.js';

/** A kernel that stands still at one step, and another that takes its task over and makes it meanwhile. */
function overtaking(disk: FakeDisk, step: string, task: () => Task): FakeKernel {
  const other = new FakeKernel(disk, 1, () => Promise.resolve());
  let done = false;
  return new FakeKernel(disk, 1, what => {
    if (what === step && !done) {
      done = true;
      const {fingerprint} = task();
      const claim = {attempt: 'other' as AttemptId, directory: '/nowhere', number: 2, at: ++disk.clock};
      disk.claims.set(fingerprint, {claim, owner: other});
    } else if (what === 'claim' && done) {
      // By the next look the other one has finished.
      disk.results.set(task().fingerprint, manifestOf(task(), {value: 'theirs'}));
      disk.claims.delete(task().fingerprint);
    }
    return Promise.resolve();
  });
}

test.each([
  ['before it gives the job to a runner, it starts nothing', 'refresh', 0],
  ['while its job fails, it records no failure', 'end slow', 1],
])('a kernel that is overtaken waits for the new owner: %s', async (_, step, starts) => {
  using folder = scratch();
  const disk = new FakeDisk();
  const task = fakeTask(disk, folder.at('attempts'), 'slow');
  disk.failing.add(task.fingerprint);
  const kernel = overtaking(disk, step, () => task);
  const entry = kernel.scheduler.submit(task);
  await kernel.scheduler.idle();
  expect(entry.state).toMatchObject({is: 'done', how: 'attached', manifest: {value: 'theirs'}});
  expect(kernel.submitted).toHaveLength(starts);
  expect(disk.failures.size).toBe(0);
  expect(disk.claims.size).toBe(0);
});
