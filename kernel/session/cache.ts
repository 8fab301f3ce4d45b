import {randomUUID} from 'node:crypto';
import {existsSync, readFileSync} from 'node:fs';
import {readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join, sep} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Holder} from '../graph/holder.js';
import type {Manifest} from '../graph/manifest.js';
import {shortOf} from '../graph/recipe.js';
import {fail, ok, type Result} from '../graph/result.js';
import {Claims, type ClaimContent} from '../store/claim.js';
import {isAlive} from '../machine/process-life.js';
import {findLeftovers} from '../store/leftovers.js';
import {readManifest} from '../store/manifest-file.js';
import {Pins} from '../store/pins.js';
import {reachable} from '../store/reachable.js';
import {manifestsIn} from '../store/rebuild.js';
import type {History} from '../store/history.js';
import type {Store} from '../store/store.js';
import {checkResult} from '../store/verify.js';
import {exportResults} from './cache-export.js';
import {importResults, type ImportOptions} from './cache-import.js';
import type {BadResult, CachedResult, CachePort, CleanUp, Exported, Imported, Keep} from './cache-port.js';
import {RUNNER} from './task-claims.js';

/** The checkpoints of a store, looked after. */
export class Cache implements CachePort {
  readonly #store: Store;
  readonly #history: History;
  readonly #pins: Pins;

  constructor(store: Store, history: History) {
    this.#store = store;
    this.#history = history;
    this.#pins = new Pins(join(store.directory, 'pins'));
  }

