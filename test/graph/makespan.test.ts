import fc from 'fast-check';
import {expect, test} from 'vitest';
import {makespan, type Outstanding} from '../../kernel/graph/makespan.js';

const task = (duration: number, more: Partial<Outstanding> = {}): Outstanding => ({
  duration,
  slots: 1,
  after: [],
  ...more,
});

test('tasks go through the slots that there are', () => {
  const three = [task(10), task(10), task(10)];
  expect(makespan(three, 1)).toBe(30);
  expect(makespan(three, 2)).toBe(20);
  expect(makespan(three, 8)).toBe(10);
  expect(makespan([], 2)).toBe(0);
});

test('a task waits for what it needs', () => {
  expect(makespan([task(5), task(7, {after: [0]}), task(1, {after: [0, 1]})], 4)).toBe(13);
});

test('a task takes as many slots as it asks for, and never more than there are', () => {
  expect(makespan([task(10, {slots: 2}), task(10, {slots: 2})], 3)).toBe(20);
  expect(makespan([task(10, {slots: 64}), task(10)], 4)).toBe(20);
});

test('what takes no slot goes beside all others, and tasks of a lane after each other', () => {
  expect(makespan([task(30, {slots: 0}), task(10), task(10)], 1)).toBe(30);
  expect(makespan([task(10, {lane: 'root'}), task(10, {lane: 'root'}), task(10)], 8)).toBe(20);
});

test('it lies between the bounds of any schedule, and what is deep does not hold up what is not', () => {
  const graphs = fc.array(
    fc.record({duration: fc.integer({min: 1, max: 100}), after: fc.array(fc.nat(60), {maxLength: 3})}),
    {maxLength: 60},
  );
  fc.assert(
    fc.property(graphs, fc.integer({min: 1, max: 5}), (given, slots) => {
      const tasks = given.map(({duration, after}, at) => task(duration, {after: after.filter(need => need < at)}));
      const work = tasks.reduce((sum, {duration}) => sum + duration, 0);
      const path: number[] = [];
      for (const {duration, after} of tasks) path.push(duration + Math.max(0, ...after.map(need => path[need] ?? 0)));
      const longest = Math.max(0, ...path);
      const span = makespan(tasks, slots);
      expect(span).toBeGreaterThanOrEqual(Math.max(work / slots, longest));
      expect(span).toBeLessThanOrEqual(work);
    }),
    {seed: 7, numRuns: process.env['WEFT_SOAK'] === undefined ? 100 : 5000},
  );
});
