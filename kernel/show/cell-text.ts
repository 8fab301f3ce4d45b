import {barText} from './bar.js';
import {summaryOf, type CellSummary, type Reason} from './cell-summary.js';
import {
  captionWords,
  countWords,
  keyOf,
  labelOf,
  outputOf,
  restingWords,
  runningWords,
  singleWords,
  some,
  waitWords,
} from './cell-words.js';
import {bytesOf, lastLines, oneLine, shorten} from './clean-text.js';
import {durationText} from './duration-text.js';
import {failureText} from './failure-text.js';
import type {CellView} from './view.js';

/** Bytes of the text. */
const TEXT_LIMIT = 2500;

const BAR = 24;

/** Lines of bounded size altogether; a line that does not fit any more is left out. */
class Lines {
  readonly #lines: string[] = [];
  #left = TEXT_LIMIT;

  add(line: string): boolean {
    const bytes = bytesOf(line) + 1;
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    this.#lines.push(line);
    return true;
  }

  /** Adds the last lines of a log that fit into the room left, behind a rule, but leaves `spare` bytes. */
  tail(text: string, most: number, spare: number): void {
    const kept: string[] = [];
    let left = this.#left - spare;
    for (const line of lastLines(text, most, 160).toReversed()) {
      left -= bytesOf(line) + 7;
      if (left < 0) break;
      kept.unshift(line);
    }
    for (const line of kept) this.add(`  │ ${line}`);
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

const short = (text: string, limit: number): string => shorten(oneLine(text), limit);

function caption(view: CellView, words: string): string {
  const stale = view.stale === undefined ? '' : ` · stale: ${short(view.stale, 120)}`;
  return `${short(view.title, 60)} — ${shorten(words, 360)}${stale}`;
}

function addRows(lines: Lines, summary: CellSummary): void {
  const rows = summary.names.slice(0, 6);
  const width = Math.max(0, ...rows.map(row => Array.from(short(row.name, 32)).length));
  for (const row of rows) {
    const name = short(row.name, 32);
    const pad = ' '.repeat(width - Array.from(name).length);
    const median = row.median === undefined ? '' : ` · median ${durationText(row.median)}`;
    lines.add(`  ${name}${pad}  ${barText(row.counts, BAR)}  ${countWords(row.counts, true).join(' · ')}${median}`);
  }
  const hidden = summary.names.length - rows.length;
  if (hidden > 0) lines.add(`  and ${some(hidden, 'more task name')}`);
}

function addReasons(lines: Lines, word: string, reasons: readonly Reason[]): void {
  for (const reason of reasons.slice(0, 3)) {
    lines.add(`${word}: ${short(reason.text, 120)} (${some(reason.tasks, 'task')})`);
  }
}

function addFailed(lines: Lines, summary: CellSummary): void {
  const total = summary.counts.failed;
  if (total === 0) return;
  lines.add(`✗ ${total} failed`);
  const few = total <= 3;
  let shown = 0;
  for (const {task, failure} of summary.failed.slice(0, few ? 3 : 8)) {
    const text = failureText(failure);
    if (
      !lines.add(
        `  ${short(labelOf(task, summary.names.length), 80)}: ${shorten([text.title, ...text.details].join('; '), few ? 360 : 120)}`,
      )
    )
      break;
    shown++;
    if (!few) continue;
    if (text.log !== undefined) lines.add(`    log ${short(text.log, 120)}`);
    if (text.tail.length > 1) lines.tail(text.tail.join('\n'), 5, 700);
  }
  if (total > shown) lines.add(`  and ${total - shown} more`);
}

function addRunning(lines: Lines, summary: CellSummary): void {
  const total = summary.counts.running + summary.counts.elsewhere;
  if (total === 0) return;
  lines.add(`▶ ${total} running, slowest first`);
  const shown = summary.running.slice(0, 5);
  for (const {task, elapsed} of shown)
    lines.add(`  ${short(labelOf(task, summary.names.length), 60)} · ${durationText(elapsed)}${runningWords(task)}`);
  if (total > shown.length) lines.add(`  and ${total - shown.length} more`);
  const slowest = summary.running.find(({task}) => task.tail !== undefined && task.tail.trim() !== '');
  if (slowest === undefined) return;
  lines.add(`  log of ${short(keyOf(slowest.task), 60)}:`);
  lines.tail(slowest.task.tail ?? '', 5, 200);
}

function addSingle(lines: Lines, view: CellView, summary: CellSummary, zone: string | undefined): boolean {
  const [task] = view.tasks;
  if (task === undefined || view.tasks.length !== 1 || view.alike !== undefined || view.pending !== undefined)
    return false;
  const clock = {now: view.now, ...(zone === undefined ? {} : {zone})};
  const key = task.key === '' ? '' : `${keyOf(task)} — `;
  const title = view.title === '_' ? task.name : view.title;
  lines.add(caption({...view, title}, `${key}${singleWords(task, clock, summary.left)}`));
  if (task.missed !== undefined) lines.add(`miss: ${short(task.missed, 160)}`);
  for (const words of view.again ?? []) lines.add(short(words, 200));
  const {state} = task;
  const failed = state.is === 'failed' ? failureText(state.failure) : undefined;
  lines.tail(failed === undefined ? outputOf(task) : failed.tail.join('\n'), 20, 500);
  if (failed?.log !== undefined) lines.add(`log ${short(failed.log, 160)}`);
  return true;
}

/**
 * A cell's display as text, at most 2.5 kB: for terminals, for notebooks made into scripts, and for diffs.
 * @param options `zone`: the time zone, for tests; absent: the local one
 */
export function cellText(view: CellView, options: {readonly zone?: string} = {}, summary = summaryOf(view)): string {
  const lines = new Lines();
  if (!addSingle(lines, view, summary, options.zone)) {
    lines.add(caption(view, captionWords(view, summary)));
    if (summary.counts.total > 0) addRows(lines, summary);
    if (summary.waitsFor.length > 0) lines.add(`… ${waitWords(summary.waitsFor)}`);
    const rests = restingWords(summary, view.now);
    if (rests !== undefined) lines.add(short(rests, 500));
    addFailed(lines, summary);
    addReasons(lines, '– blocked', summary.blocked);
    addReasons(lines, 'miss', summary.missed);
    for (const words of view.again ?? []) lines.add(short(words, 200));
    addRunning(lines, summary);
  }
  if (view.note !== undefined) lines.add(short(view.note, 160));
  return lines.toString();
}
