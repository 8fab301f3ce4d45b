import {randomUUID} from 'node:crypto';
import {unlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {makeDirectorySync} from '../fingerprint/make-directory.js';
import {fail, ok, type Result} from '../graph/result.js';
import {writeProblem, type StoreProblem} from './problem.js';

/** How many are kept. */
const MOST = 32;

/** Bytes of a file, at least: behind its text are spaces. */
const LENGTH = 1024;

/**
 * Files of unique names that are linked to names that mean something, and written again once those are gone. Some file systems look long for
 * the place of a new file where many were removed just before (ext4 passes over all of the last minute).
 */
export class Spares {
  readonly #directory: string;
  readonly #free: string[] = [];
  #length = LENGTH;
  /** Those that have another name. */
  readonly #used = new Map<string, string>();

  /** @param directory is made with the first file */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Writes one, and gives its path. */
  write(content: object): Result<string, StoreProblem> {
    const kept = this.#free.pop();
    const path = kept ?? join(this.#directory, `.${randomUUID()}`);
    const json = JSON.stringify(content);
    const bytes = Buffer.byteLength(json);
    // As long as the longest one so far: to cut a file off costs some file systems more than to make one.
    this.#length = Math.max(this.#length, bytes + 1);
    const text = `${json}${' '.repeat(this.#length - bytes - 1)}\n`;
    try {
      try {
        writeFileSync(path, text, {flag: kept === undefined ? 'wx' : 'r+'});
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
        makeDirectorySync(this.#directory);
        writeFileSync(path, text, {flag: 'wx'});
      }
      return ok(path);
    } catch (error) {
      remove(path);
      return fail(writeProblem(path, error));
    }
  }

  /** Remembers that one bears another name. */
  use(path: string, name: string): void {
    this.#used.set(name, path);
  }

  /** The name is gone: its file may be written again. */
  free(name: string): void {
    const path = this.#used.get(name);
    this.#used.delete(name);
    if (path !== undefined) this.give(path);
  }

  /** Takes back one that got no other name. */
  give(path: string): void {
    if (this.#free.length < MOST) this.#free.push(path);
    else remove(path);
  }

  /** Removes all; what bears another name is there under that. */
  close(): void {
    for (const path of [...this.#free.splice(0), ...this.#used.values()]) remove(path);
    this.#used.clear();
  }
}

/** Removes a file. False where the disk does not let it go: what its content says is no longer true then, and who reads it sees that. */
export function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch (error) {
    return codeOf(error) === 'ENOENT';
  }
}
