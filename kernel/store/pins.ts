import {mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {readFingerprint, type Fingerprint} from '../fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../graph/result.js';
import {writeProblem, type StoreProblem} from './problem.js';

/** The version of a pin's form. What counts is its name, which all versions keep. */
const PIN_VERSION = 1;

/**
 * Results that no clean-up takes: a file each, `pins/<fingerprint>`, so that kernels that pin at once don't undo each other.
 * What such a file says is for people.
 */
export class Pins {
  readonly directory: string;

  /** @param directory is made with the first pin */
  constructor(directory: string) {
    this.directory = directory;
  }

  /** All that is pinned now. */
  all(): ReadonlySet<Fingerprint> {
    let names: readonly string[];
    try {
      names = readdirSync(this.directory);
    } catch {
      names = [];
    }
    return new Set(names.flatMap(name => readFingerprint(name) ?? []));
  }

  /** Pins a result. Doing it twice is no harm. */
  add(fingerprint: Fingerprint, label: string): Result<undefined, StoreProblem> {
    const path = join(this.directory, fingerprint);
    try {
      mkdirSync(this.directory, {recursive: true});
      writeFileSync(path, `${JSON.stringify({version: PIN_VERSION, fingerprint, label})}\n`);
      return ok(undefined);
    } catch (error) {
      return fail(writeProblem(path, error));
    }
  }

  /** Takes a pin away. False where there is none. */
  remove(fingerprint: Fingerprint): Result<boolean, StoreProblem> {
    const path = join(this.directory, fingerprint);
    try {
      rmSync(path);
      return ok(true);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return ok(false);
      return fail(writeProblem(path, error));
    }
  }
}
