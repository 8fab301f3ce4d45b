import {join} from 'node:path';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Mount} from '../../kernel/graph/container.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {shortOf} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../../kernel/graph/work.js';
import {rootMounts} from './command-mounts.js';
import {CHANGES, RootChanges} from './root-changes.js';
import {removeOwn, writeCommand, type Command} from './rerun-work.js';
import {explainLog, readSigns} from './task-log.js';

/** How a task runs that changes the root itself (LANGUAGE 8). Its result is a list of the rows and files that it made. */
export class RootWork implements Work {
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly explain = explainLog;
  readonly #command: Command;
  readonly #changes: RootChanges;
  #mounts: readonly Mount[] = [];

  constructor(command: Command, task: string, fingerprint: Fingerprint) {
    this.#command = command;
    this.attempts = join(command.root.path, '.weft');
    this.stem = `${task}-${shortOf(fingerprint)}`;
    this.directory = join(this.attempts, this.stem);
    this.#changes = new RootChanges(command.root.path, this.directory);
    this.claims = join(this.attempts, 'claims');
  }

  mounts(): readonly Mount[] {
    return this.#mounts;
  }

  async prepare(attempt: Attempt): Promise<Result<string, Failure>> {
    await this.#changes.begin(attempt.directory);
    if (this.#command.inside) this.#mounts = await rootMounts(this.#command, attempt);
    return ok(
      writeCommand(
        this.#command,
        attempt.directory,
        this.#command.words.map(word => attempt.fill(word)),
      ),
    );
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const {directory} = attempt;
    const signs = readSigns(join(directory, '.weft.log'));
    const line = signs.initialization ?? signs.failed;
    if (line !== undefined)
      return fail({reason: 'log', line, log: join(directory, '.weft.log'), tail: log.slice(-4096)});
    await this.#changes.end(directory);
    removeOwn(directory);
    return ok({outputs: [CHANGES]});
  }

  recheck(manifest: Manifest): Promise<string | undefined> {
    return Promise.resolve(this.#changes.recheck(manifest));
  }
}
