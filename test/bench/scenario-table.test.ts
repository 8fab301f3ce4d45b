import {expect, test} from 'vitest';
import {readPlayed, scenarioTable} from '../../bench/scenario-table.js';

test('a table shows a tick for what came as wanted, what came else, and counts the ticks', () => {
  const {played, version} = readPlayed(
    'noise\n{"number": 1, "wanted": ["a", "b"], "got": ["a", "b"]}\n{"number": 2, "wanted": 1, "got": "4 | more"}\n{"version": "1.2"}\n',
  );
  const scenarios = [
    {number: 1, title: 'one', wanted: ['a', 'b']},
    {number: 2, title: 'two', wanted: 1},
    {number: 3, title: 'three', wanted: ''},
  ];
  expect(version).toBe('1.2');
  expect(scenarioTable(scenarios, [{name: 'Peer', played}]).split('\n')).toEqual([
    '|  | what happens | wanted | Peer |',
    '| --: | --- | --- | --- |',
    '| 1 | one | a, b | ✓ |',
    '| 2 | two | 1 | 4 \\| more |',
    '| 3 | three | nothing | not played |',
    '|  |  |  | **1 of 3** |',
  ]);
});
