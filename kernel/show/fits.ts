import type {Result} from '../graph/result.js';
import {fail, ok} from '../graph/result.js';

/** A value of a header card. */
export type FitsValue = string | number | boolean | null;

/** One keyword of a header; the value of a long string is joined from its CONTINUE cards. */
export interface FitsCard {
  readonly key: string;
  readonly value: FitsValue;
  readonly comment: string;
}

/** The cards of one header, in file order. */
export class FitsHeader {
  readonly cards: readonly FitsCard[];
  readonly #byKey = new Map<string, FitsCard>();

  constructor(cards: readonly FitsCard[]) {
    this.cards = cards;
    for (const card of cards) if (!this.#byKey.has(card.key)) this.#byKey.set(card.key, card);
  }

  /** The value of the first card with this keyword, or undefined. */
  get(key: string): FitsValue | undefined {
    return this.#byKey.get(key)?.value;
  }

  /** The number that the keyword has, or `otherwise` where it has none. */
  number(key: string, otherwise: number): number {
    const value = this.get(key);
    return typeof value === 'number' ? value : otherwise;
  }

  /** The text that the keyword has, or `otherwise`. */
  text(key: string, otherwise: string): string {
    const value = this.get(key);
    return typeof value === 'string' ? value : otherwise;
  }
}

/** One header and data unit; `data` is a view of the file's bytes, not a copy. */
export interface FitsHdu {
  readonly header: FitsHeader;
  readonly name: string;
  /** A tile-compressed image is a table to this reader, with `ZIMAGE` in its header. */
  readonly kind: 'image' | 'table' | 'other';
  readonly data: Uint8Array;
}

/** A plane of pixels in physical units, row by row from the bottom; blank pixels are NaN. */
export interface FitsImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Float64Array;
}

const BLOCK = 2880;
const CARD = 80;

/** Reads one card of 80 characters, without regard to CONTINUE. */
function parseCard(text: string): FitsCard {
  const key = text.slice(0, 8).trimEnd();
  const long = /^HIERARCH (.*?)\s*= (.*)$/.exec(text);
  if (long === null && text.slice(8, 10) !== '= ') return {key, value: null, comment: text.slice(8).trim()};
  const name = long?.[1] ?? key;
  const body = long?.[2] ?? text.slice(10);
  const string = /^\s*'((?:[^']|'')*)'\s*(?:\/\s*(.*))?$/.exec(body.trimEnd());
  if (string !== null) {
    return {key: name, value: (string[1] ?? '').replaceAll("''", "'").trimEnd(), comment: string[2] ?? ''};
  }
  const slash = body.indexOf('/');
  const value = (slash < 0 ? body : body.slice(0, slash)).trim();
  const comment = slash < 0 ? '' : body.slice(slash + 1).trim();
  if (value === 'T' || value === 'F') return {key: name, value: value === 'T', comment};
  const number = Number(value.replace(/D/i, 'E'));
  return {key: name, value: value === '' || Number.isNaN(number) ? null : number, comment};
}

/** Cards of a header that begins at `offset`, and where its data begin; null if the header has no END. */
function parseHeader(bytes: Uint8Array, offset: number): {header: FitsHeader; end: number} | null {
  const cards: FitsCard[] = [];
  const decoder = new TextDecoder('latin1');
  for (let at = offset; at + CARD <= bytes.length; at += CARD) {
    const text = decoder.decode(bytes.subarray(at, at + CARD));
    if (text.startsWith('END') && text.trimEnd() === 'END') {
      return {header: new FitsHeader(cards), end: offset + Math.ceil((at + CARD - offset) / BLOCK) * BLOCK};
    }
    if (text.startsWith('CONTINUE')) {
      const previous = cards.at(-1);
      const more = parseCard(`CONTINUE= ${text.slice(8)}`);
      if (previous !== undefined && typeof previous.value === 'string' && previous.value.endsWith('&')) {
        const value = previous.value.slice(0, -1) + (typeof more.value === 'string' ? more.value : '');
        cards[cards.length - 1] = {key: previous.key, value, comment: previous.comment + more.comment};
        continue;
      }
    }
    if (text.trim() !== '') cards.push(parseCard(text));
  }
  return null;
}

