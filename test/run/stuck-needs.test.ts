import {expect, test} from 'vitest';
import type {Scheduler} from '../../kernel/run/scheduler.js';
import {scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask} from './fake-world.js';

test('what reads a result that had to give way and could not be made again is no hit, however often it is asked for', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const source = fakeTask(disk, place.path, 'source');
  const middle = fakeTask(disk, place.path, 'middle', [source]);
  const reader = fakeTask(disk, place.path, 'reader', [middle]);
  const all = [source, middle, reader];
  const kernel = new FakeKernel(disk, 2, () => Promise.resolve());
  const states = async (scheduler: Scheduler): Promise<readonly string[]> => {
    const entries = all.map(task => scheduler.submit(task));
    await scheduler.idle();
    return entries.map(({state}) => state.is);
  };
  expect(await states(kernel.scheduler)).toEqual(['done', 'done', 'done']);
  disk.bytes.set(source.fingerprint, 'other');
  disk.failing.add(middle.fingerprint);
  kernel.scheduler.force(kernel.scheduler.entry(source.fingerprint)!);
  for (const {fingerprint} of [middle, reader]) kernel.scheduler.restart(kernel.scheduler.entry(fingerprint)!);
  await kernel.scheduler.idle();
  const stuck = ['done', 'failed', 'blocked'];
  expect(all.map(({fingerprint}) => kernel.scheduler.entry(fingerprint)?.state.is)).toEqual(stuck);
  expect(kernel.scheduler.submit(reader).state.is).toBe('waiting');
  await kernel.scheduler.idle();
  expect(kernel.scheduler.entry(reader.fingerprint)?.state.is).toBe('blocked');
  expect(await states(kernel.scheduler)).toEqual(stuck);
  expect(await states(new FakeKernel(disk, 2, () => Promise.resolve()).scheduler)).toEqual(stuck);
  disk.failing.clear();
  expect(await states(kernel.scheduler)).toEqual(['done', 'done', 'done']);
  expect(disk.runs.get(reader.fingerprint)).toBe(1);
});

test('what reads a result that somebody forced in vain is a hit, as that is still there, at once and when it is asked for again', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const source = fakeTask(disk, place.path, 'source');
  const reader = fakeTask(disk, place.path, 'reader', [source]);
  const {scheduler} = new FakeKernel(disk, 2, () => Promise.resolve());
  const [forced, hit] = [source, reader].map(task => scheduler.submit(task));
  await scheduler.idle();
  disk.failing.add(source.fingerprint);
  scheduler.force(forced!);
  scheduler.restart(hit!);
  await scheduler.idle();
  expect([forced!.state.is, hit!.state]).toMatchObject(['failed', {is: 'done', how: 'cached'}]);
  scheduler.submit(reader);
  await scheduler.idle();
  expect([forced!.state.is, hit!.state]).toMatchObject(['failed', {is: 'done', how: 'cached'}]);
  expect(disk.runs.get(reader.fingerprint)).toBe(1);
});
