import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import {StringDecoder} from 'node:string_decoder';
import {setTimeout as pause} from 'node:timers/promises';
import {isFinal, type TaskView} from '../../kernel/graph/task.js';

/** Milliseconds between two looks at a log that grows: its file may lie on another machine, which tells nothing. */
const BETWEEN = 200;

/** The most that is read at once, in bytes; of what is there already, nothing before that is shown. */
const PIECE = 1 << 20;

/** What following a log needs. */
export interface Following {
  /** The lines of a log that are shown of what is there already. */
  readonly last: (log: string) => string;
  /** Ends it: the cell is interrupted. */
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/**
 * Shows what a task writes until it has ended, each try of it; the file is kept open, as it is renamed with the task's result.
 * @param look gives the task as it is now
 * @returns false where there was nothing to follow: it has ended before, or never ran
 */
export async function followLog(label: string, look: () => TaskView, {last, signal, say}: Following): Promise<boolean> {
  let path: string | undefined;
  let file: OpenLog | undefined;
  let said = '';
  const tell = (text: string): void => {
    if (text === '') return;
    say(text);
    said = text;
  };
  const endLine = (): void => {
    if (said !== '' && !said.endsWith('\n')) tell('\n');
  };
  const pump = (): void => {
    for (let text = file?.read() ?? ''; text !== ''; text = file?.read() ?? '') tell(text);
  };
  try {
    for (;;) {
      const {state} = look();
      // What stands there once it has ended is all that it wrote.
      pump();
      if (isFinal(state) || signal.aborted) {
        endLine();
        return path !== undefined;
      }
      if (state.is === 'running' && state.log !== undefined && state.log !== path) {
        const opened = OpenLog.open(state.log);
        if (opened !== undefined) {
          file?.close();
          [file, path] = [opened, state.log];
          const there = opened.read();
          endLine();
          tell(`${label} · running\n`);
          tell(`${there === '' ? '' : last(there)}${there.endsWith('\n') ? '\n' : ''}`);
        }
      }
      await pause(BETWEEN, undefined, {signal}).catch(() => undefined);
    }
  } finally {
    file?.close();
  }
}

/** A log that is read as it grows. */
class OpenLog {
  readonly #file: number;
  readonly #decoder = new StringDecoder('utf8');
  readonly #piece = Buffer.alloc(PIECE);
  #at: number;

  private constructor(file: number) {
    this.#file = file;
    this.#at = Math.max(0, fstatSync(file).size - PIECE);
  }

  /** Undefined where it can't be read: it may not be there yet. */
  static open(path: string): OpenLog | undefined {
    try {
      return new OpenLog(openSync(path, 'r'));
    } catch {
      return undefined;
    }
  }

  /** What was added since it was read last, first its end; empty where nothing was. */
  read(): string {
    try {
      const count = readSync(this.#file, this.#piece, 0, PIECE, this.#at);
      this.#at += count;
      return this.#decoder.write(this.#piece.subarray(0, count));
    } catch {
      return '';
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
