import {expect, test} from 'vitest';
import {joined, onStore, type Behaviour, type KernelResults, type Speed} from '../../bench/kernel-results.js';
import {behind, percentile} from '../../bench/kernels-behind.js';
import {goalRows, kernelsPage} from '../../bench/kernels-page.js';
import {kernelPairs} from '../../bench/kernels.js';

const speed = (start: number, cell: number, lines: readonly number[], version?: string): Speed => ({
  ...(version === undefined ? {} : {version}),
  startMs: [start + 10, start, start - 10],
  startCpuMs: [start / 2],
  cellMs: [cell, cell, 3 * cell],
  cellCpuMs: [cell / 3],
  linesMs: lines,
  linesWhole: [lines.length > 0, true],
  rssMb: [100.4],
  requests: 1200,
  lost: lines.length > 0 ? 0 : 2,
});

const weft: Behaviour = {
  conformance: {tests: 13, failed: []},
  interrupts: {
    spin: {is: 'interrupted', ms: [300, 95.4, 12], kept: true},
    'spin after await': {is: 'interrupted', ms: [91.6], kept: true},
    await: {is: 'interrupted', ms: [2.6], kept: false},
  },
  lines: {1000: {before: 1000, all: 1000}, 20000: {before: 20_000, all: 20_000}},
  heap: {is: 'lives', error: 'UserProcessDied: its heap was full; names are lost', kept: false},
};

const deno: Behaviour = {
  conformance: {tests: 13, failed: ['test_pager', 'test_history']},
  interrupts: {spin: {is: 'died'}, 'spin after await': {is: 'no reply'}, await: {is: 'died'}},
  lines: {1000: {before: 122, all: 1000}, 20000: {before: 1369, all: 19_000}},
  heap: {is: 'died', error: null},
};

const results: KernelResults = {
  setting: ['a machine, 2 cores', 'Python 3.11.7'],
  lines: 20_000,
  rounds: 3,
  speed: {
    weft: speed(120, 1.25, [300, 200], 'weft 0.1.0'),
    python3: speed(400, 5, [200], 'ipython 9.18.1'),
    deno: speed(100, 1, [900]),
    [onStore(100_000)]: speed(250, 1.5, [], 'weft 0.1.0'),
  },
  behaviour: {weft, deno},
};

const page = kernelsPage(results);
const rowOf = (start: string): string | undefined => page.split('\n').find(line => line.startsWith(`| ${start}`));

test('the page has a column for each kernel, with medians, and what was never there is a dash', () => {
  expect(rowOf(' | Weft | ipykernel')).toBe('|  | Weft | ipykernel | Deno | Weft, 100 000 checkpoints |');
  expect(rowOf('start, ms')).toBe('| start, ms | 120 | 400 | 100 | 250 |');
  expect(rowOf('a cell, p50')).toBe('| a cell, p50 ms | 1.25 | 5.00 | 1.00 | 1.50 |');
  expect(rowOf('… p95')).toBe('| … p95 | 3.75 | 15.00 | 3.00 | 4.50 |');
  expect(rowOf('20 000 lines until idle')).toBe('| 20 000 lines until idle, ms | 250 | 200 | 900 | – |');
  expect(rowOf('starts, cells')).toBe(
    '| starts, cells and prints without an answer | 0 of 1 200 | 0 of 1 200 | 0 of 1 200 | 2 of 1 200 |',
  );
  expect(rowOf('… whole')).toBe('| … whole before idle | 2 of 2 | 2 of 2 | 2 of 2 | 1 of 2 |');
});

test('the page says what each kernel does, in words', () => {
  expect(rowOf("Jupyter's own tests passed")).toBe("| Jupyter's own tests passed | 13 of 13 | 11 of 13 |");
  expect(rowOf('interrupt')).toBe('| interrupt: a loop without end | 95 ms, names kept | the kernel dies |');
  expect(rowOf('… that began')).toContain('| no reply in 6 s |');
  expect(rowOf('… an `await`')).toContain('3 ms, names lost');
  expect(rowOf('of 20 000 lines')).toBe('| of 20 000 lines, before idle; in all | 20 000; 20 000 | 1 369; 19 000 |');
  expect(rowOf('a full heap')).toBe(
    '| a full heap | `UserProcessDied` in the cell, the next one runs, names lost | the kernel dies |',
  );
  expect(page).toContain('- Deno: `test_pager`, `test_history`\n');
  expect(page).toContain('- a machine, 2 cores\n- Python 3.11.7\n- Weft: weft 0.1.0\n- ipykernel: ipython 9.18.1\n');
});

