import type {Bundle} from '../wire/notebook.js';
import {barHtml} from './bar.js';
import {summaryOf, type CellSummary, type NameSummary, type Reason} from './cell-summary.js';
import {cellText} from './cell-text.js';
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
import {oneLine} from './clean-text.js';
import {durationText} from './duration-text.js';
import {failureText} from './failure-text.js';
import {markup, withCode, type Html} from './html.js';
import {fitHtml, fitTail, Room} from './room.js';
import type {FailedTask} from './tally.js';
import type {CellView} from './view.js';

/** Bytes of the HTML; with those of the text a display is at most 10 kB. */
const HTML_LIMIT = 7400;

/** How many failed tasks are shown with the end of their log, and how many of a list make it open. */
const FEW = 3;

/** What a display cannot know by itself. */
export interface DisplayOptions {
  /** The time zone, for tests; absent: the local one. */
  readonly zone?: string;
  /**
   * The path under which the Jupyter server knows a file, for an Open button; undefined for one it cannot open. Absent: a
   * relative path is taken as it is, and an absolute one has no button.
   */
  readonly serverPath?: (path: string) => string | undefined;
}

const PRE = 'max-height:16em;overflow:auto;white-space:pre-wrap;text-align:left';

function logLink(path: string, options: DisplayOptions): Html {
  const shown = oneLine(path);
  const known =
    options.serverPath === undefined ? (shown.startsWith('/') ? undefined : shown) : options.serverPath(path);
  const plain = markup`<code>${fitHtml(shown, 240)}</code>`;
  if (known === undefined || known.length > 240) return plain;
  const args = JSON.stringify({path: known});
  return markup`<button data-commandlinker-command="docmanager:open" data-commandlinker-args="${args}">Open log</button> ${plain}`;
}

function tailHtml(text: string, room: Room, bytes: number): Html | undefined {
  const most = Math.min(bytes, room.left - 140);
  const tail = most < 80 ? '' : fitTail(text, most);
  if (tail === '') return undefined;
  const html = markup`<pre style="${PRE}">${tail}</pre>`;
  return room.take(html) ? html : undefined;
}

function rowHtml(row: NameSummary): Html {
  const time = row.median === undefined ? '' : durationText(row.median);
  return markup`<tr><td style="text-align:left">${fitHtml(oneLine(row.name), 150)}</td><td style="text-align:left;width:70%">${barHtml(row.counts)}${countWords(row.counts, true).join(' · ')}</td><td style="text-align:left">${time}</td></tr>`;
}

function failedHtml(summary: CellSummary, room: Room, options: DisplayOptions): Html | undefined {
  const total = summary.counts.failed;
  if (total === 0 || !room.take(' '.repeat(220))) return undefined;
  const open = total <= FEW ? markup` open` : markup``;
  const head = ({task, failure}: FailedTask, withLog: boolean): Html => {
    const {title, details, log} = failureText(failure);
    const reason = fitHtml([title, ...details].join('; '), withLog ? 400 : 160);
    const link = log === undefined || !withLog ? undefined : markup` · ${logLink(log, options)}`;
    return markup`<div><b>${fitHtml(labelOf(task, summary.names.length), withLog ? 180 : 80)}</b> ${reason}${link}</div>`;
  };
  const first = room.fill(2600, summary.failed.slice(0, FEW), task => head(task, true));
  const rest = room.fill(1800, summary.failed.slice(FEW), task => head(task, false));
  const share = (room.left - 1500) / Math.max(1, first.length);
  const shown = first.map((html, at) => {
    const failure = summary.failed[at]?.failure;
    const tail = failure !== undefined && 'tail' in failure ? failure.tail : '';
    return [html, tailHtml(tail, room, Math.min(1600, share))];
  });
  const more = total - first.length - rest.length;
  const note = more > 0 ? markup`<div>and ${more} more</div>` : undefined;
  return markup`<details${open}><summary>✗ ${total} failed</summary>${shown}${rest}${note}</details>`;
}

function runningHtml(summary: CellSummary, room: Room): Html | undefined {
  const total = summary.counts.running + summary.counts.elsewhere;
  if (total === 0 || !room.take(' '.repeat(180))) return undefined;
  const open = total <= FEW ? markup` open` : markup``;
  const items = room.fill(1500, summary.running, ({task, elapsed}) => {
    const label = fitHtml(labelOf(task, summary.names.length), 120);
    return markup`<li>${label} · ${durationText(elapsed)}${runningWords(task)}</li>`;
  });
  const more = total - items.length;
  const note = more > 0 ? markup`<li>and ${more} more</li>` : undefined;
  return markup`<details${open}><summary>▶ ${total} running, slowest first</summary><ul>${items}${note}</ul></details>`;
}

function slowestHtml(summary: CellSummary, room: Room): Html | undefined {
  const slowest = summary.running.find(({task}) => task.tail !== undefined && task.tail.trim() !== '');
  if (slowest === undefined) return undefined;
  const title = markup`<div>log of ${fitHtml(keyOf(slowest.task), 120)}:</div>`;
  if (!room.take(title)) return undefined;
  return markup`${title}${tailHtml(slowest.task.tail ?? '', room, 1500)}`;
}

