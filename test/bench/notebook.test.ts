import {expect, test} from 'vitest';
import {endsIn, steps} from '../../bench/notebook.js';

test('a journal says when each task ended, and nothing of what failed', () => {
  const result = (endedAt: string): string => `{"is":"result","manifest":{"endedAt":"${endedAt}"}}`;
  const journal = [
    '{"is":"run","version":1}',
    result('1970-01-01T00:00:01.500Z'),
    '{"is":"failed","endedAt":7}',
    result('1970-01-01T00:00:02.000Z'),
    '',
  ].join('\n');
  expect(endsIn(journal)).toEqual([1.5, 2]);
});

test('the time of a task is from the end of the one before to its own', () => {
  expect(steps([1, 1.5, 3])).toEqual([0.5, 1.5]);
  expect([steps([1]), steps([])]).toEqual([[], []]);
});
