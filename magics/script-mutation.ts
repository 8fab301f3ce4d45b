import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {Mount} from '../kernel/graph/container.js';
import type {Failure} from '../kernel/graph/failure.js';
import type {Manifest} from '../kernel/graph/manifest.js';
import {shortOf} from '../kernel/graph/recipe.js';
import {ok, type Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome, Work} from '../kernel/graph/work.js';
import {CHANGES, RootChanges} from './lsst/root-changes.js';
import type {ScriptWork} from './script-work.js';

/**
 * How a script runs that changes a root repository (`--mutates`, LANGUAGE 8 and 9). Its result lies in the root, so that all notebooks that
 * use it find it, and lists the rows and files that the script made there.
 */
export class MutatingWork implements Work {
  readonly directory: string;
  readonly attempts: string;
  readonly stem: string;
  readonly claims: string;
  readonly stdout?: string;
  readonly explain?: (log: string) => string | undefined;
  readonly #script: ScriptWork;
  readonly #root: string;
  readonly #changes: RootChanges;

  constructor(script: ScriptWork, name: string, root: string, fingerprint: Fingerprint) {
    this.#script = script;
    this.#root = root;
    this.attempts = join(root, '.weft');
    this.stem = `${name}-${shortOf(fingerprint)}`;
    this.directory = join(this.attempts, this.stem);
    this.#changes = new RootChanges(root, this.directory);
    this.claims = join(this.attempts, 'claims');
    if (script.stdout !== undefined) this.stdout = script.stdout;
    if (script.explain !== undefined) this.explain = log => script.explain?.(log);
  }

  async prepare(attempt: Attempt): Promise<Result<string | undefined, Failure>> {
    await this.#changes.begin(attempt.directory);
    return this.#script.prepare(attempt);
  }

  /** All of the root may be written, but results that are published. */
  mounts(): readonly Mount[] {
    const published = [join(this.#root, 'rerun'), join(this.#root, '.weft')].filter(place => existsSync(place));
    return [
      ...this.#script.mounts(),
      {source: this.#root, target: this.#root, write: true},
      ...published.map(place => ({source: place, target: place, write: false})),
    ];
  }

  async finish(attempt: Attempt, log: string): Promise<Result<Outcome, Failure>> {
    const done = await this.#script.finish(attempt, log);
    if (!done.ok) return done;
    await this.#changes.end(attempt.directory);
    return ok({
      ...done.value,
      outputs: [...(done.value.outputs ?? []).filter(name => name !== CHANGES), CHANGES].sort(),
    });
  }

  async recheck(manifest: Manifest): Promise<string | undefined> {
    return (await this.#script.recheck(manifest)) ?? this.#changes.recheck(manifest);
  }
}
