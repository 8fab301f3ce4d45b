import {existsSync} from 'node:fs';
import {mkdir, readdir, writeFile} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {v7 as uuid} from 'uuid';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import {Slice} from '../fingerprint/slice.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import {shortOf, type Recipe} from '../graph/recipe.js';
import {fail, ok, type Result} from '../graph/result.js';
import {Claims} from './claim.js';
import {compactJournals} from './compact.js';
import {stampOf} from '../machine/process-life.js';
import {JournalIndex} from './journal-index.js';
import {JournalReader} from './journal-reader.js';
import {
  JOURNAL_VERSION,
  type FailedRecord,
  type ResultRecord,
  type RunRecord,
  type Stamp,
  type TaskRecord,
} from './journal-record.js';
import {JournalWriter} from './journal-writer.js';
import {writeProblem, type StoreProblem} from './problem.js';
import type {Evidence} from './evidence.js';
import {portable, resultLine} from './result-line.js';

/** How a store is opened. */
export interface StoreOptions {
  /** `.weft` beside the notebook, or what `%config store` names. Made if it is not there. */
  readonly directory: string;
  /** The directory of the notebooks; that of the store lies in it unless this is given. */
  readonly notebooks?: string;
  /** The notebook's path, for the journal. */
  readonly notebook?: string;
  /** False: a directory that is not there is not made, and has nothing. */
  readonly make?: boolean;
  /** Told when a line could not be written, as nobody waits for it. */
  readonly onProblem?: (problem: StoreProblem) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Opens before the journals are read, which is done meanwhile: {@link Store.known} waits for it. */
  readonly readLater?: boolean;
}

/** A line about a task, without what the store itself fills in. */
type News = Exclude<TaskRecord, ResultRecord> extends infer R ? (R extends TaskRecord ? Omit<R, 'at'> : never) : never;

/**
 * The memory of one notebook: what its runs, and those of other kernels on the same store, have made and found.
 * The journals are the truth of history; whether a result still lies where it was is asked of its files (`checkResult`).
 * All of it is in memory after {@link open}, or after {@link known} where it is read later; recording never waits, {@link flush} does.
 */
export class Store {
  readonly directory: string;
  /** The directory of the notebooks: where `weft.lock` lies. */
  readonly notebooks: string;
  /** This run's uuid v7. */
  readonly run: string;
  /** Claims to tasks whose results lie in this store, or nowhere. */
  readonly claims: Claims;
  readonly #index: JournalIndex;
  readonly #reader: JournalReader;
  readonly #writer: JournalWriter;
  readonly #notebook: string | undefined;
  readonly #now: () => number;
  #last: Stamp = 0;
  /** The first reading, while it lasts. */
  #reading: Promise<unknown> | undefined;

  private constructor({directory, notebooks, notebook, onProblem, now}: StoreOptions) {
    this.directory = resolve(directory);
    this.notebooks = notebooks ?? dirname(this.directory);
    this.run = uuid();
    this.claims = new Claims(join(this.directory, 'claims'));
    this.#notebook = notebook;
    this.#now = now ?? Date.now;
    const runs = join(this.directory, 'runs');
    const name = `${this.run}.jsonl`;
    this.#index = new JournalIndex(this.directory);
    this.#reader = new JournalReader(runs, this.#index, name);
    this.#writer = new JournalWriter(join(runs, name), onProblem ?? (() => undefined));
  }

  /** Opens a store and reads all its journals. The error is one of a directory that can't be made. */
  static async open(options: StoreOptions): Promise<Result<Store, StoreProblem>> {
    const store = new Store(options);
    try {
      const made = options.make === false ? undefined : await mkdir(store.directory, {recursive: true});
      // Results are no source code: git need not see them. What was typed may lie there already.
      const isNew = made !== undefined || (options.make !== false && !existsSync(join(store.directory, 'runs')));
      if (isNew && basename(store.directory) === '.weft') {
        await writeFile(join(store.directory, '.gitignore'), '*\n', {flag: 'wx'}).catch(() => undefined);
      }
    } catch (error) {
      return fail(writeProblem(store.directory, error));
    }
    if (options.readLater === true)
      store.#reading = store.#reader.refreshGently().then(() => (store.#reading = undefined));
    else await store.refresh();
    return ok(store);
  }

  /** Lines of journals that could not be understood. */
  get unreadable(): number {
    return this.#index.unreadable;
  }

