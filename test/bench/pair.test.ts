import {expect, test} from 'vitest';
import {line, median, ratio, type Pair} from '../../bench/pair.js';

const start: Pair = {name: 'start', unit: 'ms', ours: 100, theirs: 300, against: 'ipykernel', smallerIsBetter: true};

test('a ratio above one says that ours is better, whichever way the unit points', () => {
  expect(ratio(start)).toBe(3);
  expect(ratio({...start, ours: 800, theirs: 1000, smallerIsBetter: false})).toBe(0.8);
});

test('the median of an even count is the mean of the middle two', () => {
  expect([median([3, 1, 2]), median([4, 1, 3, 2]), median([])]).toEqual([2, 2.5, NaN]);
});

test('a line names both numbers, the ratio and what it is against', () => {
  expect(line(start)).toMatch(/^start +100 +300 ms +3\.00× {2}ipykernel$/);
});
