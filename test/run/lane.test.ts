import {expect, test} from 'vitest';
import type {Task} from '../../kernel/graph/work.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask, manifestOf} from './fake-world.js';

/** Two tasks of one lane, the second of which has a result; `does` is done as the first ends. */
function inOneLane(folder: Scratch, does: (disk: FakeDisk, second: Task) => void, recheck?: () => string | undefined) {
  const disk = new FakeDisk();
  const first = fakeTask(disk, folder.at('attempts'), 'first', [], {lane: 'root'});
  const plain = fakeTask(disk, folder.at('attempts'), 'second', [], {lane: 'root'});
  const second: Task =
    recheck === undefined ? plain : {...plain, work: {...plain.work, recheck: () => Promise.resolve(recheck())}};
  disk.results.set(second.fingerprint, manifestOf(second, {value: 'second', directory: '/result/second'}));
  const kernel = new FakeKernel(disk, 2, what => {
    if (what === 'end first') does(disk, second);
    return Promise.resolve();
  });
  return {disk, kernel, first, second};
}

test('what a task of a lane undoes as it runs is made again by those behind it, though it was there when they were asked for', async () => {
  using folder = scratch();
  const {disk, kernel, first, second} = inOneLane(folder, (there, {fingerprint}) => there.damage(fingerprint));
  kernel.scheduler.submit(first);
  const entry = kernel.scheduler.submit(second);
  await kernel.scheduler.idle();
  expect(entry.state).toMatchObject({is: 'done', how: 'ran'});
  expect(kernel.submitted).toEqual([first.fingerprint, second.fingerprint]);
  expect(disk.wrong).toEqual([]);
});

test('what a task of a lane brings back as it runs is not made again by those behind it', async () => {
  using folder = scratch();
  let lost: string | undefined = 'a row is not there';
  const {disk, kernel, first, second} = inOneLane(
    folder,
    () => (lost = undefined),
    () => lost,
  );
  kernel.scheduler.submit(first);
  const entry = kernel.scheduler.submit(second);
  await kernel.scheduler.idle();
  expect(entry.state).toMatchObject({is: 'done', how: 'cached'});
  expect(kernel.submitted).toEqual([first.fingerprint]);
  expect(disk.wrong).toEqual([]);
});

test('a hit that waits to be decided needs nothing of what fails meanwhile', async () => {
  using folder = scratch();
  const {disk, kernel, first, second} = inOneLane(folder, () => undefined);
  const failing = fakeTask(disk, folder.at('attempts'), 'failing');
  disk.failing.add(failing.fingerprint);
  const reader = fakeTask(disk, folder.at('attempts'), 'reader', [second, failing]);
  const lost = fakeTask(disk, folder.at('attempts'), 'lost', [second, failing]);
  disk.results.set(reader.fingerprint, manifestOf(reader, {directory: '/result/reader'}));
  const entries = [first, second, failing, reader, lost].map(task => kernel.scheduler.submit(task));
  await kernel.scheduler.idle();
  expect(entries.map(({state}) => state.is)).toEqual(['done', 'done', 'failed', 'done', 'blocked']);
  expect(entries[3]?.state).toMatchObject({how: 'cached'});
  expect(disk.wrong).toEqual([]);
});

test('what is cached is so at once where nothing before it in its lane is to run, and one behind the other is the order of asking', async () => {
  using folder = scratch();
  const {kernel, first, second} = inOneLane(folder, () => undefined);
  const entry = kernel.scheduler.submit(second);
  kernel.scheduler.submit(first);
  await kernel.scheduler.looked();
  expect(entry.state).toMatchObject({is: 'done', how: 'cached'});
  await kernel.scheduler.idle();
  expect(kernel.submitted).toEqual([first.fingerprint]);
});

test('of many that wait in a lane each names the one before it, and no more', async () => {
  using folder = scratch();
  const disk = new FakeDisk();
  const kernel = new FakeKernel(disk, 2, what =>
    what.startsWith('run') ? new Promise(() => undefined) : Promise.resolve(),
  );
  const tasks = Array.from({length: 200}, (_, at) =>
    fakeTask(disk, folder.at('attempts'), `task${at}`, [], {lane: 'root'}),
  );
  for (const task of tasks.slice(1))
    disk.results.set(task.fingerprint, manifestOf(task, {value: task.key, directory: `/result/${task.key}`}));
  const entries = tasks.map(task => kernel.scheduler.submit(task));
  await kernel.scheduler.looked();
  expect(entries.slice(1).map(({state}) => (state.is === 'waiting' ? state.on : []))).toEqual(
    tasks.slice(0, -1).map(({key}) => [`bash ${key}`]),
  );
  // It is the last one of all by now.
  const [first, second] = entries;
  kernel.scheduler.cancel(second!);
  kernel.scheduler.restart(second!);
  await kernel.scheduler.looked();
  expect(second!.state).toMatchObject({is: 'waiting', on: ['bash task199']});
  kernel.scheduler.cancel(first!);
  await kernel.scheduler.close();
});