  /** Resolves when all that the journals held when it was opened is in memory; from now on that is in a hurry. */
  async known(): Promise<void> {
    if (this.#reading !== undefined) await this.refresh();
  }

  /** Reads what other kernels have written since. */
  refresh(): Promise<void> {
    return this.#reader.refresh();
  }

  /** The same where nobody waits for it. */
  refreshGently(): Promise<void> {
    return this.#reader.refreshGently();
  }

  /** The recorded result of a task. It is a hit only once its files were checked. */
  lookup(fingerprint: Fingerprint): Manifest | undefined {
    return this.#index.manifest(fingerprint);
  }

  /** What the result of a task is checked by, where that is to be had at once, and it read nothing. */
  evidence(fingerprint: Fingerprint): Evidence | undefined {
    return this.#index.evidence(fingerprint);
  }

  /** The last result of a task, though it was removed: who makes it again goes on from its edition. */
  previous(fingerprint: Fingerprint): Manifest | undefined {
    return this.#index.lastManifest(fingerprint);
  }

  /** The last results of all tasks that bear one of these labels, though they were removed. Looked for in slices. */
  async labelled(labels: Iterable<string>): Promise<readonly Manifest[]> {
    const wanted = new Set(labels);
    const found: Manifest[] = [];
    const slice = new Slice();
    for (const fingerprint of this.#index.mayBear(wanted)) {
      if (slice.over) await slice.rest();
      const manifest = this.#index.lastManifest(fingerprint);
      if (manifest !== undefined && wanted.has(manifest.label)) found.push(manifest);
    }
    return found;
  }

  /** How long tasks of a name took lately, milliseconds, in no order; of a script without a name, those of its text. */
  durations(name: string, recipe?: Recipe): readonly number[] {
    return this.#index.durations.of(name, recipe);
  }

  /** How a task failed, unless it succeeded, was cancelled or was forgotten since. */
  failure(fingerprint: Fingerprint): FailedRecord | undefined {
    return this.#index.failure(fingerprint);
  }

  /** All tasks that anything is known of. */
  fingerprints(): IterableIterator<Fingerprint> {
    return this.#index.fingerprints();
  }

  /** Records that a task succeeded; for a value without files this line is its publication. */
  recordResult(manifest: Manifest): void {
    const own = portable(manifest, this.directory);
    this.#append(manifest.fingerprint, at => resultLine(at, own));
  }

  /** Records stamps that were found to be other ones of the same content, as `checkResult` gives them. */
  recordRenewed({fingerprint, edition, endedAt, outputs}: Manifest): void {
    this.#record({is: 'renewed', fingerprint, edition, endedAt, mtimesNs: outputs.map(({mtimeNs}) => mtimeNs)});
  }

  /** Records that a task failed. Times are milliseconds since the epoch. */
  recordFailure(
    fingerprint: Fingerprint,
    label: string,
    failure: Failure,
    times: {readonly startedAt?: number; readonly endedAt: number},
  ): void {
    this.#record({is: 'failed', fingerprint, label, failure, run: this.run, ...times});
  }

  /** Records that a task was cancelled. */
  recordCancelled(fingerprint: Fingerprint, label: string): void {
    this.#record({is: 'cancelled', fingerprint, label});
  }

  /** Records that a result was taken away: it is no hit any more, and neither is a failure remembered. */
  recordRemoved(fingerprint: Fingerprint): void {
    this.#record({is: 'removed', fingerprint});
  }

  /** The directory of a result in the store, `work/<aa>/<task>-<hash12>`; it need not exist. */
  workDirectory(name: string, fingerprint: Fingerprint): string {
    return join(this.directory, 'work', fingerprint.slice(0, 2), `${name}-${shortOf(fingerprint)}`);
  }

  /** How tasks failed, as far as nothing came after it. */
  *failures(): Iterable<FailedRecord> {
    for (const fingerprint of this.#index.failed()) {
      const failed = this.#index.failure(fingerprint);
      if (failed !== undefined) yield failed;
    }
  }

  /** The directories in which attempts of this store's tasks are made. */
  async attemptDirectories(): Promise<readonly string[]> {
    const work = join(this.directory, 'work');
    const names = await readdir(work).catch(() => []);
    return [join(this.directory, 'scratch'), ...names.map(name => join(work, name))];
  }

  /** Puts old journals together, if there are many. For a quiet moment; gives how many there were. */
  compact(limit?: number): Promise<Result<number, StoreProblem>> {
    return compactJournals(join(this.directory, 'runs'), `${this.run}.jsonl`, limit);
  }

  /** Waits until all that was recorded is on the disk. */
  flush(): Promise<Result<undefined, StoreProblem>> {
    return this.#writer.flush();
  }

  /** Flushes and lets go of the journal. Nothing may be recorded afterwards. */
  async close(): Promise<Result<undefined, StoreProblem>> {
    const closed = await this.#writer.close();
    await this.#reader.stop();
    this.#index.close();
    return closed;
  }

  #record({is, fingerprint, ...rest}: News): void {
    // A record begins with these three, for who reads lines without parsing them.
    this.#append(fingerprint, at => JSON.stringify({is, fingerprint, at, ...rest}));
  }

  #append(fingerprint: Fingerprint, lineAt: (at: Stamp) => string): void {
    if (this.#last === 0) this.#writer.append(JSON.stringify(this.#header()));
    const line = lineAt(this.#stamp(this.#index.lastStamp(fingerprint)));
    this.#writer.append(line);
    this.#index.add(line);
  }

  #header(): RunRecord {
    const stamp = stampOf();
    return {
      is: 'run',
      version: JOURNAL_VERSION,
      run: this.run,
      at: this.#stamp(0),
      host: stamp?.host ?? '',
      pid: process.pid,
      startTime: stamp?.startTime ?? '',
      bootId: stamp?.bootId ?? '',
      ...(stamp?.space === undefined ? {} : {space: stamp.space}),
      ...(this.#notebook === undefined ? {} : {notebook: this.#notebook}),
    };
  }

  /** Later than all that we wrote, and than what we know of the task, whatever other hosts' clocks say. */
  #stamp(known: Stamp): Stamp {
    const at = Math.max(this.#now(), this.#last + 0.001, known + 0.001);
    this.#last = Math.round(at * 1000) / 1000;
    return this.#last;
  }
}
