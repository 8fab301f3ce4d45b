import {some} from './cell-words.js';
import {durationText} from './duration-text.js';
import {sizeText} from './size-text.js';
import type {Table} from './table.js';
import {timeText, type Clock} from './time-text.js';

/** A result, as lists of checkpoints show it. */
export interface CacheRow {
  readonly fingerprint: string;
  readonly label: string;
  /** ISO 8601. */
  readonly endedAt: string;
  /** Milliseconds. */
  readonly took: number;
  readonly files: number;
  readonly bytes: number;
  readonly pinned: boolean;
}

/** Rows of a list that are shown: more than that nobody reads, and a file of them is one command away. */
const ROWS = 200;

/** A list of results. Its fingerprints are cut to the twelve digits that their directories have. */
export function cacheTable(results: readonly CacheRow[], clock: Clock): Table {
  const right = 'right' as const;
  return {
    caption: cacheSummary(results),
    columns: [
      {title: 'fingerprint'},
      {title: 'task'},
      {title: 'ended'},
      {title: 'took', align: right},
      {title: 'files', align: right},
      {title: 'size', align: right},
      {title: ''},
    ],
    rows: results.slice(0, ROWS).map(result => cacheCells(result, clock)),
    total: results.length,
  };
}

/** `24 results, 1.3 GB, 2 pinned`. */
export function cacheSummary(results: readonly CacheRow[]): string {
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const pinned = results.filter(result => result.pinned).length;
  const count = some(results.length, 'result');
  return `${count}, ${sizeText(bytes)}${pinned === 0 ? '' : `, ${pinned} pinned`}`;
}

/** The cells of one row. */
export function cacheCells(result: CacheRow, clock: Clock): readonly string[] {
  return [
    result.fingerprint.slice(0, 12),
    result.label,
    timeText(result.endedAt, clock),
    durationText(result.took),
    result.files === 0 ? 'value' : String(result.files),
    sizeText(result.bytes),
    result.pinned ? 'pinned' : '',
  ];
}

/** What a clean-up takes, or took, in lines. */
export function cleanUpText(
  plan: {
    readonly results: readonly CacheRow[];
    readonly leftovers: readonly string[];
    readonly unasked: number;
    readonly busy?: string;
  },
  clock: Clock,
): string {
  const {results, leftovers, unasked, busy} = plan;
  const lines = [
    `${cacheSummary(results)}; ${some(leftovers.length, 'leftover')} of attempts`,
    ...results.slice(0, ROWS).map(result => `  ${cacheCells(result, clock).filter(Boolean).join('  ')}`),
    ...(results.length > ROWS ? [`  … and ${results.length - ROWS} more`] : []),
    ...leftovers.slice(0, ROWS).map(path => `  ${path}`),
    ...(leftovers.length > ROWS ? [`  … and ${leftovers.length - ROWS} more`] : []),
    ...(busy === undefined ? [] : [`results stay, as others run tasks here: ${busy}`]),
    ...(unasked === 0
      ? []
      : [`${unasked} more of tasks that no cell has asked for since this kernel started: --all takes them too`]),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * What a clean-up has taken: `removed 1 result and 2 leftovers`, and on a line of its own what it has not.
 * @param plan what it was to take
 */
export function removedText(
  plan: {readonly results: readonly unknown[]; readonly leftovers: readonly unknown[]},
  {results, leftovers}: {readonly results: number; readonly leftovers: number},
): string {
  const left = plan.results.length - results + plan.leftovers.length - leftovers;
  const stays = left === 1 ? '1 is still there: it' : `${left} are still there: they`;
  return `removed ${some(results, 'result')} and ${some(leftovers, 'leftover')}\n${left === 0 ? '' : `${stays} came into use meanwhile, or you may not remove what lies there\n`}`;
}
