import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Stamp} from './journal-record.js';

/** 32-bit words of a fingerprint. */
const WORDS = 8;

/** Rows that there is room for at first. */
const FIRST = 256;

/**
 * Where the latest result of each task stands, in columns of numbers: some 80 bytes a task, of which the garbage collector sees none.
 * A row is never removed.
 */
export class ResultTable {
  #count = 0;
  #hashes = new Uint32Array(FIRST * WORDS);
  #at = new Float64Array(FIRST);
  #offset = new Float64Array(FIRST);
  #length = new Uint32Array(FIRST);
  #file = new Uint32Array(FIRST);
  #label = new Uint32Array(FIRST);
  /** Number of a row plus one, by the first word of its fingerprint; 0: free. A power of two long, at most half full. */
  #slots = new Uint32Array(2 * FIRST);
  readonly #asked = new Uint32Array(WORDS);

  get count(): number {
    return this.#count;
  }

  /** The row of a task; less than 0 where there is none. */
  find(fingerprint: Fingerprint): number {
    return this.rowOf(this.#wordsOf(fingerprint));
  }

  /** The same by its words. */
  rowOf(words: Uint32Array): number {
    const mask = this.#slots.length - 1;
    for (let slot = (words[0] ?? 0) & mask; ; slot = (slot + 1) & mask) {
      const row = (this.#slots[slot] ?? 0) - 1;
      if (row < 0 || this.isOf(row, words)) return row;
    }
  }

  /** The row of a task, made where there is none; its stamp is 0 then. */
  row(words: Uint32Array): number {
    const found = this.rowOf(words);
    if (found >= 0) return found;
    if (this.#count === this.#at.length) this.#grow();
    const row = this.#count++;
    this.#hashes.set(words, row * WORDS);
    this.#enter(row);
    return row;
  }

  /** The same by its text. */
  rowFor(fingerprint: Fingerprint): number {
    return this.row(this.#wordsOf(fingerprint));
  }

  fingerprint(row: number): Fingerprint {
    let text = '';
    for (let word = row * WORDS; word < (row + 1) * WORDS; word++)
      text += (this.#hashes[word] ?? 0).toString(16).padStart(8, '0');
    return text as Fingerprint;
  }

  /** When the line was written; 0 for a row that has none. */
  at(row: number): Stamp {
    return this.#at[row] ?? 0;
  }

  /** The byte at which the line begins in its file. */
  offset(row: number): number {
    return this.#offset[row] ?? 0;
  }

  /** The line's bytes, without its end. */
  length(row: number): number {
    return this.#length[row] ?? 0;
  }

  /** The number of its file. */
  file(row: number): number {
    return this.#file[row] ?? 0;
  }

  /** The hash of its label. */
  label(row: number): number {
    return this.#label[row] ?? 0;
  }

  set(row: number, at: Stamp, file: number, offset: number, length: number, label: number): void {
    this.#at[row] = at;
    this.#file[row] = file;
    this.#offset[row] = offset;
    this.#length[row] = length;
    this.#label[row] = label;
  }

  /** Forgets the line of a row. */
  clear(row: number): void {
    this.set(row, 0, 0, 0, 0, 0);
  }

  /** Whether the row is of the task with these words. */
  isOf(row: number, words: Uint32Array): boolean {
    for (let n = 0; n < WORDS; n++) if (this.#hashes[row * WORDS + n] !== words[n]) return false;
    return true;
  }

  #wordsOf(fingerprint: Fingerprint): Uint32Array {
    for (let word = 0; word < WORDS; word++) {
      let value = 0;
      for (let at = word * 8; at < word * 8 + 8; at++) {
        const code = fingerprint.charCodeAt(at);
        // Digits are 48 to 57, letters 97 to 102.
        value = (value << 4) | (code < 58 ? code - 48 : code - 87);
      }
      this.#asked[word] = value;
    }
    return this.#asked;
  }

  #enter(row: number): void {
    const mask = this.#slots.length - 1;
    let slot = (this.#hashes[row * WORDS] ?? 0) & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = row + 1;
  }

  #grow(): void {
    const rows = 2 * this.#at.length;
    this.#hashes = widened(new Uint32Array(rows * WORDS), this.#hashes);
    this.#at = widened(new Float64Array(rows), this.#at);
    this.#offset = widened(new Float64Array(rows), this.#offset);
    this.#length = widened(new Uint32Array(rows), this.#length);
    this.#file = widened(new Uint32Array(rows), this.#file);
    this.#label = widened(new Uint32Array(rows), this.#label);
    this.#slots = new Uint32Array(2 * rows);
    for (let row = 0; row < this.#count; row++) this.#enter(row);
  }
}

function widened<T extends Uint32Array | Float64Array>(wide: T, narrow: T): T {
  wide.set(narrow);
  return wide;
}
