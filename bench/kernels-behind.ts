import type {KernelResults, Speed} from './kernel-results.js';
import {median} from './pair.js';

/** A row in which another kernel is ahead of Weft. */
export interface Behind {
  readonly row: string;
  readonly kernel: string;
  /** What Weft takes of what the other takes. */
  readonly ratio: number;
  /** Rounds, or interrupts, in which Weft was ahead of it all the same, and all; each has a turn of both. */
  readonly ahead: number;
  readonly of: number;
}

/** The value below which so many of a hundred lie; NaN of none. */
export function percentile(numbers: readonly number[], percent: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN;
}

/** The cells of each round. Of a kernel that has lost some, a round is about where it was. */
function rounds({cellMs}: Speed, count: number): readonly (readonly number[])[] {
  const size = Math.ceil(cellMs.length / count);
  return Array.from({length: count}, (_, i) => cellMs.slice(i * size, (i + 1) * size)).filter(({length}) => length > 0);
}

type Row = readonly [
  row: string,
  whole: (speed: Speed) => number,
  byRound: (speed: Speed, count: number) => readonly number[],
];

const ROWS: readonly Row[] = [
  ['start', ({startMs}) => median(startMs), ({startMs}) => startMs],
  ['start, CPU', ({startCpuMs}) => median(startCpuMs), ({startCpuMs}) => startCpuMs],
  ['a cell, p50', ({cellMs}) => median(cellMs), (one, count) => rounds(one, count).map(median)],
  [
    'a cell, p95',
    ({cellMs}) => percentile(cellMs, 95),
    (one, count) => rounds(one, count).map(cells => percentile(cells, 95)),
  ],
  ['a cell, CPU', ({cellCpuMs}) => median(cellCpuMs), ({cellCpuMs}) => cellCpuMs],
  ['many lines', ({linesMs}) => median(linesMs), ({linesMs}) => linesMs],
];

const INTERRUPTS = {
  spin: 'interrupt of a loop without end',
  'spin after await': 'interrupt of one after an `await`',
  await: 'interrupt of an `await`',
} as const;

/** All rows of time in which Weft, on a small store, is not first. */
export function behind({speed, behaviour, rounds: count}: KernelResults): readonly Behind[] {
  const found: Behind[] = [];
  const compare = (
    row: string,
    kernel: string,
    [ours, theirs]: readonly [number, number],
    [our, their]: readonly [readonly number[], readonly number[]],
  ): void => {
    if (!(ours > theirs)) return;
    const pairs = our.slice(0, their.length);
    const ahead = pairs.filter((value, i) => value <= (their[i] ?? 0)).length;
    found.push({row, kernel, ratio: ours / theirs, ahead, of: pairs.length});
  };
  const {weft} = speed;
  for (const [row, whole, byRound] of weft === undefined ? [] : ROWS) {
    for (const [name, other] of Object.entries(speed)) {
      if (weft === undefined || name.startsWith('weft')) continue;
      compare(row, name, [whole(weft), whole(other)], [byRound(weft, count), byRound(other, count)]);
    }
  }
  for (const [key, row] of Object.entries(INTERRUPTS)) {
    const own = behaviour['weft']?.interrupts[key as keyof typeof INTERRUPTS];
    for (const [name, {interrupts}] of Object.entries(behaviour)) {
      const other = interrupts[key as keyof typeof INTERRUPTS];
      if (name === 'weft' || own?.is !== 'interrupted' || other.is !== 'interrupted') continue;
      compare(
        other.kept ? row : `${row}, whose names are lost`,
        name,
        [median(own.ms), median(other.ms)],
        [own.ms, other.ms],
      );
    }
  }
  return found;
}
