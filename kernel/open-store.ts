import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import type {Digest} from './fingerprint/fingerprint.js';
import {StatCache} from './fingerprint/stat-cache.js';
import {fail, ok, type Result} from './graph/result.js';
import type {Task} from './graph/work.js';
import {Cache} from './session/cache.js';
import {ChangedContents} from './session/changed-contents.js';
import type {CachePort} from './session/cache-port.js';
import {PlannedCheckpoints, unremoving} from './session/planned-checkpoints.js';
import {StoredCheckpoints} from './session/stored-checkpoints.js';
import {StoredHistory} from './session/stored-history.js';
import {claimPorts} from './session/task-claims.js';
import {UnplacedCheckpoints} from './session/unplaced-checkpoints.js';
import type {StoreProblem} from './store/problem.js';
import {Store} from './store/store.js';
import {isSamePlace, makePlace, noteStore, ownStore, storeOf} from './store/store-place.js';
import type {Verify} from './store/verify.js';

/** What opening the store of a notebook takes. */
export interface NotebookStoreOptions {
  /** The notebook's directory, absolute. */
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How closely hits are looked at, asked each time. */
  readonly verify: () => Verify;
  /** Told when a line could not be written. */
  readonly onProblem: (problem: StoreProblem) => void;
  /** Nothing is made, changed or removed: it is a mere plan. */
  readonly planOnly: boolean;
}

/** A store, and all that reads and writes it for a notebook. */
interface OpenStore {
  readonly store: Store;
  readonly history: StoredHistory;
  readonly cache: CachePort;
  readonly checkpoints: StoredCheckpoints;
  readonly hashes: StatCache;
  /** Flushes everything, and lets go of it. */
  close(): Promise<void>;
}

/**
 * The store of a notebook, which may be moved before it holds anything of this kernel. Whatever needs it asks for {@link current} each time.
 * Where its place can't be used the notebook opens all the same, so that another can be named: its tasks fail until then.
 */
export class NotebookStore {
  readonly #options: NotebookStoreOptions;
  #current: OpenStore;
  /** What was moved away from, while it is being closed. */
  #left: Promise<unknown> = Promise.resolve();
  readonly #contents = new ChangedContents(path => this.digest(path));

  private constructor(options: NotebookStoreOptions, current: OpenStore) {
    this.#options = options;
    this.#current = current;
  }

  /** Opens the store of the notebooks in a directory. The error is one of a machine where nothing can be written at all. */
  static async open(options: NotebookStoreOptions): Promise<Result<NotebookStore, StoreProblem>> {
    const directory = storeOf(options.directory);
    const moved = !options.planOnly && directory !== ownStore(options.directory);
    const made = moved ? makePlace(directory) : ok(undefined);
    const opened = made.ok ? await openPart(directory, options) : made;
    if (opened.ok) return ok(new NotebookStore(options, opened.value));
    try {
      const temporary = mkdtempSync(join(tmpdir(), 'weft-no-store-'));
      const spare = await openPart(temporary, options, opened.error);
      return spare.ok ? ok(new NotebookStore(options, spare.value)) : opened;
    } catch {
      return opened;
    }
  }

  get current(): OpenStore {
    return this.#current;
  }

  /** The digest of a file or of a directory, by content. The error is a sentence. */
  async digest(path: string): Promise<Result<Digest, string>> {
    const {hashes} = this.#current;
    const file = await hashes.digestFile(path);
    if (file.ok) return ok(file.value);
    const tree = file.error.code === 'EISDIR' ? await hashes.digestDirectory(path) : file;
    return tree.ok ? ok(tree.value) : fail(tree.error.message);
  }

  /** Which of some files and directories that a task reads, by absolute paths, has another content by now, in a person's words. */
  changedContents(contents: NonNullable<Task['contents']>, ended: boolean): Promise<string | undefined> {
    return this.#contents.find(contents, ended);
  }

  /**
   * Moves to another directory, and notes it for `weft` and for later kernels. Results stay where they are. Gives false where it is there already.
   * @param path as it was typed; a relative one is below the notebook's directory
   * @param holds says what there is already that lies in the store, or whose place there is fixed
   */
  async move(path: string, holds: () => string | undefined): Promise<Result<boolean, StoreProblem>> {
    const {directory: notebooks, planOnly} = this.#options;
    const directory = resolve(notebooks, path);
    const before = this.#current;
    if (!isSamePlace(directory, before.store.directory)) {
      const refused = refusal(holds, before.store.directory);
      if (refused !== undefined) return fail(refused);
      const made = planOnly ? ok(undefined) : makePlace(directory);
      if (!made.ok) return made;
      const opened = await openPart(directory, this.#options);
      if (!opened.ok) return opened;
      // Code of the cell that goes on beside this line may have made a task meanwhile.
      const late = refusal(holds, before.store.directory);
      if (late !== undefined) {
        await opened.value.close();
        return fail(late);
      }
      this.#current = opened.value;
      this.#left = Promise.all([this.#left, before.close()]);
    }
    const noted = planOnly ? ok(undefined) : noteStore(notebooks, path);
    // Where nothing can be written beside the notebook, its own line still says where the store is.
    if (!noted.ok) this.#options.onProblem(noted.error);
    return ok(this.#current !== before);
  }

  /** Flushes everything, and lets go of it. */
  async close(): Promise<void> {
    await Promise.all([this.#left, this.#current.close()]);
  }
}

function refusal(holds: () => string | undefined, directory: string): StoreProblem | undefined {
  const held = holds();
  if (held === undefined) return undefined;
  return {
    message: `${held}, so the store stays ${directory}`,
    remedy: 'restart the kernel, and put the line before the first task',
  };
}

/** @param unusable why the store can't lie where it should: this one is a spare, in which no task can begin */
async function openPart(
  directory: string,
  {directory: notebooks, environment, verify, onProblem, planOnly}: NotebookStoreOptions,
  unusable?: StoreProblem,
): Promise<Result<OpenStore, StoreProblem>> {
  const opened = await Store.open({directory, notebooks, onProblem, readLater: true, make: !planOnly});
  if (!opened.ok) return opened;
  const store = opened.value;
  const history = new StoredHistory(store);
  const hashes = StatCache.openLater(directory);
  const ports = claimPorts(store.run, environment);
  const checkpoints =
    unusable === undefined
      ? new (planOnly ? PlannedCheckpoints : StoredCheckpoints)(store, verify, ports)
      : new UnplacedCheckpoints(store, verify, ports, unusable);
  const cache = new Cache(store, history.records);
  return ok({
    store,
    history,
    cache: planOnly ? unremoving(cache) : cache,
    checkpoints,
    hashes,
    close: async () => {
      await checkpoints.settled();
      checkpoints.close();
      if (unusable === undefined) await hashes.save();
      await history.records.close();
      await store.close();
      if (unusable !== undefined) rmSync(directory, {recursive: true, force: true});
    },
  });
}
