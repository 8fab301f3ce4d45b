/** A header card: keyword, value, comment. Numbers that are whole are written as integers. */
export type Card = readonly [key: string, value: string | number | boolean, comment?: string];

/** What the elements of an image are stored as; `uint16` is int16 with BZERO 32768. */
export type Storage = 'uint16' | 'int16' | 'int32' | 'float32' | 'float64';

/** A column to write: `values` has one entry a row. */
export interface ColumnToWrite {
  readonly name: string;
  readonly form: 'J' | 'K' | 'E' | 'D' | 'L';
  readonly unit?: string;
  readonly doc?: string;
  readonly values: readonly (number | boolean)[];
}

const BLOCK = 2880;
const BYTES = {uint16: 2, int16: 2, int32: 4, float32: 4, float64: 8} as const;
const BITPIX = {uint16: 16, int16: 16, int32: 32, float32: -32, float64: -64} as const;
const WIDTH = {J: 4, K: 8, E: 4, D: 8, L: 1} as const;

/** A number as FITS writes it: enough digits to read the same number back. */
function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const text = String(value).toUpperCase().replace('E+', 'E');
  return /[.E]/.test(text) ? text : `${text}.0`;
}

/** The cards of one keyword; text that does not fit goes on in CONTINUE cards. */
function cardTexts([key, value, comment]: Card): readonly string[] {
  const name = key.length > 8 ? `HIERARCH ${key}` : key.padEnd(8);
  if (typeof value !== 'string') {
    const text = typeof value === 'boolean' ? (value ? 'T' : 'F') : numberText(value);
    return [`${name}= ${text.padStart(20)}${comment === undefined ? '' : ` / ${comment}`}`.slice(0, 80).padEnd(80)];
  }
  const quoted = value.replaceAll("'", "''");
  const room = 80 - name.length - 4;
  if (quoted.length <= room) {
    const note = comment === undefined ? '' : ` / ${comment}`;
    return [`${name}= '${quoted.padEnd(8)}'${note}`.slice(0, 80).padEnd(80)];
  }
  const pieces: string[] = [''];
  // A doubled quote is one unit: it must not be cut in two.
  for (const unit of quoted.match(/''|[^']/g) ?? []) {
    const piece = pieces.at(-1) ?? '';
    if (piece.length + unit.length > room - 2) pieces.push(unit);
    else pieces[pieces.length - 1] = piece + unit;
  }
  return pieces.map((piece, index) => {
    const more = index < pieces.length - 1 ? '&' : '';
    return `${index === 0 ? `${name}= ` : 'CONTINUE  '}'${piece}${more}'`.padEnd(80);
  });
}

/** Bytes of a header, filled up with blanks to whole blocks. */
function headerBytes(cards: readonly Card[]): Uint8Array {
  const text = `${cards.flatMap(cardTexts).join('')}${'END'.padEnd(80)}`;
  return Buffer.from(text.padEnd(Math.ceil(text.length / BLOCK) * BLOCK), 'latin1');
}

/** Data followed by zeros up to whole blocks. */
function padded(data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(data.length / BLOCK) * BLOCK);
  bytes.set(data);
  return bytes;
}

/** Builds a FITS file HDU by HDU; the same calls give the same bytes. */
export class FitsFile {
  readonly #parts: Uint8Array[] = [];

  /** An empty primary header that holds the metadata. */
  primary(cards: readonly Card[]): this {
    this.#parts.push(headerBytes([['SIMPLE', true], ['BITPIX', 8], ['NAXIS', 0], ['EXTEND', true], ...cards]));
    return this;
  }

  /** An image; the first HDU of a file becomes the primary one. NaN is kept by the floating types only. */
  image(pixels: ArrayLike<number>, width: number, storage: Storage, cards: readonly Card[]): this {
    const height = pixels.length / width;
    const first: Card = this.#parts.length === 0 ? ['SIMPLE', true] : ['XTENSION', 'IMAGE'];
    const axes: Card[] = [
      ['BITPIX', BITPIX[storage]],
      ['NAXIS', 2],
      ['NAXIS1', width],
      ['NAXIS2', height],
    ];
    const counts: Card[] =
      this.#parts.length === 0
        ? [['EXTEND', true]]
        : [
            ['PCOUNT', 0],
            ['GCOUNT', 1],
          ];
    const zero: Card[] =
      storage === 'uint16'
        ? [
            ['BZERO', 32768],
            ['BSCALE', 1],
          ]
        : [];
    this.#parts.push(headerBytes([first, ...axes, ...counts, ...zero, ...cards]));
    const step = BYTES[storage];
    const bytes = new Uint8Array(pixels.length * step);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < pixels.length; i++) {
      const value = pixels[i] ?? 0;
      const at = i * step;
      if (storage === 'float32') view.setFloat32(at, value);
      else if (storage === 'float64') view.setFloat64(at, value);
      else if (storage === 'int32') view.setInt32(at, value);
      else if (storage === 'int16') view.setInt16(at, Math.max(-32768, Math.min(32767, Math.round(value))));
      else view.setInt16(at, Math.max(0, Math.min(65535, Math.round(value))) - 32768);
    }
    this.#parts.push(padded(bytes));
    return this;
  }

  /** A binary table. */
  table(name: string, rows: number, columns: readonly ColumnToWrite[], cards: readonly Card[] = []): this {
    const stride = columns.reduce((sum, column) => sum + WIDTH[column.form], 0);
    const described = columns.flatMap((column, index): Card[] => {
      const named: Card[] = [
        [`TTYPE${index + 1}`, column.name],
        [`TFORM${index + 1}`, `1${column.form}`],
      ];
      if (column.unit !== undefined) named.push([`TUNIT${index + 1}`, column.unit]);
      if (column.doc !== undefined) named.push([`TDOC${index + 1}`, column.doc]);
      return named;
    });
    this.#parts.push(
      headerBytes([
        ['XTENSION', 'BINTABLE'],
        ['BITPIX', 8],
        ['NAXIS', 2],
        ['NAXIS1', stride],
        ['NAXIS2', rows],
        ['PCOUNT', 0],
        ['GCOUNT', 1],
        ['TFIELDS', columns.length],
        ['EXTNAME', name],
        ...described,
        ...cards,
      ]),
    );
    const bytes = new Uint8Array(rows * stride);
    const view = new DataView(bytes.buffer);
    let offset = 0;
    for (const {form, values} of columns) {
      for (let row = 0; row < rows; row++) {
        const [at, value] = [row * stride + offset, values[row] ?? 0];
        if (form === 'J') view.setInt32(at, Number(value));
        else if (form === 'K') view.setBigInt64(at, BigInt(Number(value)));
        else if (form === 'E') view.setFloat32(at, Number(value));
        else if (form === 'D') view.setFloat64(at, Number(value));
        else view.setUint8(at, value === true ? 0x54 : 0x46);
      }
      offset += WIDTH[form];
    }
    this.#parts.push(padded(bytes));
    return this;
  }

  /** The whole file. */
  bytes(): Uint8Array {
    return Buffer.concat(this.#parts);
  }
}
