import {assertNever} from '../graph/result.js';
import type {TaskView} from '../graph/task.js';
import type {CellSummary} from './cell-summary.js';
import {lookOf, type Counts} from './tally.js';
import {oneLine, shorten} from './clean-text.js';
import {durationText, roughDurationText} from './duration-text.js';
import {failureText} from './failure-text.js';
import {LOOKS, LOOK_NAMES, type Look} from './state-look.js';
import {durationOf} from './time-left.js';
import {timeText, type Clock} from './time-text.js';
import type {CellView} from './view.js';

/** A number with its word: `3 tasks`. */
export const some = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** `visit=903334 ccd=16`, or the name where the task is the only one of it. */
export const keyOf = (task: TaskView): string => shorten(oneLine(task.key === '' ? task.name : task.key), 120);

/** `processCcd visit=903334 ccd=16`; only the key in a cell of one task name. */
export const labelOf = (task: TaskView, names: number): string =>
  task.key === '' || names === 1 ? keyOf(task) : shorten(oneLine(`${task.name} ${task.key}`), 160);

/** Milliseconds from which it is worth a word that the cache has saved them. */
const LEAST_SAVED = 1000;

/** The names of the counts that are not nothing, each with its number: `60 ran`. */
export function countWords(counts: Counts, glyphs: boolean, looks: readonly Look[] = LOOK_NAMES): readonly string[] {
  return looks
    .filter(look => counts[look] > 0)
    .map(look => {
      const {glyph, word} = LOOKS[look];
      const queued = glyphs && look === 'waiting' && counts.queued > 0 ? ` (${counts.queued} queued)` : '';
      return `${glyphs ? `${glyph} ` : ''}${counts[look]} ${word}${queued}`;
    });
}

const DONE: readonly Look[] = ['ran', 'attached', 'cached'];
const OPEN: readonly Look[] = ['running', 'elsewhere', 'failed', 'waiting', 'blocked', 'cancelled'];

/** How many tasks are done, however they came to be. */
export const doneOf = (counts: Counts): number => DONE.reduce((sum, look) => sum + counts[look], 0);

/**
 * `112 tasks: 24 cached, 3 running elsewhere, 85 to run, about 41 min`: what is known before anything ran.
 * @param left milliseconds, if that is known
 */
export function planWords(counts: Counts, left?: number): string {
  const parts = [
    ...countWords(counts, false, ['cached', 'elsewhere']),
    ...(counts.waiting > 0 ? [`${counts.waiting} to run`] : []),
    ...countWords(counts, false, ['blocked']),
    ...(left === undefined ? [] : [`about ${roughDurationText(left)}`]),
  ];
  return `${some(counts.total, 'task')}: ${parts.join(', ')}`;
}

const nothingRan = (counts: Counts): boolean =>
  counts.waiting > 0 && counts.ran + counts.attached + counts.running + counts.failed + counts.cancelled === 0;

/** The caption of a cell's display, without its title. */
export function captionWords(view: CellView, summary: CellSummary): string {
  const {counts} = summary;
  if (counts.total === 0) return view.pending ?? 'no tasks: the list is empty';
  if (summary.looking > 0 && nothingRan(counts)) return `${some(counts.total, 'task')}: looking for their results`;
  const saved = summary.saved < LEAST_SAVED ? [] : [`saved ${durationText(summary.saved)}`];
  if (nothingRan(counts))
    return [planWords(counts, summary.left), ...(view.pending === undefined ? [] : [view.pending]), ...saved].join(
      ' · ',
    );
  const done = countWords(counts, false, DONE);
  const open = countWords(counts, false, OPEN);
  const ended = summary.endedAt;
  return [
    `${doneOf(counts)} of ${counts.total} done${done.length === 0 ? '' : `: ${done.join(', ')}`}`,
    ...(open.length === 0 ? [] : [open.join(', ')]),
    ...(view.pending === undefined ? [] : [view.pending]),
    ...(summary.left === undefined ? [] : [`about ${roughDurationText(summary.left)} left`]),
    ...saved,
    ...(ended === undefined || ended <= view.startedAt ? [] : [`took ${durationText(ended - view.startedAt)}`]),
  ].join(' · ');
}

/**
 * What is said of the only task of a cell: `cached · ran 12 Oct 14:03 on nid00123 · 3.1 s`.
 * @param left milliseconds until it is done, if that is known
 */
