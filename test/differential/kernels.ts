import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {resolve} from 'node:path';
import {createInterface} from 'node:readline';

/** What is said of a run that was ended at its limit. */
export const NEVER_ENDS = 'it never ends';

/** What became of a task, as the driver saw it. */
export interface Seen {
  readonly is: string;
  readonly files: Readonly<Record<string, string>>;
  readonly value: unknown;
  readonly directory: string;
  readonly why?: string;
}

/** What a run of cells came to. */
export interface Reply {
  readonly problem?: string;
  readonly cells: readonly {
    readonly index: number;
    readonly status: string;
    readonly error?: {readonly evalue: string};
  }[];
  /** Joins that ran. */
  readonly joins: number;
  /** By the label of the task: `warps[HSC-R]`. */
  readonly results: Readonly<Record<string, Seen>>;
  readonly log: readonly string[];
}

/** What to run, and in which kernel. */
export interface Run {
  readonly directory: string;
  readonly cells: readonly string[];
  /** Cells that run when all that these have made has ended. */
  readonly then: readonly string[];
  readonly slots: number;
  /** In a kernel that starts now. */
  readonly fresh: boolean;
  /** The kernel stays, for the next run. */
  readonly keep: boolean;
  readonly path?: string;
  /** Milliseconds after which it counts as one that never ends. */
  readonly limit: number;
}

/** Processes in which kernels run, one after the other: of one build. */
export class Kernels implements AsyncDisposable {
  readonly #bundle: string;
  #child: ChildProcess | undefined;
  #lines: AsyncIterator<string> | undefined;

  constructor(bundle: string) {
    this.#bundle = bundle;
  }

  /** Runs cells, real tasks and all, and waits for what they make. Rejects where the process ends before, or is ended at the limit. */
  async run({limit, ...run}: Run): Promise<Reply> {
    const {child, lines} = this.#start();
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort();
      child.kill('SIGKILL');
    }, limit);
    const dist = resolve(import.meta.dirname, '../../dist');
    child.stdin?.write(`${JSON.stringify({...run, dist})}\n`);
    const line = await lines.next();
    clearTimeout(timer);
    if (line.done === true) {
      this.#child = this.#lines = undefined;
      throw new Error(
        late.signal.aborted ? `${NEVER_ENDS} (${limit / 1000} s)` : 'the process of the kernels has ended',
      );
    }
    const reply = JSON.parse(line.value) as Reply;
    if (reply.problem !== undefined) throw new Error(reply.problem);
    return reply;
  }

  /** Ends the process, so that the next kernel has nothing of this one's memory. */
  async end(): Promise<void> {
    const child = this.#child;
    this.#child = this.#lines = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.stdin?.end();
    await once(child, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  #start(): {readonly child: ChildProcess; readonly lines: AsyncIterator<string>} {
    if (this.#child === undefined || this.#lines === undefined) {
      this.#child = spawn(process.execPath, [this.#bundle], {stdio: ['pipe', 'pipe', 'inherit']});
      if (this.#child.stdout === null) throw new Error('a pipe is missing');
      this.#lines = createInterface({input: this.#child.stdout})[Symbol.asyncIterator]();
    }
    return {child: this.#child, lines: this.#lines};
  }
}
