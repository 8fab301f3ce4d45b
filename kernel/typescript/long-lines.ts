/** A line of output may have this many UTF-16 units. */
export const LINE_LIMIT = 1_000_000;

/** Cuts lines that nobody could read, and that would fill the memory of every program they pass through. Holds no text. */
export class LongLines {
  readonly #limit: number;
  #owner = '';
  #length = 0;

  constructor(limit = LINE_LIMIT) {
    this.#limit = limit;
  }

  /**
   * What is kept of the next text of a cell. Where a line reaches the limit, a note takes the place of its rest. A carriage return
   * ends a line too: bars of progress have no other.
   */
  cut(owner: string, text: string): string {
    if (owner !== this.#owner) this.#length = 0;
    this.#owner = owner;
    // Most text has no line that could come near.
    if (this.#length + text.length <= this.#limit) {
      const end = lineEnd(text);
      this.#length = end < 0 ? this.#length + text.length : text.length - end - 1;
      return text;
    }
    return text
      .split(/(?<=[\n\r])/)
      .map(line => this.#line(line))
      .join('');
  }

  #line(line: string): string {
    const before = this.#length;
    const ends = lineEnd(line) >= 0;
    this.#length = ends ? 0 : before + line.length;
    if (before + line.length - Number(ends) <= this.#limit) return line;
    const room = Math.max(0, this.#limit - before);
    const note =
      before > this.#limit ? '' : ` … the rest of this line is left out: it has more than ${this.#limit} characters`;
    return line.slice(0, room) + note + (ends ? line.slice(-1) : '');
  }
}

const lineEnd = (text: string): number => Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r'));
