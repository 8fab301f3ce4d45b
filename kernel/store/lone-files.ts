import {join} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {shortOf} from '../graph/recipe.js';
import {LoneFile, type Evidence} from './evidence.js';
import type {ResultHead} from './result-line.js';

/** Rows that there is room for at first. */
const FIRST = 256;

/** Most results that are one file share these two: what their directory is called, before its hash, and the name of the file. */
interface Shape {
  readonly name: string;
  readonly path: string;
}

/** The number of no shape. */
const NONE = 0;

/** Shapes that are kept, at most: who makes more of them is no loop. */
const SHAPES = 4096;

/**
 * What a hit is checked by, of results that are one file in the place that is named after them: in columns of numbers, by rows of the table of
 * results, some 30 bytes each, so that their lines need not be read again.
 */
export class LoneFiles {
  readonly #work: string;
  #shape = new Uint32Array(FIRST);
  /** Milliseconds. */
  #took = new Float64Array(FIRST);
  /** Bytes. */
  #size = new Float64Array(FIRST);
  /** Nanoseconds. */
  #mtime = new BigInt64Array(FIRST);
  readonly #shapes: Shape[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #found = new LoneFile();
  /** The last shape, as bytes and as its number. */
  #last = {name: Buffer.alloc(0), path: Buffer.alloc(0), number: NONE};

  /** @param store the store's directory */
  constructor(store: string) {
    this.#work = join(store, 'work');
  }

  /** Takes the line that {@link ResultHead} has read, as the latest of its row. */
  set(row: number, bytes: Buffer, to: number, head: ResultHead): void {
    const found = this.#found;
    const shape = found.read(bytes, to, head) ? this.#shapeOf(bytes, found) : NONE;
    if (shape === NONE) {
      this.clear(row);
      return;
    }
    if (row >= this.#shape.length) this.#grow(row);
    this.#shape[row] = shape;
    this.#took[row] = head.took;
    this.#size[row] = found.size;
    this.#mtime[row] = BigInt(found.seconds) * 1_000_000_000n + BigInt(found.nanoseconds);
  }

  /** The latest line of a row is of another kind. */
  clear(row: number): void {
    if (row < this.#shape.length) this.#shape[row] = NONE;
  }

  /** Undefined for a result of another kind. */
  evidence(row: number, fingerprint: Fingerprint): Evidence | undefined {
    const shape = this.#shapes[(this.#shape[row] ?? NONE) - 1];
    if (shape === undefined) return undefined;
    return {
      directory: `${this.#work}/${fingerprint.slice(0, 2)}/${shape.name}-${shortOf(fingerprint)}`,
      outputs: [{path: shape.path, size: this.#size[row] ?? 0, mtimeNs: this.#mtime[row] ?? 0n}],
      took: this.#took[row] ?? 0,
    };
  }

  #shapeOf(bytes: Buffer, {nameFrom, nameTo, pathFrom, pathTo}: LoneFile): number {
    const last = this.#last;
    if (isEqual(bytes, nameFrom, nameTo, last.name) && isEqual(bytes, pathFrom, pathTo, last.path)) return last.number;
    const name = bytes.toString('latin1', nameFrom, nameTo);
    const path = bytes.toString('latin1', pathFrom, pathTo);
    const key = `${name}/${path}`;
    let number = this.#numbers.get(key) ?? NONE;
    if (number === NONE) {
      if (this.#shapes.length === SHAPES) return NONE;
      number = this.#shapes.push({name, path});
      this.#numbers.set(key, number);
    }
    this.#last = {name: Buffer.from(name, 'latin1'), path: Buffer.from(path, 'latin1'), number};
    return number;
  }

  #grow(row: number): void {
    const rows = Math.max(2 * this.#shape.length, row + 1);
    const [shape, took, size, mtime] = [this.#shape, this.#took, this.#size, this.#mtime];
    this.#shape = new Uint32Array(rows);
    this.#took = new Float64Array(rows);
    this.#size = new Float64Array(rows);
    this.#mtime = new BigInt64Array(rows);
    this.#shape.set(shape);
    this.#took.set(took);
    this.#size.set(size);
    this.#mtime.set(mtime);
  }
}

function isEqual(bytes: Buffer, from: number, to: number, other: Buffer): boolean {
  if (to - from !== other.length) return false;
  for (let n = 0; n < other.length; n++) if (bytes[from + n] !== other[n]) return false;
  return true;
}
