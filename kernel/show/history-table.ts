import type {Failure} from '../graph/failure.js';
import {durationText} from './duration-text.js';
import {failureText} from './failure-text.js';
import type {Table} from './table.js';
import {timeText, type Clock} from './time-text.js';

/** What became of a task at some time. */
export interface HistoryRow {
  readonly is: 'ran' | 'adopted' | 'failed' | 'cancelled';
  readonly fingerprint: string;
  readonly label: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds; absent where that was not recorded. */
  readonly took?: number;
  /** Empty where it is not known. */
  readonly host: string;
  readonly failure?: Failure;
  /** Who accepted it, for what is `adopted`. */
  readonly adopted?: string;
}

/** The history as a table, in the order in which it is given. */
export function historyTable(rows: readonly HistoryRow[], search: string | undefined, clock: Clock): Table {
  const found = search === undefined ? '' : ` with ${search}`;
  return {
    caption: rows.length === 0 ? `no task${found} in the history` : `the last ${rows.length} in the history${found}`,
    columns: [
      {title: 'when'},
      {title: 'task'},
      {title: 'outcome'},
      {title: 'took', align: 'right'},
      {title: 'where'},
      {title: 'fingerprint'},
    ],
    rows: rows.map(row => historyCells(row, clock)),
  };
}

/** The cells of one row. */
export function historyCells(row: HistoryRow, clock: Clock): readonly string[] {
  return [
    timeText(row.at, clock),
    row.label,
    outcomeOf(row),
    row.took === undefined ? '' : durationText(row.took),
    row.host,
    row.fingerprint.slice(0, 12),
  ];
}

function outcomeOf({is, failure, adopted}: HistoryRow): string {
  if (is === 'failed' && failure !== undefined) return `failed: ${failureText(failure).title}`;
  return is === 'adopted' && adopted !== undefined ? `adopted by ${adopted}` : is;
}