  async list(): Promise<readonly CachedResult[]> {
    await this.#store.flush();
    return (await indexedResults(this.#store.directory, this.#history)) ?? this.#all();
  }

  /** All results, by the journals alone: what is decided does not rest on an index. */
  async #all(): Promise<readonly CachedResult[]> {
    await this.#store.refresh();
    const pinned = this.#pins.all();
    const results = [...this.#manifests().values()].map(manifest =>
      resultOf(manifest, pinned.has(manifest.fingerprint)),
    );
    return newestFirst(results);
  }

  async verify(how: 'size' | 'mtime' | 'content', signal?: AbortSignal): Promise<readonly BadResult[]> {
    const bad: BadResult[] = [];
    for (const result of await this.#all()) {
      if (signal?.aborted === true) break;
      const manifest = this.#store.lookup(result.fingerprint);
      if (manifest === undefined) continue;
      const checked = await checkResult(manifest, how);
      if (!checked.ok) bad.push({result, message: checked.error.message});
      else if (checked.value.renewed) this.#store.recordRenewed(checked.value.manifest);
    }
    return bad;
  }

  pin(
    results: readonly {readonly fingerprint: Fingerprint; readonly label: string}[],
    on: boolean,
  ): Result<undefined, string> {
    for (const {fingerprint, label} of results) {
      const done = on ? this.#pins.add(fingerprint, label) : this.#pins.remove(fingerprint);
      if (!done.ok) return fail(done.error.message);
    }
    return ok(undefined);
  }

  async plan(keep: Keep): Promise<CleanUp> {
    const all = await this.#all();
    const manifests = this.#manifests();
    const own = all.filter(result => isOurs(result, this.#store.directory));
    const {going, unasked} = this.#choose(keep, own, manifests);
    const places = this.#places(all);
    // What lies beside ours and is known to others only has parents too.
    const foreign: Fingerprint[] = [];
    const known = new Map(manifests);
    for await (const manifest of manifestsIn(
      [...places].filter(([, {ours}]) => !ours).map(([directory]) => directory),
    )) {
      if (known.has(manifest.fingerprint)) continue;
      known.set(manifest.fingerprint, manifest);
      foreign.push(manifest.fingerprint);
    }
    const staying = all.flatMap(({fingerprint}) => (going.has(fingerprint) ? [] : [fingerprint]));
    const held = [...(keep.by === 'notebook' ? keep.reached : []), ...this.#pins.all(), ...foreign];
    const firm = reachable(held, known);
    // What stays though no cell asked for it has parents too.
    const stays = reachable([...held, ...staying], known);
    const busy = this.#busy([...places.values()].map(({claims}) => claims));
    const results =
      busy === undefined ? own.filter(({fingerprint}) => going.has(fingerprint) && !stays.has(fingerprint)) : [];
    return {
      results,
      leftovers: await this.#leftovers(places),
      unasked: unasked.filter(fingerprint => !firm.has(fingerprint)).length,
      ...(busy === undefined ? {} : {busy}),
    };
  }

  async remove(plan: CleanUp): Promise<{readonly results: number; readonly leftovers: number}> {
    const pinned = this.#pins.all();
    let results = 0;
    for (const {fingerprint, directory} of plan.results) {
      if (directory === undefined || pinned.has(fingerprint)) continue;
      const read = await readManifest(directory);
      const claimed = new Claims(claimsBeside(directory) ?? this.#store.claims.directory).read(fingerprint);
      // Only what is that result, by its own word, and what nobody is making again.
      if (!read.ok || read.value.fingerprint !== fingerprint || claimed !== undefined) continue;
      // First out of its name, in one step: nobody finds half of it.
      const aside = join(dirname(directory), `.dead-${randomUUID()}-${basename(directory)}`);
      try {
        await rename(directory, aside);
      } catch {
        continue;
      }
      this.#store.recordRemoved(fingerprint);
      await discard(aside);
      results++;
    }
    for (const path of plan.leftovers) await discard(path);
    await this.#store.flush();
    return {results, leftovers: plan.leftovers.length};
  }

  async rebuild(directories: readonly string[] = []): Promise<number> {
    const all = await this.#all();
    const places = new Set([...directories, ...this.#places(all).keys(), ...(await this.#store.attemptDirectories())]);
    let count = 0;
    for await (const manifest of manifestsIn(places)) {
      if (this.#store.lookup(manifest.fingerprint) !== undefined) continue;
      this.#store.recordResult(manifest);
      count++;
    }
    await this.#store.flush();
    return count;
  }

  async export(file: string, from: Iterable<Fingerprint>): Promise<Result<Exported, string>> {
    await this.#store.refresh();
    return exportResults(this.#store, file, from, this.#manifests());
  }

  import(file: string, options: ImportOptions): Promise<Result<Imported, string>> {
    return importResults(this.#store, file, options);
  }

  #manifests(): ReadonlyMap<Fingerprint, Manifest> {
    const found = new Map<Fingerprint, Manifest>();
    for (const fingerprint of this.#store.fingerprints()) {
      const manifest = this.#store.lookup(fingerprint);
      if (manifest !== undefined) found.set(fingerprint, manifest);
    }
    return found;
  }

  #choose(
    keep: Keep,
    own: readonly CachedResult[],
    manifests: ReadonlyMap<Fingerprint, Manifest>,
  ): {readonly going: ReadonlySet<Fingerprint>; readonly unasked: readonly Fingerprint[]} {
    if (keep.by === 'age') {
      const {older, bytes = Infinity} = keep;
      let total = 0;
      const going = own.filter(result => {
        total += result.bytes;
        return Date.now() - Date.parse(result.endedAt) > older || total > bytes;
      });
      return {going: new Set(going.map(({fingerprint}) => fingerprint)), unasked: []};
    }
    const reached = reachable(keep.reached, manifests);
    const unreached = own.filter(({fingerprint}) => !reached.has(fingerprint));
    const going = unreached.filter(result => keep.all || keep.asked(result));
    const unasked = unreached.filter(result => !going.includes(result)).map(({fingerprint}) => fingerprint);
    return {going: new Set(going.map(({fingerprint}) => fingerprint)), unasked};
  }

  /** Where results lie, and where the claims of that place are. */
  #places(results: readonly CachedResult[]): ReadonlyMap<string, {readonly claims: string; readonly ours: boolean}> {
    const places = new Map([[join(this.#store.directory, 'work'), {claims: this.#store.claims.directory, ours: true}]]);
    for (const {directory} of results) {
      const beside = directory === undefined ? undefined : claimsBeside(directory);
      if (directory !== undefined && beside !== undefined)
        places.set(dirname(directory), {claims: beside, ours: false});
    }
    return places;
  }

  /** Who runs tasks in these places besides this kernel, and might read what nothing here reaches. */
  #busy(claims: readonly string[]): string | undefined {
    for (const directory of claims) {
      for (const {content} of new Claims(directory).list()) {
        if (content === undefined || content.beat === this.#store.run || isOver(content)) continue;
        const {kernel, attempt} = content;
        return `process ${kernel.pid} on ${kernel.host} has the attempt ${attempt}`;
      }
    }
    return undefined;
  }

  async #leftovers(
    places: ReadonlyMap<string, {readonly claims: string; readonly ours: boolean}>,
  ): Promise<readonly string[]> {
    const found: string[] = [];
    for (const [directory, {claims, ours}] of places) {
      const attempts = ours ? await this.#store.attemptDirectories() : [directory];
      const claimed = (): (ClaimContent | undefined)[] => new Claims(claims).list().map(({content}) => content);
      // Logs of failures go too, but in a root others may want to read theirs.
      const age = ours ? {} : {age: 14 * 86_400_000};
      found.push(...(await findLeftovers({claims, claimed, attempts, kept: () => Promise.resolve(new Set()), ...age})));
      for (const one of attempts) {
        const names = await readdir(one).catch(() => []);
        if (ours) found.push(...names.filter(name => name.startsWith('.dead-')).map(name => join(one, name)));
      }
    }
    return found;
  }
}

/** The results of a store as its index has them, the newest first; undefined where there is none. */
export async function indexedResults(store: string, history: History): Promise<readonly CachedResult[] | undefined> {
  const results = await history.results();
  if (results === undefined) return undefined;
  const pinned = new Pins(join(store, 'pins')).all();
  return results.map(result => ({...result, pinned: pinned.has(result.fingerprint)}));
}

const newestFirst = (results: readonly CachedResult[]): readonly CachedResult[] =>
  [...results].sort((a, b) =>
    a.endedAt === b.endedAt ? (a.fingerprint < b.fingerprint ? -1 : 1) : a.endedAt < b.endedAt ? 1 : -1,
  );

const resultOf = (manifest: Manifest, pinned: boolean): CachedResult => ({
  fingerprint: manifest.fingerprint,
  label: manifest.label,
  endedAt: manifest.endedAt,
  took: Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt),
  files: manifest.outputs.length,
  bytes: manifest.outputs.reduce((sum, {size}) => sum + size, 0),
  ...(manifest.directory === undefined ? {} : {directory: manifest.directory}),
  edition: manifest.edition,
  pinned,
});

/**
 * Whether a clean-up may take a result: one that Weft named, in the store or among Weft's reruns of a root. A person's rerun,
 * the root itself and what was done to it are none.
 */
function isOurs({directory, fingerprint}: CachedResult, store: string): boolean {
  if (directory?.endsWith(`-${shortOf(fingerprint)}`) !== true) return false;
  return directory.startsWith(join(store, 'work') + sep) || claimsBeside(directory) !== undefined;
}

/** The claims to the results of a root that lie beside this one; undefined for a result elsewhere. */
function claimsBeside(directory: string): string | undefined {
  const reruns = dirname(directory);
  return reruns.endsWith(join(sep, 'rerun', 'weft')) ? join(reruns, '.claims') : undefined;
}

/** Whether neither the kernel of a claim nor its job can run any more. */
function isOver({kernel, directory, runner}: ClaimContent): boolean {
  if (isAlive(kernel) !== 'dead') return false;
  if (existsSync(join(directory, '.weft.exit'))) return true;
  const holder = runner ?? holderIn(directory);
  return holder === undefined || isAlive(holder) === 'dead';
}

function holderIn(directory: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RUNNER), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

async function discard(path: string): Promise<void> {
  await rm(path, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
}
