import type {Bundle} from '../wire/notebook.js';
import {barHtml, barText} from './bar.js';
import {cellBundle, type DisplayOptions} from './cell-html.js';
import {summaryOf, type CellSummary} from './cell-summary.js';
import {countWords, doneOf, restingWords, some} from './cell-words.js';
import {oneLine, shorten} from './clean-text.js';
import {roughDurationText} from './duration-text.js';
import {failureText} from './failure-text.js';
import {markup, withCode, type Html} from './html.js';
import {fitHtml, Room} from './room.js';
import {tableText} from './table.js';
import type {CellView} from './view.js';

const HTML_LIMIT = 7400;
const ROWS_OF_TEXT = 25;

/** How many lines stand below the table. */
const REMARKS = 12;

/** One word for a name: what a person asks first. */
function wordOf(view: CellView, summary: CellSummary): string {
  const {counts} = summary;
  if (counts.running + counts.elsewhere > 0) return 'running';
  if (counts.waiting > 0) return counts.queued > 0 ? 'queued' : 'waiting';
  if (view.pending !== undefined) return 'waiting';
  if (counts.failed > 0) return 'failed';
  if (counts.blocked > 0) return 'blocked';
  if (counts.cancelled > 0) return 'cancelled';
  return 'done';
}

/** What else is worth a word: the time left, the first failure, what has gone stale. */
function remarkOf(view: CellView, summary: CellSummary): string {
  const [failed] = summary.failed;
  const rests = restingWords(summary, view.now);
  const [blocked] = summary.blocked;
  return [
    ...(view.pending === undefined ? [] : [view.pending]),
    ...(summary.left === undefined ? [] : [`about ${roughDurationText(summary.left)} left`]),
    ...(rests === undefined ? [] : [rests]),
    ...(failed === undefined ? [] : [failureText(failed.failure).title]),
    ...(failed === undefined && blocked !== undefined ? [blocked.text] : []),
    ...(view.stale === undefined ? [] : [`stale: ${view.stale}`]),
    ...(view.note === undefined ? [] : [view.note]),
  ]
    .map(oneLine)
    .join(' · ');
}

function rowHtml(view: CellView, summary: CellSummary): Html {
  const {counts} = summary;
  const done = `${doneOf(counts)} of ${counts.total}`;
  const left = 'text-align:left';
  return markup`<tr><td style="${left}"><b>${fitHtml(oneLine(view.title), 120)}</b></td><td style="${left}">${withCode(fitHtml(wordOf(view, summary), 150))}</td><td style="${left}">${done}</td><td style="${left};width:50%">${barHtml(counts)}${countWords(counts, true).join(' · ')}</td><td style="${left}">${withCode(fitHtml(remarkOf(view, summary), 250))}</td></tr>`;
}

/**
 * `%status`: a row for each name, at most 10 kB. Of a single name it is that cell's display.
 * @param views one for each name, in the order of the notebook
 * @param remarks lines below the table: cells that are stale, what tasks wait for
 */
export function statusBundle(
  views: readonly CellView[],
  options: DisplayOptions = {},
  remarks: readonly string[] = [],
): Bundle {
  const [only] = views;
  if (only === undefined) return {'text/plain': 'no tasks yet: no cell of this notebook has made any'};
  if (views.length === 1 && remarks.length === 0) return cellBundle(only, options);
  const rows = views.map(view => ({view, summary: summaryOf(view)}));
  const room = new Room(HTML_LIMIT);
  room.take(' '.repeat(500));
  const lines = remarks.slice(0, REMARKS).map(remark => shorten(oneLine(remark), 300));
  const below = room.fill(2000, lines, line => markup`<div>${withCode(line)}</div>`);
  const made = room.fill(HTML_LIMIT, rows, row => rowHtml(row.view, row.summary));
  const hidden = rows.length - made.length;
  const more = hidden > 0 ? markup`<tr><td colspan="5">and ${some(hidden, 'more name')}</td></tr>` : undefined;
  const heads = ['name', 'state', 'done', 'tasks', 'remark'].map(
    title => markup`<th scope="col" style="text-align:left">${title}</th>`,
  );
  const html = markup`<table style="width:100%;border-collapse:collapse"><caption style="text-align:left"><b>status</b> — ${some(rows.length, 'name')}</caption><thead><tr>${heads}</tr></thead><tbody>${made}${more}</tbody></table>${below}`;
  const text = tableText({
    columns: ['name', 'state', 'done', 'tasks', 'remark'].map(title => ({title})),
    rows: rows
      .slice(0, ROWS_OF_TEXT)
      .map(({view, summary}) => [
        shorten(oneLine(view.title), 24),
        wordOf(view, summary),
        `${doneOf(summary.counts)} of ${summary.counts.total}`,
        barText(summary.counts, 8),
        shorten(remarkOf(view, summary), 72),
      ]),
    total: rows.length,
  });
  return {'text/html': html.toString(), 'text/plain': [text, ...lines].join('\n')};
}
