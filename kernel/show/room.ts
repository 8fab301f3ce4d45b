import {bytesOf, lastLines, shorten} from './clean-text.js';
import {escapeHtml, type Html} from './html.js';

/** The bytes that a display may still take. What is put in first is surest to be seen. */
export class Room {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes the bytes of the piece, if they are there. */
  take(piece: Html | string): boolean {
    const bytes = bytesOf(String(piece));
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  /** Takes as many of the pieces, in their order, as fit into `bytes`; their rest is not made at all. */
  fill<T, P extends Html | string>(bytes: number, items: readonly T[], make: (item: T) => P): readonly P[] {
    const pieces: P[] = [];
    const floor = this.#left - bytes;
    for (const item of items) {
      const piece = make(item);
      if (this.#left - bytesOf(String(piece)) < floor || !this.take(piece)) break;
      pieces.push(piece);
    }
    return pieces;
  }
}

/** Text, cut so that it takes at most `bytes` in HTML: `<` takes four, and a kanji three. */
export function fitHtml(text: string, bytes: number): string {
  let limit = bytes;
  let cut = shorten(text, limit);
  while (limit > 3 && bytesOf(escapeHtml(cut)) > bytes) {
    limit = Math.max(3, Math.floor(limit * 0.75));
    cut = shorten(text, limit);
  }
  return cut;
}

/** The last lines of a log that take at most `bytes` in HTML, at most 40. */
export function fitTail(text: string, bytes: number): string {
  const kept: string[] = [];
  let left = bytes;
  for (const line of lastLines(text, 40).toReversed()) {
    left -= bytesOf(escapeHtml(line)) + 1;
    if (left < 0) break;
    kept.unshift(line);
  }
  return kept.join('\n');
}
