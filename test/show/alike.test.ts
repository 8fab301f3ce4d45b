import {expect, test} from 'vitest';
import {cellBundle} from '../../kernel/show/cell-html.js';
import {summaryOf} from '../../kernel/show/cell-summary.js';
import {cell, done, running} from './tasks.js';

test('many tasks that are told all in one are counted as if they were told one by one', () => {
  const tasks = Array.from({length: 40}, (_, i) => done('t', `i=${i}`, 'cached', 1000 + i));
  const samples = tasks.map((_, i) => 1000 + i);
  const took = samples.reduce((sum, each) => sum + each, 0);
  const rest = [running('t', 'i=40', 500)];
  const apart = cell('t', [...tasks, ...rest]);
  const alike = cell('t', rest, {alike: [{name: 't', done: 40, looking: 0, took, samples}]});
  expect(summaryOf(alike)).toEqual(summaryOf(apart));
  expect(cellBundle(alike)).toEqual(cellBundle(apart));
  const looking = summaryOf(cell('t', [], {alike: [{name: 't', done: 3, looking: 2, took: 0, samples: []}]}));
  expect(looking).toMatchObject({finished: false, looking: 2, counts: {total: 5, cached: 3, waiting: 2}});
});