/** The number of bytes of the data unit. Source: FITS standard 4.0, equation 2. */
function dataSize(header: FitsHeader): number {
  const axes = header.number('NAXIS', 0);
  if (axes === 0) return 0;
  let elements = 1;
  for (let axis = 1; axis <= axes; axis++) elements *= header.number(`NAXIS${axis}`, 0);
  return (
    (Math.abs(header.number('BITPIX', 8)) / 8) * header.number('GCOUNT', 1) * (header.number('PCOUNT', 0) + elements)
  );
}

/**
 * Reads a plain FITS file: all headers and data units. The error is a phrase that says what is broken;
 * a git-lfs pointer file is named as such.
 */
export function readFits(bytes: Uint8Array): Result<readonly FitsHdu[], string> {
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 40));
  if (start.startsWith('version https://git-lfs')) return fail('not a FITS file: it is a git-lfs pointer');
  if (!start.startsWith('SIMPLE  =')) return fail('not a FITS file');
  const hdus: FitsHdu[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const parsed = parseHeader(bytes, offset);
    if (parsed === null) {
      if (hdus.length === 0) return fail('the header has no END');
      break;
    }
    const {header, end} = parsed;
    const size = dataSize(header);
    if (end + size > bytes.length) return fail(`the file is cut short: HDU ${hdus.length} needs ${end + size} bytes`);
    const extension = hdus.length === 0 ? 'IMAGE' : header.text('XTENSION', '').trim();
    const kind = extension === 'IMAGE' ? 'image' : extension === 'BINTABLE' ? 'table' : 'other';
    hdus.push({header, name: header.text('EXTNAME', ''), kind, data: bytes.subarray(end, end + size)});
    offset = end + Math.ceil(size / BLOCK) * BLOCK;
  }
  return ok(hdus);
}

/** Reads one big-endian element of a FITS image; by BITPIX. */
export function elementReader(bitpix: number): ((view: DataView, at: number) => number) | null {
  switch (bitpix) {
    case 8:
      return (view, at) => view.getUint8(at);
    case 16:
      return (view, at) => view.getInt16(at);
    case 32:
      return (view, at) => view.getInt32(at);
    case 64:
      return (view, at) => Number(view.getBigInt64(at));
    case -32:
      return (view, at) => view.getFloat32(at);
    case -64:
      return (view, at) => view.getFloat64(at);
    default:
      return null;
  }
}

/**
 * The first plane of an image HDU, with BSCALE, BZERO and BLANK applied. An HDU without pixels, a table and an
 * unknown BITPIX are errors.
 */
export function readImage(hdu: FitsHdu): Result<FitsImage, string> {
  const {header} = hdu;
  if (hdu.kind !== 'image') return fail(header.get('ZIMAGE') === true ? 'the image is compressed' : 'not an image');
  const width = header.number('NAXIS1', 0);
  const height = header.number('NAXIS', 0) === 1 ? 1 : header.number('NAXIS2', 0);
  if (header.number('NAXIS', 0) === 0 || width * height === 0) return fail('the image has no pixels');
  const bitpix = header.number('BITPIX', 0);
  const read = elementReader(bitpix);
  if (read === null) return fail(`BITPIX ${bitpix} is not known`);
  const [scale, zero] = [header.number('BSCALE', 1), header.number('BZERO', 0)];
  const blank = bitpix > 0 ? header.get('BLANK') : undefined;
  const view = new DataView(hdu.data.buffer, hdu.data.byteOffset, hdu.data.byteLength);
  const step = Math.abs(bitpix) / 8;
  const pixels = new Float64Array(width * height);
  for (let i = 0; i < pixels.length; i++) {
    const value = read(view, i * step);
    pixels[i] = value === blank ? NaN : value * scale + zero;
  }
  return ok({width, height, pixels});
}
