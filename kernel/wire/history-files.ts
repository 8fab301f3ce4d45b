import {closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, unlinkSync} from 'node:fs';
import {appendFile} from 'node:fs/promises';
import {join} from 'node:path';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';

/** A cell of a session: its code, and the text of its result where there was one. */
export interface HistoryEntry {
  readonly session: number;
  readonly count: number;
  readonly code: string;
  readonly output: string | null;
}

/** How much is kept. */
export interface HistoryBounds {
  /** Files, and bytes of all of them, that are left when a session begins; the oldest go first. */
  readonly files: number;
  readonly bytes: number;
  /** UTF-16 units of a code; a longer one is not kept. A longer result is cut. */
  readonly code: number;
  readonly output: number;
  /** Bytes that a session may write. */
  readonly session: number;
}

const BOUNDS: HistoryBounds = {files: 200, bytes: 8_000_000, code: 100_000, output: 10_000, session: 2_000_000};

const NAME = /^(\d{1,9})\.jsonl$/;

/** Lines wait so long for more, in milliseconds: opening and closing a file takes longer than a cell. */
const GATHER = 50;

interface Known {
  readonly stamp: string;
  readonly entries: readonly HistoryEntry[];
}

/**
 * What was executed, kept across restarts: a directory with a file for each session, named after its number. Making the file is
 * what takes the number, so that kernels that run side by side have different ones, and each file has one writer. A file has a
 * line `{n, code}` for each cell, and a line `{n, output}` for its result. A directory that can't be used keeps nothing.
 */
export class HistoryFiles {
  readonly #directory: string;
  readonly #bounds: HistoryBounds;
  readonly #known = new Map<number, Known>();
  #session: number | undefined;
  #path: string | undefined;
  #written = 0;
  #lines: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(directory: string, bounds: HistoryBounds = BOUNDS) {
    this.#directory = directory;
    this.#bounds = bounds;
  }

  /** The number of this session, taken when it is first asked for. */
  get session(): number {
    this.#session ??= this.#begin();
    return this.#session;
  }

  /** Keeps a cell that begins. */
  code(count: number, code: string): void {
    if (code.length <= this.#bounds.code) this.#write({n: count, code});
  }

  /** Keeps the text of a cell's result. */
  output(count: number, text: string): void {
    this.#write({n: count, output: text.slice(0, this.#bounds.output)});
  }

  /** The cells of all other sessions, oldest session first. Files that can't be read have none. */
  others(): readonly HistoryEntry[] {
    const numbers = this.#numbers().filter(number => number !== this.#session);
    return numbers.flatMap(number => this.#entries(number));
  }

  /** Resolves when all has been written. */
  async settled(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #begin(): number {
    try {
      mkdirSync(this.#directory, {recursive: true});
    } catch {
      return (this.#numbers().at(-1) ?? 0) + 1;
    }
    this.#forget();
    for (let number = (this.#numbers().at(-1) ?? 0) + 1; ; number++) {
      const path = join(this.#directory, `${number}.jsonl`);
      try {
        closeSync(openSync(path, 'wx', 0o600));
        this.#path = path;
        return number;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return number;
      }
    }
  }

  #forget(): void {
    let files = 0;
    let bytes = 0;
    for (const number of this.#numbers().reverse()) {
      const path = join(this.#directory, `${number}.jsonl`);
      try {
        files++;
        bytes += statSync(path).size;
        if (files > this.#bounds.files || bytes > this.#bounds.bytes) unlinkSync(path);
      } catch {
        // Another kernel has removed it.
      }
    }
  }

  #numbers(): number[] {
    try {
      return readdirSync(this.#directory)
        .flatMap(name => NAME.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    } catch {
      return [];
    }
  }

  #entries(session: number): readonly HistoryEntry[] {
    const path = join(this.#directory, `${session}.jsonl`);
    try {
      const {size, mtimeMs} = statSync(path);
      const stamp = `${size} ${mtimeMs}`;
      const known = this.#known.get(session);
      if (known?.stamp === stamp) return known.entries;
      const entries = readEntries(session, readFileSync(path, 'utf8'));
      this.#known.set(session, {stamp, entries});
      return entries;
    } catch {
      return [];
    }
  }

  #write(line: JsonObject): void {
    if (this.#session === undefined) this.#session = this.#begin();
    const text = `${JSON.stringify(line)}\n`;
    this.#written += Buffer.byteLength(text);
    if (this.#path === undefined || this.#written > this.#bounds.session) return;
    this.#lines.push(text);
    this.#timer ??= setTimeout(() => this.#flush(), GATHER).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const path = this.#path;
    const text = this.#lines.splice(0).join('');
    if (path === undefined || text === '') return;
    // Not worth a word: what a person types goes on without it.
    this.#writing = this.#writing.then(() => appendFile(path, text)).catch(() => undefined);
  }
}

function readEntries(session: number, text: string): HistoryEntry[] {
  const entries = new Map<number, HistoryEntry>();
  for (const line of text.split('\n')) {
    const {n, code, output} = parsed(line);
    if (typeof n !== 'number') continue;
    const before = entries.get(n);
    if (typeof code === 'string') entries.set(n, {session, count: n, code, output: null});
    else if (typeof output === 'string' && before !== undefined) entries.set(n, {...before, output});
  }
  return [...entries.values()];
}

function parsed(line: string): JsonObject {
  try {
    const value = JSON.parse(line) as JsonValue;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}