export function singleWords(task: TaskView, clock: Clock, left?: number): string {
  const {state} = task;
  const {glyph} = LOOKS[lookOf(task)];
  const since = (at: number): string => durationText(clock.now - at);
  const about = (word: string): string => (left === undefined ? '' : `, about ${roughDurationText(left)}${word}`);
  switch (state.is) {
    case 'waiting': {
      if (task.looking === true) return `${glyph} looking for its result`;
      if (task.elsewhere === true) return `${glyph} running elsewhere`;
      return [`${glyph} to run${about('')}`, ...(state.on.length === 0 ? [] : [waitWords(state.on)])].join(' · ');
    }
    case 'queued':
      if (task.elsewhere === true) return `${glyph} running elsewhere`;
      if (state.until !== undefined) return `${glyph} ${againWords(state, clock.now)}`;
      return `${glyph} to run${about('')} · queued · ${since(state.at)}`;
    case 'running':
      return `${glyph} running${state.attached ? ' elsewhere' : ''} · ${since(state.at)}${tryWords(state)}${about(' left').replace(/^,/, ' ·')}`;
    case 'done': {
      const {manifest} = state;
      const host = shorten(oneLine(manifest.host), 60);
      const took = durationText(durationOf(manifest));
      if (state.how === 'ran') return `${glyph} done · ran on ${host} · ${took}`;
      if (state.how === 'attached') return `${glyph} done · ran elsewhere, on ${host} · ${took}`;
      const adopted = manifest.adopted === undefined ? '' : `adopted by ${shorten(oneLine(manifest.adopted), 60)} · `;
      return `${glyph} cached · ${adopted}ran ${timeText(manifest.startedAt, clock)} on ${host} · ${took}`;
    }
    case 'failed': {
      const {title, details} = failureText(state.failure);
      const took = state.startedAt === undefined ? [] : [durationText(state.at - state.startedAt)];
      return `${glyph} ${[`failed: ${[title, ...details].join('; ')}`, ...took].join(' · ')}`;
    }
    case 'blocked':
      return `${glyph} blocked: ${shorten(oneLine(state.blocked.because), 240)}`;
    case 'cancelled':
      return `${glyph} cancelled`;
    default:
      return assertNever(state);
  }
}

/** `try 2 of 3 in 10 s, after exit 1: no network`. */
export function againWords(
  {until = 0, next = 0, tries = 0, failure}: Extract<TaskView['state'], {is: 'queued'}>,
  now: number,
): string {
  const after = failure === undefined ? '' : `, after ${failureText(failure).title}`;
  return `try ${next} of ${tries} in ${durationText(Math.ceil(Math.max(0, until - now) / 1000) * 1000)}${after}`;
}

/** What is said of a running task behind its time: ` · try 2 of 3 · elsewhere`; nothing of most. */
export function runningWords({state}: TaskView): string {
  if (state.is !== 'running') return '';
  return `${tryWords(state)}${state.attached ? ' · elsewhere' : ''}`;
}

const tryWords = ({nth, tries}: Extract<TaskView['state'], {is: 'running'}>): string =>
  nth === undefined || tries === undefined ? '' : ` · try ${nth} of ${tries}`;

/** `3 failed and are tried again: visit=2 try 2 of 3 in 10 s, after exit 1 · …`; undefined where no task rests. */
export function restingWords({resting, restingCount, names}: CellSummary, now: number): string | undefined {
  if (restingCount === 0) return undefined;
  const shown = resting
    .slice(0, 3)
    .map(({task, state}) => `${shorten(labelOf(task, names.length), 80)} ${shorten(againWords(state, now), 160)}`);
  const more = restingCount - shown.length;
  const verb = restingCount === 1 ? 'is' : 'are';
  return `${restingCount} failed and ${verb} tried again: ${[...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(' · ')}`;
}

/** `waiting for warps, calexps and 3 more`. */
export function waitWords(needs: readonly string[]): string {
  const shown = needs.slice(0, 3).map(need => shorten(oneLine(need), 80));
  const more = needs.length - shown.length;
  return `waiting for ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The output of the only task of a cell: what it writes now, or what it wrote when it ran. */
export function outputOf(task: TaskView): string {
  if (task.tail !== undefined) return task.tail;
  return task.state.is === 'done' ? (task.state.manifest.log ?? '') : '';
}
