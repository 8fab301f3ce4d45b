import {mkdtempSync, realpathSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

/** A new empty folder, removed when its owner disposes of it: `using folder = scratch()`. Its path is short and without links. */
export interface Scratch extends Disposable {
  readonly path: string;
  /** A path below the folder. */
  at(...names: readonly string[]): string;
}

/** Makes a {@link Scratch} below the system's folder for temporary files, or another: some containers show theirs as it is. */
export function scratch(below = tmpdir()): Scratch {
  const path = realpathSync(mkdtempSync(join(below, 'weft-')));
  return {
    path,
    at: (...names) => join(path, ...names),
    [Symbol.dispose]: () => rmSync(path, {recursive: true, force: true, maxRetries: 5, retryDelay: 100}),
  };
}