test('a goal is met or missed against each peer that was measured, on a small store and on a big one', () => {
  expect(goalRows(results).map(row => row.join(' '))).toEqual([
    'start Weft ipykernel 0.30 ≤ 0.6 yes',
    'start Weft, 100 000 checkpoints ipykernel 0.63 ≤ 0.6 no',
    'start Weft Deno 1.20 ≤ 1.3 yes',
    'start Weft, 100 000 checkpoints Deno 2.50 ≤ 1.3 no',
    'a cell Weft ipykernel 0.25 ≤ 0.4 yes',
    'a cell Weft, 100 000 checkpoints ipykernel 0.30 ≤ 0.4 yes',
    'a cell Weft Deno 1.25 ≤ 1.2 no',
    'a cell Weft, 100 000 checkpoints Deno 1.50 ≤ 1.2 no',
    'many lines Weft ipykernel 1.25 ≤ 1.5 yes',
    'many lines Weft, 100 000 checkpoints ipykernel NaN ≤ 1.5 no',
  ]);
});

test('the terminal has Weft against each peer, on each store', () => {
  const pairs = kernelPairs(results);
  expect(pairs.filter(({name}) => name.startsWith('start to'))).toEqual([
    {name: 'start to kernel_info_reply', ours: 120, theirs: 400, unit: 'ms', against: 'python3', smallerIsBetter: true},
    {name: 'start to kernel_info_reply', ours: 120, theirs: 100, unit: 'ms', against: 'deno', smallerIsBetter: true},
    {
      name: 'start to kernel_info_reply, big store',
      ours: 250,
      theirs: 400,
      unit: 'ms',
      against: 'python3',
      smallerIsBetter: true,
    },
    {
      name: 'start to kernel_info_reply, big store',
      ours: 250,
      theirs: 100,
      unit: 'ms',
      against: 'deno',
      smallerIsBetter: true,
    },
  ]);
});

test('a percentile is a number that was measured', () => {
  const hundred = Array.from({length: 100}, (_, i) => 100 - i);
  expect([percentile(hundred, 95), percentile([7], 95), percentile([], 95)]).toEqual([96, 7, NaN]);
});

test('a round of a kernel is added to those before it, also one that has only losses', () => {
  const silent: Speed = {...speed(0, 0, []), startMs: [], cellMs: [], linesWhole: [], requests: 3, lost: 3};
  const first = joined(undefined, silent);
  expect(first).toEqual(silent);
  const both = joined(first, speed(100, 1, [900], 'deno 2'));
  expect(both).toMatchObject({startMs: [110, 100, 90], linesMs: [900], version: 'deno 2', requests: 1203, lost: 3});
  expect(joined(both, silent)).toMatchObject({startMs: [110, 100, 90], version: 'deno 2', requests: 1206, lost: 6});
});

test('a row in which another kernel is ahead is told, with the rounds in which it was not', () => {
  expect(behind(results).map(({row, kernel, ratio, ahead, of}) => [row, kernel, ratio.toFixed(2), ahead, of])).toEqual([
    ['start', 'deno', '1.20', 0, 3],
    ['start, CPU', 'deno', '1.20', 0, 1],
    ['a cell, p50', 'deno', '1.25', 0, 3],
    ['a cell, p95', 'deno', '1.25', 0, 3],
    ['a cell, CPU', 'deno', '1.25', 0, 1],
    ['many lines', 'python3', '1.25', 0, 1],
  ]);
  expect(page).toContain('| a cell, p50 | Deno | 1.25 | 0 of 3 |\n');
  const {deno: other = speed(1, 1, []), weft: ours = other} = results.speed;
  const noisy = {...results, speed: {weft: ours, deno: {...other, startMs: [150, 100, 90]}}, behaviour: {}};
  expect(behind(noisy)[0]).toMatchObject({row: 'start', ratio: 1.2, ahead: 1, of: 3});
  const lost = {is: 'interrupted', ms: [40, 100, 300], kept: false} as const;
  const rude = {...deno, interrupts: {...deno.interrupts, spin: lost, await: {...lost, ms: [1, 2, 3], kept: true}}};
  expect(behind({...results, speed: {}, behaviour: {weft, tslab: rude}})).toMatchObject([
    {row: 'interrupt of an `await`', kernel: 'tslab', ahead: 0, of: 1},
  ]);
  expect(kernelsPage({...results, speed: {weft: ours}})).toContain('Weft is first in every row of time.');
});
