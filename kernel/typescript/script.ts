import type {Copied} from './positions.js';

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly order: number;
}

/** A text that is made of stretches of another, with edits, and remembers where each came from. */
export class Script {
  readonly #source: string;
  readonly #copied: Copied[] = [];
  #edits: Edit[] = [];
  #sorted = true;
  #text = '';

  constructor(source: string) {
    this.#source = source;
  }

  /** Whenever the stretch is copied, `text` comes instead. Edits do not overlap; all come before the first copy. */
  replace(start: number, end: number, text: string): void {
    this.#edits.push({start, end, text, order: this.#edits.length});
    this.#sorted = false;
  }

  /** Before a replacement at the same place; insertions at one place in the order in which they were made. */
  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  /** Replaces a stretch with all edits in it. */
  overwrite(start: number, end: number, text: string): void {
    this.#edits = this.#edits.filter(each => each.start < start || each.end > end || each.start === each.end);
    this.replace(start, end, text);
  }

  /** Appends text of our own. */
  write(text: string): void {
    this.#text += text;
  }

  /** Appends a stretch of the source, edited. */
  copy(start: number, end: number): void {
    if (!this.#sorted) {
      this.#edits.sort((a, b) => a.start - b.start || a.end - b.end || a.order - b.order);
      this.#sorted = true;
    }
    let at = start;
    for (const edit of this.#edits) {
      if (edit.start < start || edit.end > end || edit.start < at) continue;
      this.#append(at, edit.start);
      this.#text += edit.text;
      at = edit.end;
    }
    this.#append(at, end);
  }

  /** What is written from here on comes from this place of the source. */
  mark(from: number): void {
    this.#copied.push({at: this.#text.length, from, length: 0});
  }

  text(): string {
    return this.#text;
  }

  copied(): readonly Copied[] {
    return this.#copied;
  }

  #append(from: number, to: number): void {
    if (from >= to) return;
    this.#copied.push({at: this.#text.length, from, length: to - from});
    this.#text += this.#source.slice(from, to);
  }
}
