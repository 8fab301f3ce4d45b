import {expect, test, vi} from 'vitest';
import type {Holder} from '../../kernel/graph/holder.js';
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

test('a task that is cancelled while it finds out that another kernel has it is not waited for', async () => {
  using folder = scratch();
  const disk = new FakeDisk();
  const task = fakeTask(disk, folder.at('attempts'), 'slow');
  const other = new FakeKernel(disk, 1, () => Promise.resolve());
  const claim = {attempt: 'other' as AttemptId, directory: '/nowhere', number: 1, at: ++disk.clock};
  disk.claims.set(task.fingerprint, {claim, owner: other});
  const kernel: FakeKernel = new FakeKernel(disk, 1, what => {
    if (what === 'claim') kernel.scheduler.cancel(entry);
    return Promise.resolve();
  });
  const entry = kernel.scheduler.submit(task);
  await kernel.scheduler.idle();
  expect([entry.state.is, kernel.submitted]).toEqual(['cancelled', []]);
  expect(disk.claims.get(task.fingerprint)?.claim).toBe(claim);
});

/** A kernel that finds what a dead one has left running, and whose person cancels it just then. */
class AdoptingKernel extends FakeKernel {
  readonly heard: string[] = [];

  override recall(task: Task): Promise<Holder> {
    this.scheduler.cancel(this.scheduler.entry(task.fingerprint)!);
    return Promise.resolve({pid: 1, startTime: '1', host: 'here', bootId: 'b', directory: ''});
  }

  override adopt(attempt: AttemptId): void {
    this.heard.push(`adopt ${attempt}`);
  }

  override cancel(attempt: AttemptId): void {
    this.heard.push(`cancel ${attempt}`);
    this.scheduler.ended(attempt, {is: 'cancelled'});
  }
}

test('a task that is cancelled while it is taken over from a dead kernel is ended, and its claim given up', async () => {
  using folder = scratch();
  const disk = new FakeDisk();
  const task = fakeTask(disk, folder.at('attempts'), 'slow');
  const other = new FakeKernel(disk, 1, () => Promise.resolve());
  other.dead = true;
  const claim = {attempt: 'left' as AttemptId, directory: folder.at('left'), number: 1, at: ++disk.clock};
  disk.claims.set(task.fingerprint, {claim, owner: other});
  const kernel = new AdoptingKernel(disk, 1, () => Promise.resolve());
  const entry = kernel.scheduler.submit(task);
  await kernel.scheduler.idle();
  await vi.waitUntil(() => disk.claims.size === 0);
  expect([entry.state.is, kernel.heard]).toEqual(['cancelled', ['adopt left', 'cancel left']]);
});

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
