import {expect, test} from 'vitest';
import type {Task} from '../../kernel/graph/work.js';
import {scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask} from './fake-world.js';

const soak = process.env['WEFT_SOAK'] !== undefined;
const depth = 50;
const width = soak ? 500 : 50;

interface Ran {
  readonly disk: FakeDisk;
  readonly kernel: FakeKernel;
  /** Milliseconds of processor time a task. */
  readonly each: number;
  /** The tasks' keys in the order they were started. */
  readonly order: readonly string[];
}

/** Runs layers of tasks with one slot; `needed` gives the columns of the layer before that a task needs. */
async function runLayers(
  {deep, wide}: {readonly deep: number; readonly wide: number},
  needed: (layer: number, column: number) => readonly number[],
): Promise<Ran> {
  using place = scratch();
  const disk = new FakeDisk();
  const kernel = new FakeKernel(disk, 1, () => Promise.resolve());
  const layers: Task[][] = [];
  for (let layer = 0; layer < deep; layer++) {
    const before = layers[layer - 1];
    const tasks = Array.from({length: wide}, (_, column) => {
      const needs = before === undefined ? [] : needed(layer, column).map(at => before[at % wide]!);
      return fakeTask(disk, place.path, `${layer}.${column}`, [...new Set(needs)]);
    });
    layers.push(tasks);
  }
  const tasks = layers.flat();
  const keys = new Map(tasks.map(task => [task.fingerprint, task.key]));
  const before = process.cpuUsage();
  for (const task of tasks) kernel.scheduler.submit(task);
  await kernel.scheduler.idle();
  const {user} = process.cpuUsage(before);
  const order = kernel.submitted.map(fingerprint => keys.get(fingerprint)!);
  return {disk, kernel, each: user / 1000 / tasks.length, order};
}

test(`tasks 50 deep and ${width} wide are done with one slot, each once, and none starves`, async () => {
  // Its own column, and up to two others.
  const {disk, kernel, each, order} = await runLayers({deep: depth, wide: width}, (layer, column) =>
    [column, column * 7 + layer, column * 31 + 5 * layer].slice(0, 1 + ((column + layer) % 3)),
  );
  expect(disk.wrong).toEqual([]);
  expect(disk.results.size).toBe(depth * width);
  expect(order).toHaveLength(depth * width);
  expect([...disk.runs.values()].every(runs => runs === 1)).toBe(true);
  expect(kernel.live).toBe(0);
  expect(disk.claims.size).toBe(0);
  expect(each).toBeLessThan(10);
}, 240_000);

test('of tasks that each need a whole wide layer, not every one is looked at whenever one of that is done', async () => {
  const wide = 200;
  const {kernel, disk} = await runLayers({deep: 2, wide}, () => Array.from({length: wide}, (_, column) => column));
  expect(disk.wrong).toEqual([]);
  expect(disk.results.size).toBe(2 * wide);
  expect(kernel.changes).toBeLessThan(2 * wide * 30);
}, 60_000);
