import {existsSync} from 'node:fs';
import {Worker} from 'node:worker_threads';
import type {
  CellCode,
  FromLanguage,
  Known,
  LanguageCompletions,
  LanguageOptions,
  ToLanguage,
  TypeProblem,
} from './language/language-messages.js';

/** How the thread is started. */
export interface LanguageThreadOptions extends LanguageOptions {
  /** The bundle of kernel/language.ts, absolute. */
  readonly path: string;
  readonly log: (line: string) => void;
}

/** A request without its number. */
type Unnumbered<T> = T extends {readonly id: number} ? Omit<T, 'id'> : never;

/** After so many ends the thread is not started again. */
const ATTEMPTS = 3;

/** What a fresh thread is told of what has happened before. */
const REMEMBERED = 3000;

/** The memory that a thread may take, in MB: it ends beyond, and the kernel goes on. */
const HEAP_MB = 1500;

/**
 * The language service, as the kernel sees it: a thread that is started when it is first asked, or told to. No method throws or
 * rejects; without a thread all answers are undefined.
 */
export class LanguageThread {
  readonly #options: LanguageThreadOptions;
  readonly #asked = new Map<number, (answer: FromLanguage | undefined) => void>();
  #known: Known[] = [];
  /** How many of `#known` the thread has. */
  #told = 0;
  #worker: Worker | undefined;
  #warm = false;
  #ends = 0;
  #serial = 0;
  #closed = false;

  constructor(options: LanguageThreadOptions) {
    this.#options = options;
  }

  /** True once the libraries are read: an answer then takes milliseconds. */
  get warm(): boolean {
    return this.#warm;
  }

  /** True while the thread has something to answer. */
  get busy(): boolean {
    return this.#asked.size > 0;
  }

  /** Starts the thread, if it does not run. Returns at once. */
  start(): void {
    const {path, directory, declarations, log} = this.#options;
    if (this.#worker !== undefined || this.#closed || this.#ends >= ATTEMPTS || !existsSync(path)) return;
    const workerData: LanguageOptions = {directory, declarations};
    const worker = new Worker(path, {
      workerData,
      stdin: false,
      execArgv: [],
      resourceLimits: {maxOldGenerationSizeMb: HEAP_MB},
    });
    worker.unref();
    this.#worker = worker;
    this.#told = 0;
    worker.on('message', (message: FromLanguage) => {
      if (message.type === 'ready') this.#warm = true;
      else this.#answer(message.id, message);
    });
    worker.on('error', error => log(`weft: the language service has ended: ${error.message}`));
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#warm = false;
      this.#ends++;
      for (const id of [...this.#asked.keys()]) this.#answer(id, undefined);
    });
  }

  /** Remembers what has happened; the thread hears of it with the next question. */
  know(known: Known): void {
    this.#known.push(known);
    if (this.#known.length > 2 * REMEMBERED) {
      const dropped = this.#known.length - REMEMBERED;
      this.#known = this.#known.slice(dropped);
      this.#told = Math.max(0, this.#told - dropped);
    }
  }

  /** The problems of each cell; undefined where nobody can tell. */
  async check(
    cells: readonly CellCode[],
    names: readonly string[],
  ): Promise<readonly (readonly TypeProblem[])[] | undefined> {
    const answer = await this.#ask({type: 'check', cells, names});
    return answer?.type === 'checked' ? answer.problems : undefined;
  }

  /** What fits at an offset (UTF-16) of TypeScript. */
  async complete(code: string, at: number, names: readonly string[]): Promise<LanguageCompletions | undefined> {
    const answer = await this.#ask({type: 'complete', code, at, names});
    return answer?.type === 'completed' ? answer.completions : undefined;
  }

  /** Type and documentation of what stands at an offset (UTF-16) of TypeScript. */
  async inspect(code: string, at: number, names: readonly string[]): Promise<string | undefined> {
    const answer = await this.#ask({type: 'inspect', code, at, names});
    return answer?.type === 'inspected' ? answer.text : undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#worker?.terminate();
  }

  #answer(id: number, answer: FromLanguage | undefined): void {
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    asked?.(answer);
  }

  #ask(message: Unnumbered<ToLanguage>): Promise<FromLanguage | undefined> {
    this.start();
    const worker = this.#worker;
    if (worker === undefined) return Promise.resolve(undefined);
    if (this.#told < this.#known.length) {
      const known: ToLanguage = {type: 'known', known: this.#known.slice(this.#told)};
      worker.postMessage(known);
      this.#told = this.#known.length;
    }
    const id = ++this.#serial;
    return new Promise(resolve => {
      this.#asked.set(id, resolve);
      worker.postMessage({...message, id});
    });
  }
}
