import {statSync, writeSync} from 'node:fs';
import {resolve} from 'node:path';
import {codeOf} from './fingerprint/file-problem.js';
import {storeOf} from './store/store-place.js';

/** Exit codes of commands that look after results: `bad` where something is not as it was recorded, or a wish could not be met. */
export const EXIT = {ok: 0, bad: 1, usage: 2} as const;

/** Writes all of a text to the standard output. */
export const print = (text: string): void => write(1, text);

/** Writes a line to the standard error. */
export const say = (line: string): void => write(2, `${line}\n`);

/** Writes all of a text, though a pipe takes it in pieces. Who reads no more, as `head` does, has seen enough. */
function write(descriptor: 1 | 2, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(descriptor, rest));
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EPIPE') return;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
  }
}

/** Says what is wrong with a command; its exit code. */
export const complain = (text: string): number => {
  say(`weft: ${text}`);
  return EXIT.usage;
};

/** The help of `--store`. */
export const STORE_HELP = 'the store (default: that of the notebooks in this directory)';

/** The store that a command means, absolute: what `--store` names, else that of the notebooks here. */
export const storeGiven = (given: string | undefined): string =>
  given === undefined ? storeOf(process.cwd()) : resolve(given);

/** Says why a directory is no store, and what to do; undefined where there is one. */
export function noStore(directory: string): string | undefined {
  const found = statSync(directory, {throwIfNoEntry: false});
  if (found === undefined) return `there is no store ${directory}; --store DIR names another`;
  return found.isDirectory()
    ? undefined
    : `${directory} is a file, and no store: put it elsewhere, or name another with --store DIR`;
}
