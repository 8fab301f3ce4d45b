import type {Bundle} from '../wire/notebook.js';
import {bytesOf, oneLine, shorten} from './clean-text.js';
import {markup, withCode, type Html} from './html.js';

/** A column of a table. Numbers stand better on the right. */
export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/** A small table: previews, lists, statuses. */
export interface Table {
  readonly caption?: string;
  readonly columns: readonly Column[];
  /** A cell that is missing is empty. */
  readonly rows: readonly (readonly (string | number)[])[];
  /** How many rows there are, where not all are given. */
  readonly total?: number;
}

/** How wide a cell may be, in characters. */
const WIDTH = 80;

/** How much a table may take, in bytes, for HTML; the text gets the same. */
const LIMIT = 50_000;

function cellText(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return shorten(oneLine(value), WIDTH);
  return Number.isInteger(value) || !Number.isFinite(value) ? String(value) : String(Number(value.toPrecision(7)));
}

const lengthOf = (text: string): number => Array.from(text).length;

/** Rows that fit, and how many are left out. */
function cut<T extends Html | string>(table: Table, make: (row: readonly (string | number)[]) => T): [T[], number] {
  const made: T[] = [];
  let left = LIMIT;
  for (const row of table.rows) {
    const one = make(row);
    left -= bytesOf(String(one)) + 1;
    if (left < 0) break;
    made.push(one);
  }
  return [made, (table.total ?? table.rows.length) - made.length];
}

/** The table as HTML that survives JupyterLab's sanitizer and the loss of all styles. */
export function tableHtml(table: Table): Html {
  const style = (column: Column): string => `text-align:${column.align ?? 'left'};padding:1px 8px`;
  const head = table.columns.map(
    column => markup`<th scope="col" style="${style(column)}">${cellText(column.title)}</th>`,
  );
  const [rows, hidden] = cut(
    table,
    row =>
      markup`<tr>${table.columns.map((column, at) => markup`<td style="${style(column)}">${withCode(cellText(row[at]))}</td>`)}</tr>`,
  );
  const caption =
    table.caption === undefined
      ? undefined
      : markup`<caption style="text-align:left">${withCode(shorten(oneLine(table.caption), 300))}</caption>`;
  const more = hidden > 0 ? markup`<tr><td colspan="${table.columns.length}">and ${hidden} more</td></tr>` : undefined;
  return markup`<table style="border-collapse:collapse">${caption}<thead><tr>${head}</tr></thead><tbody>${rows}${more}</tbody></table>`;
}

/** The same table in characters, columns aligned. */
export function tableText(table: Table): string {
  const shown = table.rows.slice(0, 1000);
  const widths = table.columns.map((column, at) =>
    shown.reduce((width, row) => Math.max(width, lengthOf(cellText(row[at]))), lengthOf(cellText(column.title))),
  );
  const line = (values: readonly (string | number | undefined)[]): string =>
    table.columns
      .map((column, at) => {
        const text = cellText(values[at]);
        const pad = ' '.repeat(Math.max(0, (widths[at] ?? 0) - lengthOf(text)));
        return column.align === 'right' ? pad + text : text + pad;
      })
      .join('  ')
      .trimEnd();
  const [rows, hidden] = cut({...table, rows: shown, total: table.total ?? table.rows.length}, line);
  return [
    ...(table.caption === undefined ? [] : [shorten(oneLine(table.caption), 300)]),
    line(table.columns.map(column => column.title)),
    widths.map(width => '─'.repeat(width)).join('  '),
    ...rows,
    ...(hidden > 0 ? [`and ${hidden} more`] : []),
  ].join('\n');
}

/** A table as HTML and as text. */
export function tableBundle(table: Table): Bundle {
  return {'text/html': tableHtml(table).toString(), 'text/plain': tableText(table)};
}
