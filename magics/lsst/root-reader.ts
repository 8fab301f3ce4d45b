import type {Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {Mount} from '../../kernel/graph/container.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {fail, type Result} from '../../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../../kernel/graph/work.js';
import {Looks} from '../../kernel/fingerprint/looks.js';

/** Of a root with very many files a look takes seconds, and many tasks end at once. */
const looks = new Looks();

/** Milliseconds for which a result that was looked at is taken to be there still, by a task that is about to start. */
const FRESH = 2000;

const lost = (message: string): Failure => ({
  reason: 'input',
  message,
  remedy: 'run the cell that makes it again, then this one',
});

/** What a task has read of a root repository, as it was hashed. */
export interface ReadRoot {
  readonly path: string;
  readonly identity: Digest;
  /** Takes the identity again. Rejects with what the system says of a root that can't be read. */
  readonly take: () => Promise<Digest>;
  /** How many tasks this kernel has let change the root. */
  readonly changes: () => number;
  /**
   * Looks at the reruns that are read through the parents, and says which bytes they have; the error says what is wrong with one.
   * Absent: it reads none. `since`: a look of this time and later counts, on the clock of `performance`.
   */
  readonly through?: (since: number) => Promise<Result<Digest, string>>;
}

/**
 * The work of a task that reads a root, whose identity is in its recipe. Other kernels and people change roots at any time: a result is
 * published only if the root still is what was hashed when the task has ended; and if the reruns are whole that it reads through its parents.
 */
export class RootReader implements Work {
  readonly directory?: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly through?: true;
  readonly plain?: boolean;
  readonly stdout?: string;
  readonly explain?: (log: string) => string | undefined;
  readonly #work: Work;
  readonly #root: ReadRoot;
  readonly #changes: number;
  /** Which bytes the reruns had that are read through the parents, when an attempt of this kernel was prepared. */
  #through: Digest | undefined;

  /** @param root as it is now */
  constructor(work: Work, root: ReadRoot) {
    this.#work = work;
    this.#root = root;
    this.#changes = root.changes();
    if (work.directory !== undefined) this.directory = work.directory;
    this.attempts = work.attempts;
    this.stem = work.stem;
    this.claims = work.claims;
    if (work.through !== undefined) this.through = work.through;
    if (work.plain !== undefined) this.plain = work.plain;
    if (work.stdout !== undefined) this.stdout = work.stdout;
    if (work.explain !== undefined) this.explain = log => work.explain?.(log);
  }

  async prepare(attempt: Attempt): Promise<Result<string | undefined, Failure>> {
    // Where it was started over since, it would run for nothing.
    const changed = this.#root.changes() === this.#changes ? undefined : await this.#changed();
    if (changed !== undefined) return fail(changed);
    const through = await this.#root.through?.(performance.now() - FRESH);
    if (through?.ok === false) return fail(lost(through.error));
    this.#through = through?.value;
    return this.#work.prepare(attempt);
  }

  mounts(attempt: Attempt): readonly Mount[] {
    return this.#work.mounts?.(attempt) ?? [];
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const done = await this.#work.finish(attempt, log);
    const changed = done.ok ? await this.#changed() : undefined;
    return changed === undefined ? done : fail(changed);
  }

  recheck(manifest: Manifest): Promise<string | undefined> {
    return this.#work.recheck?.(manifest) ?? Promise.resolve(undefined);
  }

  async #changed(): Promise<Failure | undefined> {
    const {path, identity, take} = this.#root;
    // What was looked up in this turn of the event loop may be older than the end of the task.
    await looks.turn();
    const remedy = 'run its cell again: the task then counts as one of the root as it is by then';
    const began = performance.now();
    try {
      if ((await take()) === identity) return await this.#changedThrough(began);
      return {
        reason: 'input',
        message: `the repository ${path} is not what it was when the cell ran`,
        remedy,
      };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return {reason: 'input', message: `the repository ${path} can't be read any more: ${why}`, remedy};
    } finally {
      looks.took(performance.now() - began);
    }
  }

  async #changedThrough(since: number): Promise<Failure | undefined> {
    const through = await this.#root.through?.(since);
    if (through?.ok === false) return lost(through.error);
    if (this.#through === undefined || through?.value === this.#through) return undefined;
    return lost('a rerun that is read through its parents was made again meanwhile');
  }
}
