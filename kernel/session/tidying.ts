import {existsSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import type {Manifest} from '../graph/manifest.js';
import type {AttemptId} from '../graph/task.js';
import type {Work} from '../graph/work.js';
import type {Claim, Claims} from '../store/claim.js';
import {attemptIn, removeLeftovers} from '../store/leftovers.js';
import type {Store} from '../store/store.js';
import type {TaskClaims} from './task-claims.js';

const DAY = 86_400_000;

/** Milliseconds for which the log of a failure is kept, and for which an attempt among those of other stores is not touched. */
const KEPT = 14 * DAY;

/** Takes away what earlier kernels have left, while this one does other things. Never what somebody has, or wants to read. */
export class Tidying {
  readonly #store: Store;
  readonly #claims: TaskClaims;
  /** Directories of attempts outside of the store that were seen to. */
  readonly #seen = new Set<string>();
  #running: Promise<unknown> = Promise.resolve();
  /** How much of it is not over. */
  #left = 0;

  /**
   * Begins with the store.
   * @param now false: nothing is looked after until it is visited
   */
  constructor(store: Store, claims: TaskClaims, now = true) {
    this.#store = store;
    this.#claims = claims;
    if (now) this.#begin(() => this.#tidyStore());
  }

  /** Resolves when all that was begun has ended: from now on somebody waits for it. */
  async settled(): Promise<void> {
    if (this.#left > 0) await this.#store.known();
    await this.#running;
  }

  /** Sees to the place of a task that lies in a root repository, once. */
  visit({claims, attempts}: Pick<Work, 'claims' | 'attempts'>): void {
    if (this.#seen.has(attempts) || attempts.startsWith(`${this.#store.directory}/`)) return;
    this.#seen.add(attempts);
    // Other notebooks use the root too, and what they know of their failures is not known here.
    const places = {...this.#places(claims), attempts: [attempts], age: KEPT};
    this.#begin(async () => {
      await this.#putAwayDone(this.#claims.in(claims));
      await removeLeftovers(places);
    });
  }

  #begin(work: () => Promise<void>): void {
    this.#left++;
    this.#running = this.#running
      .then(work)
      .catch(() => undefined)
      .finally(() => this.#left--);
  }

  /** Removes the claim of a dead kernel, and its attempt, where the result of that is there. */
  async putAway(claims: Claims, {content, ...claim}: Claim, {endedAt}: Manifest): Promise<void> {
    if (content === undefined || this.#claims.ports.isAlive(content.kernel) !== 'dead') return;
    // An attempt that was made after this result was there is another one, and may run on; one that has no directory has never begun.
    if (!(Date.parse(endedAt) >= madeAt(content.attempt)) && existsSync(content.directory)) return;
    await rm(content.directory, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
    claims.release({content, ...claim});
  }

  async #tidyStore(): Promise<void> {
    const claims = this.#claims.in(this.#store.claims.directory);
    await this.#putAwayDone(claims);
    const attempts = await this.#store.attemptDirectories();
    const mark = join(claims.directory, '.looked');
    await removeLeftovers({...this.#places(claims.directory), attempts, mark});
    await this.#store.compact();
  }

  /** Puts away the claims of dead kernels on what is known to be done. */
  async #putAwayDone(claims: Claims): Promise<void> {
    const held = claims.list();
    if (held.length > 0) await this.#store.refreshGently();
    for (const claim of held) {
      const manifest = this.#store.lookup(claim.fingerprint);
      if (manifest !== undefined) await this.putAway(claims, claim, manifest);
    }
  }

  #places(claims: string): Pick<Parameters<typeof removeLeftovers>[0], 'claims' | 'claimed' | 'kept'> {
    return {
      claims,
      claimed: () =>
        this.#claims
          .in(claims)
          .list()
          .map(({content}) => content),
      kept: async () => {
        await this.#store.refreshGently();
        const logs = [...this.#store.failures()].flatMap(({failure, endedAt}) =>
          'log' in failure && Date.now() - endedAt < KEPT ? [failure.log] : [],
        );
        return new Set(logs.flatMap(log => attemptIn(basename(dirname(log))) ?? []));
      },
    };
  }
}

/** When an attempt was made, milliseconds since the epoch, by its uuid v7 (RFC 9562, section 5.7). */
const madeAt = (attempt: AttemptId): number => parseInt(attempt.replace('-', '').slice(0, 12), 16);
