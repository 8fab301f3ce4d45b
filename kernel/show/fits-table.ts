import type {Result} from '../graph/result.js';
import {fail, ok} from '../graph/result.js';
import type {FitsHdu} from './fits.js';

/** The values of one row in one column: a cell of several elements is a list. */
export type FitsCell = number | string | boolean | null | readonly (number | boolean | null)[];

/** A column of a binary table. */
export interface FitsColumn {
  readonly name: string;
  /** The letter of TFORM: L X B I J K A E D, or another that this reader does not know. */
  readonly code: string;
  /** Elements a row; for text, its bytes; for X, its bits. */
  readonly repeat: number;
  readonly unit: string;
  /** Bytes from the start of the row. */
  readonly offset: number;
}

/** A binary table whose cells are read on demand. */
export interface FitsTable {
  readonly rows: number;
  readonly columns: readonly FitsColumn[];
  /** All cells of a column, or a phrase that says why not. */
  column(name: string): Result<readonly FitsCell[], string>;
}

const WIDTHS: Readonly<Record<string, number>> = {
  L: 1,
  B: 1,
  I: 2,
  J: 4,
  K: 8,
  A: 1,
  E: 4,
  D: 8,
  C: 8,
  M: 16,
  P: 8,
  Q: 16,
};

/** Bits of an X column: true where set, the most significant first. */
function bits(view: DataView, at: number, count: number): readonly boolean[] {
  return Array.from({length: count}, (_, i) => ((view.getUint8(at + (i >> 3)) >> (7 - (i & 7))) & 1) === 1);
}

/** One element of a column, unscaled; null where the code is not known. */
function element(view: DataView, code: string, at: number): number | boolean | null {
  switch (code) {
    case 'L':
      return view.getUint8(at) === 0x54;
    case 'B':
      return view.getUint8(at);
    case 'I':
      return view.getInt16(at);
    case 'J':
      return view.getInt32(at);
    case 'K':
      return Number(view.getBigInt64(at));
    case 'E':
      return view.getFloat32(at);
    case 'D':
      return view.getFloat64(at);
    default:
      return null;
  }
}

/**
 * Reads the columns of a BINTABLE: L, X, B, I, J, K, A, E and D with TSCAL and TZERO. Variable-length arrays are
 * listed but not read. Source: FITS standard 4.0, section 7.3.
 */
export function readTable(hdu: FitsHdu): Result<FitsTable, string> {
  const {header} = hdu;
  if (hdu.kind !== 'table') return fail('not a table');
  const columns: FitsColumn[] = [];
  let offset = 0;
  for (let n = 1; n <= header.number('TFIELDS', 0); n++) {
    const form = /^\s*(\d*)([A-Z])/.exec(header.text(`TFORM${n}`, ''));
    if (form === null) return fail(`column ${n} has no form`);
    const code = form[2] ?? '';
    const repeat = form[1] === '' ? 1 : Number(form[1]);
    columns.push({name: header.text(`TTYPE${n}`, `col${n}`), code, repeat, unit: header.text(`TUNIT${n}`, ''), offset});
    offset += code === 'X' ? Math.ceil(repeat / 8) : repeat * (WIDTHS[code] ?? 0);
  }
  const [stride, rows] = [header.number('NAXIS1', offset), header.number('NAXIS2', 0)];
  const view = new DataView(hdu.data.buffer, hdu.data.byteOffset, hdu.data.byteLength);
  const column = (name: string): Result<readonly FitsCell[], string> => {
    const index = columns.findIndex(each => each.name === name);
    const found = columns[index];
    if (found === undefined) return fail(`there is no column \`${name}\``);
    const {code, repeat} = found;
    if (code !== 'X' && !'LBIJKAED'.includes(code)) return fail(`column \`${name}\` has the form ${code}`);
    const [scale, zero] = [header.number(`TSCAL${index + 1}`, 1), header.number(`TZERO${index + 1}`, 0)];
    const scaled = (value: number | boolean | null): number | boolean | null =>
      typeof value === 'number' ? value * scale + zero : value;
    const decoder = new TextDecoder('latin1');
    const cells = Array.from({length: rows}, (_, row): FitsCell => {
      const at = row * stride + found.offset;
      if (code === 'A') {
        return decoder
          .decode(hdu.data.subarray(at, at + repeat))
          .replace(/\0.*$/s, '')
          .trimEnd();
      }
      if (code === 'X') return bits(view, at, repeat);
      if (repeat === 1) return scaled(element(view, code, at));
      return Array.from({length: repeat}, (_, i) => scaled(element(view, code, at + i * (WIDTHS[code] ?? 0))));
    });
    return ok(cells);
  };
  return ok({rows, columns, column});
}