function reasonsHtml(word: string, reasons: readonly Reason[], room: Room): readonly Html[] {
  return room.fill(
    700,
    reasons.slice(0, 3),
    reason =>
      markup`<div>${word}: ${withCode(fitHtml(oneLine(reason.text), 240))} (${some(reason.tasks, 'task')})</div>`,
  );
}

const againHtml = (view: CellView, room: Room): readonly Html[] =>
  room.fill(900, view.again ?? [], words => markup`<div>${withCode(fitHtml(oneLine(words), 300))}</div>`);

const remark = (text: string | undefined, bytes: number): string | undefined =>
  text === undefined ? undefined : fitHtml(oneLine(text), bytes);

function lineHtml(room: Room, html: Html): Html | undefined {
  return room.take(html) ? html : undefined;
}

function captionHtml(view: CellView, words: string): Html {
  const stale = remark(view.stale, 300);
  const mark = stale === undefined ? undefined : markup` · <b>stale</b>: ${withCode(stale)}`;
  return markup`<b>${fitHtml(oneLine(view.title), 200)}</b> — ${withCode(fitHtml(words, 900))}${mark}`;
}

function singleHtml(view: CellView, summary: CellSummary, options: DisplayOptions): Html | undefined {
  const [task] = view.tasks;
  if (task === undefined || view.tasks.length !== 1 || view.alike !== undefined || view.pending !== undefined)
    return undefined;
  const room = new Room(HTML_LIMIT);
  const clock = {now: view.now, ...(options.zone === undefined ? {} : {zone: options.zone})};
  const title = view.title === '_' ? task.name : view.title;
  const key = task.key === '' ? '' : `${keyOf(task)} — `;
  const caption = markup`<div>${captionHtml({...view, title}, `${key}${singleWords(task, clock, summary.left)}`)}</div>`;
  room.take(caption);
  const {state} = task;
  const log = state.is === 'failed' && 'log' in state.failure ? state.failure.log : undefined;
  const link =
    log === undefined || log === '' ? undefined : lineHtml(room, markup`<div>${logLink(log, options)}</div>`);
  const missed = task.missed === undefined ? [] : reasonsHtml('miss', [{text: task.missed, tasks: 1}], room);
  const again = againHtml(view, room);
  const note = remark(view.note, 400);
  const last = note === undefined ? undefined : lineHtml(room, markup`<div>${withCode(note)}</div>`);
  const text = state.is === 'failed' && 'tail' in state.failure ? state.failure.tail : outputOf(task);
  return markup`${caption}${missed}${again}${tailHtml(text, room, 4500)}${link}${last}`;
}

/** The HTML of a cell's display: of bounded size, and readable with every style taken away. */
export function cellHtml(view: CellView, options: DisplayOptions = {}, summary = summaryOf(view)): Html {
  const single = singleHtml(view, summary, options);
  if (single !== undefined) return single;
  const room = new Room(HTML_LIMIT);
  const caption = captionHtml(view, captionWords(view, summary));
  room.take(caption);
  if (summary.counts.total === 0) return markup`<div>${caption}</div>`;
  room.take(' '.repeat(400));
  const note = remark(view.note, 300);
  const last = note === undefined ? undefined : lineHtml(room, markup`<div>${withCode(note)}</div>`);
  const rows = room.fill(2600, summary.names, rowHtml);
  const hidden = summary.names.length - rows.length;
  const moreRows = hidden > 0 ? markup`<tr><td colspan="3">and ${some(hidden, 'more task name')}</td></tr>` : undefined;
  const waits =
    summary.waitsFor.length === 0 ? undefined : markup`<div>… ${fitHtml(waitWords(summary.waitsFor), 400)}</div>`;
  const waiting = waits === undefined ? undefined : lineHtml(room, waits);
  const blocked = reasonsHtml('– blocked', summary.blocked, room);
  const missed = reasonsHtml('miss', summary.missed, room);
  const again = againHtml(view, room);
  const rests = restingWords(summary, view.now);
  const resting = rests === undefined ? undefined : lineHtml(room, markup`<div>${withCode(fitHtml(rests, 700))}</div>`);
  const failed = failedHtml(summary, room, options);
  const running = runningHtml(summary, room);
  const slowest = slowestHtml(summary, room);
  return markup`<table style="width:100%;border-collapse:collapse"><caption style="text-align:left">${caption}</caption><thead><tr><th scope="col" style="text-align:left">task</th><th scope="col" style="text-align:left">progress</th><th scope="col" style="text-align:left">median</th></tr></thead><tbody>${rows}${moreRows}</tbody></table>${waiting}${resting}${failed}${blocked}${missed}${again}${running}${slowest}${last}`;
}

/** The live display of a cell: HTML, and the same as text; both together at most 10 kB, whatever the number of tasks. */
export function cellBundle(view: CellView, options: DisplayOptions = {}): Bundle {
  const summary = summaryOf(view);
  return {'text/html': cellHtml(view, options, summary).toString(), 'text/plain': cellText(view, options, summary)};
}
