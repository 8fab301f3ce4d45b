import {rm} from 'node:fs/promises';
import {dirname} from 'node:path';
import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {Failure} from '../kernel/graph/failure.js';
import {shortOf} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../kernel/graph/work.js';
import {conflictText, unionOf, type JoinMember} from './join-conflicts.js';
import {linkFiles} from './join-link.js';

/** A join of directories of files: one directory with the union of all (LANGUAGE 7). */
export class FilesJoinWork implements Work {
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly #members: readonly JoinMember[];

  constructor(members: readonly JoinMember[], directory: string, fingerprint: Fingerprint, claims: string) {
    this.#members = members;
    this.directory = directory;
    this.attempts = dirname(directory);
    this.stem = `join-${shortOf(fingerprint)}`;
    this.claims = claims;
  }

  async prepare(): Promise<Result<undefined, Failure>> {
    return ok(undefined);
  }

  async finish(attempt: Attempt): Promise<Result<Outcome, Failure>> {
    const {files, conflicts} = await unionOf(this.#members);
    if (conflicts.length > 0) {
      await rm(attempt.directory, {recursive: true, force: true});
      const message = `two members have different files of one name: ${conflictText(conflicts)}`;
      return fail({
        reason: 'start',
        message,
        remedy: 'rename them where they are made, or choose a member with `--prefer NAME`',
      });
    }
    await linkFiles(files, attempt.directory, this.directory);
    return ok({outputs: files.map(({path}) => path)});
  }
}
