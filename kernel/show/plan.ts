import type {Bundle} from '../wire/notebook.js';
import {some, waitWords} from './cell-words.js';
import {oneLine, shorten} from './clean-text.js';
import {durationText, roughDurationText} from './duration-text.js';
import {tableBundle} from './table.js';

/** What would come of some tasks if their cells ran now, or what is coming of them. Durations are milliseconds. */
export interface Plan {
  readonly title: string;
  readonly counts: PlanCounts;
  /** What the unknown ones wait for. */
  readonly until: readonly string[];
  /** Why results that were there are none any more. */
  readonly lost: readonly string[];
  /** How long it will take; undefined where that is not known. */
  readonly left: number | undefined;
  /** How long what is cached took when it ran. */
  readonly saved: number;
}

/** Distinct tasks by what would come of them; `unknown`: that is known only when something else has run. */
export interface PlanCounts {
  total: number;
  cached: number;
  /** Made in this kernel. */
  done: number;
  /** Being made by another kernel. */
  attached: number;
  running: number;
  run: number;
  unknown: number;
  failed: number;
  blocked: number;
  cancelled: number;
}

const WORDS = [
  ['cached', 'cached'],
  ['done', 'done'],
  ['attached', 'running elsewhere'],
  ['running', 'running'],
  ['run', 'to run'],
] as const;

const ENDS = [
  ['failed', 'failed'],
  ['blocked', 'blocked'],
  ['cancelled', 'cancelled'],
] as const;

/** `112 tasks: 110 cached, 2 to run, about 41 min`. */
export function planText({counts, until, left}: Omit<Plan, 'title'>): string {
  const named = (words: readonly (readonly [keyof PlanCounts, string])[]): readonly string[] =>
    words.filter(([key]) => counts[key] > 0).map(([key, word]) => `${counts[key]} ${word}`);
  const parts = [
    ...named(WORDS),
    ...(left === undefined || left === 0 ? [] : [`about ${roughDurationText(left)}`]),
    ...(counts.unknown === 0 ? [] : [`${counts.unknown} unknown${untilWords(until)}`]),
    ...named(ENDS),
  ];
  return `${some(counts.total, 'task')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

const untilWords = (until: readonly string[]): string =>
  until.length === 0
    ? ''
    : ` until ${waitWords(until.map(name => `\`${name}\``)).replace('waiting for ', '')} ${until.length === 1 ? 'has' : 'have'} run`;

const savedWords = (saved: number): string => (saved < 1000 ? '' : ` · saves ${durationText(saved)}`);

/** One line for a name: `warps: 4 tasks: 2 cached, 2 to run, about 3 min`. */
export const planLine = (plan: Plan): string => `${shorten(oneLine(plan.title), 60)}: ${planText(plan)}`;

/** The line for all: `118 tasks: 110 cached, 8 to run, about 41 min · saves 3 h 12 min`. */
export const planSum = (all: Omit<Plan, 'title'>): string => `${planText(all)}${savedWords(all.saved)}`;

/**
 * `%plan`: a row for each name, and what all come to.
 * @param all each task counted once, whatever names lead to it
 */
export function planBundle(rows: readonly Plan[], all: Omit<Plan, 'title'>): Bundle {
  if (rows.length === 0) return {'text/plain': 'no tasks yet: no cell of this notebook has made any'};
  const lost = all.lost.slice(0, 3).map(text => ['', `to run again: ${text}`] as const);
  return tableBundle({
    caption: `plan — ${planSum(all)}`,
    columns: [{title: 'name'}, {title: 'what would run'}],
    rows: [...rows.map(row => [row.title, planText(row)] as const), ...lost],
  });
}
