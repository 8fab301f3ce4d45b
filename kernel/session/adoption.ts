import {hostname, userInfo} from 'node:os';
import {join} from 'node:path';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {labelOf, type Task} from '../graph/work.js';
import type {Scheduler} from '../run/scheduler.js';
import {failureText} from '../show/failure-text.js';
import {editionOf} from '../store/edition.js';
import {publish} from '../store/publish.js';
import type {Store} from '../store/store.js';
import {linkResult} from '../store/take-over.js';
import {checkResult, type Verify} from '../store/verify.js';
import type {TaskNode} from './node.js';
import type {StoredCheckpoints} from './stored-checkpoints.js';
import {newAttemptId} from './attempt-id.js';

/** What adopting results acts on. */
export interface AdoptionPorts {
  readonly scheduler: Scheduler;
  /** The store of the notebook, asked for each time. */
  readonly stores: {readonly current: {readonly store: Store; readonly checkpoints: StoredCheckpoints}};
  /** How closely the old result is looked at. */
  readonly verify: () => Verify;
  /** Nothing is published: it is a mere plan. */
  readonly planOnly?: boolean;
}

/** Who accepts a result: `tjc@login03`. */
const person = (): string => `${userInfo().username}@${hostname()}`;

/** `%adopt NAME`: an earlier result is accepted as that of a task whose recipe is another one by now. */
export class Adoption {
  readonly #ports: AdoptionPorts;

  constructor(ports: AdoptionPorts) {
    this.#ports = ports;
  }

  /**
   * Ends the task if it is under way, and publishes the files of an earlier result under its fingerprint, with a record of who accepted
   * it and what it was. The error is a sentence for a person.
   * @param earlier results of the same name with other recipes, the one that it is compared with first
   */
  async adopt(node: TaskNode, earlier: readonly Manifest[]): Promise<Result<Manifest, string>> {
    const {scheduler, stores} = this.#ports;
    const {store, checkpoints} = stores.current;
    const {entry} = node.inner ?? node;
    if (entry === undefined) return fail('it is not known yet what it is');
    if (entry.state.is === 'done') return fail(`it is done already: there is nothing to accept in its place`);
    const {task} = entry;
    if (node.draft.mutable === true) return fail('it is a person’s rerun, which is never cached');
    const found = await this.#firstGood(task, earlier);
    if (!found.ok || this.#ports.planOnly === true) return found;
    if (!entry.final) {
      scheduler.cancel(entry);
      await entry.ended();
      if (isDone(entry.state)) return fail('it has just ended by itself');
    }
    const attempt = newAttemptId();
    const directory = join(task.work.attempts, `.${task.work.stem}.${attempt}`);
    const claimed = await checkpoints.claim(task, attempt, directory);
    if (!claimed.ok) return fail(failureText(claimed.error).title);
    if (claimed.value.is === 'held') return fail('another kernel is running it');
    if (claimed.value.is === 'orphan')
      return fail('a kernel that has died was running it: run its cell again, which takes that over');
    try {
      // Another kernel may have made it since it was looked for.
      await checkpoints.refresh();
      const there = store.lookup(task.fingerprint);
      if (there !== undefined && (await checkResult(there, this.#ports.verify())).ok)
        return fail('it has a result of its own by now: run its cell again');
      return await this.#publish(task, found.value, directory);
    } finally {
      await checkpoints.release(task);
    }
  }

  /** The first earlier result that is still there, as it was recorded. */
  async #firstGood(task: Task, earlier: readonly Manifest[]): Promise<Result<Manifest, string>> {
    const {verify} = this.#ports;
    const {store} = this.#ports.stores.current;
    let why = `there is no earlier result of ${labelOf(task)}`;
    for (const manifest of earlier) {
      if ((manifest.directory === undefined) !== (task.work.directory === undefined)) continue;
      const recorded = store.lookup(manifest.fingerprint);
      if (recorded === undefined) {
        why = `the earlier result of ${labelOf(task)} was removed`;
        continue;
      }
      const good = await checkResult(recorded, verify());
      if (good.ok) return ok(good.value.manifest);
      why = `the earlier result of ${labelOf(task)} is not what it was: ${good.error.message}`;
    }
    return fail(why);
  }

  async #publish(task: Task, old: Manifest, attempt: string): Promise<Result<Manifest, string>> {
    const {scheduler, stores} = this.#ports;
    const {store, checkpoints} = stores.current;
    const {fingerprint, recipe, work} = task;
    const {startedAt, endedAt, host, exit, value, log} = old;
    const known = {
      fingerprint,
      recipe,
      label: labelOf(task),
      read: scheduler.editions(task),
      exit,
      startedAt,
      endedAt,
      host,
      ...(value === undefined ? {} : {value}),
      adopted: person(),
      adoptedFrom: old.fingerprint,
    };
    const previous = store.previous(fingerprint);
    if (work.directory === undefined || old.directory === undefined) {
      const edition = editionOf(known, [], previous, true);
      const manifest: Manifest = {version: 1, ...known, edition, outputs: [], ...(log === undefined ? {} : {log})};
      store.recordResult(manifest);
      return ok(manifest);
    }
    const linked = await linkResult({...old, directory: old.directory}, attempt);
    const published = linked.ok
      ? await publish({
          attempt,
          final: work.directory,
          manifest: known,
          outputs: old.outputs.map(({path}) => path),
          previous,
          force: true,
        })
      : linked;
    if (!published.ok) {
      await checkpoints.discard(attempt);
      return fail(published.error.message);
    }
    store.recordResult(published.value.manifest);
    return ok(published.value.manifest);
  }
}

// Read by a function: it changes during an await, which the checker's narrowing does not see.
const isDone = (state: {readonly is: string}): boolean => state.is === 'done';
