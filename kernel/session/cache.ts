import {createHash, randomUUID} from 'node:crypto';
import {existsSync, readdirSync} from 'node:fs';
import {readdir, rename, rm} from 'node:fs/promises';
import {basename, dirname, join, sep} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import {shortOf} from '../graph/recipe.js';
import {fail, ok, type Result} from '../graph/result.js';
import {Claims, type ClaimContent} from '../store/claim.js';
import {isAlive} from '../machine/process-life.js';
import {findLeftovers} from '../store/leftovers.js';
import {tasksOfLiveRuns} from '../store/live-runs.js';
import {readManifest} from '../store/manifest-file.js';
import {Pins} from '../store/pins.js';
import {reachable} from '../store/reachable.js';
import {manifestsIn} from '../store/rebuild.js';
import type {History} from '../store/history.js';
import type {Store} from '../store/store.js';
import {checkResult} from '../store/verify.js';
import {exportResults} from './cache-export.js';
import {importResults, type ImportOptions} from './cache-import.js';
import {listedResults, newestFirst, resultOf} from './cached-results.js';
import type {BadResult, CachedResult, CachePort, CleanUp, Exported, Imported, Keep} from './cache-port.js';
import {readHolder} from './holder-file.js';

/** Where the pins of a root's reruns lie among them: a directory for each store that has some. */
const PINS = '.pins';

/** The checkpoints of a store, looked after. */
export class Cache implements CachePort {
  readonly #store: Store;
  readonly #history: History;
  readonly #pins: Pins;
  /** The store among those that have pins in a root. */
  readonly #name: string;

  constructor(store: Store, history: History) {
    this.#store = store;
    this.#history = history;
    this.#pins = new Pins(join(store.directory, 'pins'));
    this.#name = createHash('sha256').update(store.directory).digest('hex').slice(0, 16);
  }

  async list(): Promise<readonly CachedResult[]> {
    await this.#store.flush();
    return listedResults(this.#store.directory, this.#history);
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

  pin<T extends {readonly fingerprint: Fingerprint; readonly label: string}>(
    results: readonly T[],
    on: boolean,
  ): Result<readonly T[], string> {
    const changed: T[] = [];
    // What is named twice has changed once.
    const once = new Set<Fingerprint>();
    for (const result of results) {
      const {fingerprint, label} = result;
      const directory = this.#store.lookup(fingerprint)?.directory;
      const reruns = directory === undefined || claimsBeside(directory) === undefined ? undefined : dirname(directory);
      // Other notebooks use the same root, and do not look into this store.
      const beside = reruns === undefined ? undefined : new Pins(join(reruns, PINS, this.#name));
      const done = on ? this.#pins.add(fingerprint, label) : this.#pins.remove(fingerprint);
      if (!done.ok) return fail(done.error.message);
      // Where that may not be written, it is a pin of this store.
      if (on) beside?.add(fingerprint, label);
      else beside?.remove(fingerprint);
      if (done.value === false && !once.has(fingerprint)) continue;
      once.add(fingerprint);
      changed.push(result);
    }
    return ok(changed);
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
    // What another kernel has in its notebook is in use, though it runs nothing now.
    const lent = await tasksOfLiveRuns(this.#store.directory, this.#store.run);
    const pinned = [...this.#pins.all(), ...pinsBeside(places.keys())];
    const held = [...(keep.by === 'notebook' ? keep.reached : []), ...pinned, ...lent, ...foreign];
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
    const places = this.#places(plan.results);
    const pinned = new Set([...this.#pins.all(), ...pinsBeside(places.keys())]);
    const claims = [...places.values()].map(place => place.claims);
    let results = 0;
    for (const {fingerprint, directory} of plan.results) {
      if (directory === undefined || pinned.has(fingerprint)) continue;
      // Who has begun a task since may be reading it.
      if (this.#busy(claims) !== undefined) break;
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
    return {results, leftovers: plan.leftovers.filter(path => !existsSync(path)).length};
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
    const going = unreached.filter(({fingerprint}) => keep.all || keep.asked(fingerprint));
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

/**
 * Whether a clean-up may take a result: one that Weft named, in the store or among Weft's reruns of a root. A person's rerun,
 * the root itself and what was done to it are none.
 */
function isOurs({directory, fingerprint}: CachedResult, store: string): boolean {
  if (directory?.endsWith(`-${shortOf(fingerprint)}`) !== true) return false;
  return directory.startsWith(join(store, 'work') + sep) || claimsBeside(directory) !== undefined;
}

/** What all notebooks have pinned among the reruns of roots. */
function* pinsBeside(places: Iterable<string>): Iterable<Fingerprint> {
  for (const place of places) {
    const directory = join(place, PINS);
    if (!existsSync(directory)) continue;
    for (const name of readdirSync(directory)) yield* new Pins(join(directory, name)).all();
  }
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
  const holder = runner ?? readHolder(directory);
  return holder === undefined || isAlive(holder) === 'dead';
}

async function discard(path: string): Promise<void> {
  await rm(path, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
}
