import {existsSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {randomUUID} from 'node:crypto';
import {rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Holder, ProcessStamp} from '../graph/holder.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import {labelOf, type Task} from '../graph/work.js';
import type {Checkpoints, Claim, Claimed, Publication, RecordedFailure} from '../run/checkpoints.js';
import {readTail} from '../run/launch.js';
import {Claims, type Claim as StoreClaim, type Claiming} from '../store/claim.js';
import {isAlive, stampOf} from '../store/host.js';
import {readManifest} from '../store/manifest-file.js';
import {publish} from '../store/publish.js';
import type {StoreProblem} from '../store/problem.js';
import type {Store} from '../store/store.js';
import {checkResult, type Verify} from '../store/verify.js';

/** The file in an attempt's directory that names its runner. */
const RUNNER = '.weft.runner';

/** Bytes of a log that a value's record keeps, as it has no file. */
const INLINE_LOG = 4096;

/** The scheduler's port to a store: results, claims and failures on disk. */
export class StoredCheckpoints implements Checkpoints {
  readonly #store: Store;
  readonly #verify: () => Verify;
  readonly #kernel: ProcessStamp;
  readonly #claims = new Map<string, Claims>();
  readonly #held = new Map<Fingerprint, StoreClaim>();
  readonly #leaving = new Map<Fingerprint, Promise<void>>();

  /** @param verify how closely hits are looked at, asked each time */
  constructor(store: Store, verify: () => Verify) {
    this.#store = store;
    this.#verify = verify;
    this.#kernel = stampOf() ?? {pid: process.pid, startTime: '', host: '', bootId: ''};
  }

  lookup(fingerprint: Fingerprint): Manifest | undefined {
    return this.#store.lookup(fingerprint);
  }

  async check(manifest: Manifest): Promise<Result<Manifest, string>> {
    const checked = await checkResult(manifest, this.#verify());
    if (checked.ok) {
      if (checked.value.renewed) this.#store.recordRenewed(checked.value.manifest);
      return ok(checked.value.manifest);
    }
    this.#store.recordRemoved(manifest.fingerprint);
    const {directory} = manifest;
    if (directory !== undefined && existsSync(directory)) {
      // What is left of it must not be read, and must not stand in the way of another.
      try {
        renameSync(directory, join(dirname(directory), `.dead-${randomUUID()}-${basename(directory)}`));
      } catch {
        return fail(`${checked.error.message}; what is left can't be moved aside`);
      }
    }
    return fail(checked.error.message);
  }

  async find(task: Task): Promise<Manifest | undefined> {
    const {directory} = task.work;
    if (directory === undefined || !existsSync(directory)) return undefined;
    const read = await readManifest(directory);
    if (!read.ok || read.value.fingerprint !== task.fingerprint) return undefined;
    const manifest = {...read.value, directory};
    this.#store.recordResult(manifest);
    return manifest;
  }

  async refresh(): Promise<void> {
    await this.#store.refresh();
  }

  failureOf(fingerprint: Fingerprint, attempt: AttemptId): RecordedFailure | undefined {
    const record = this.#store.failure(fingerprint);
    return record === undefined ? undefined : {attempt, failure: record.failure};
  }

  async claim(task: Task, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    // Our own earlier claim goes as soon as its record can be read by others.
    await this.#leaving.get(task.fingerprint);
    return this.#claimed(task, this.#claimsOf(task).claim(task.fingerprint, this.#content(attempt, directory)));
  }

  async takeOver(task: Task, old: Claim, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    const dead: StoreClaim = {fingerprint: task.fingerprint, number: old.number, content: undefined};
    return this.#claimed(task, this.#claimsOf(task).takeOver(dead, this.#content(attempt, directory)));
  }

  async release(task: Task, _claim: Claim): Promise<void> {
    const held = this.#held.get(task.fingerprint);
    this.#held.delete(task.fingerprint);
    if (held === undefined) return;
    const leaving = this.#store.flush().then(() => {
      this.#claimsOf(task).release(held);
      this.#leaving.delete(task.fingerprint);
    });
    this.#leaving.set(task.fingerprint, leaving);
  }

  /** Waits until every claim that was given up is gone. */
  async settled(): Promise<void> {
    await Promise.all(this.#leaving.values());
  }

  assigned(directory: string, holder: Holder): void {
    try {
      writeFileSync(join(directory, RUNNER), JSON.stringify(holder));
    } catch {
      // Only who adopts it would miss it; the job itself says what is wrong with its directory.
    }
  }

  async publish(publication: Publication): Promise<Result<Manifest, Failure>> {
    const {task, directory, read, startedAt, endedAt, value} = publication;
    const {fingerprint, recipe} = task;
    await rm(join(directory, RUNNER), {force: true});
    const known = {
      fingerprint,
      recipe,
      label: labelOf(task),
      read,
      exit: 0,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
      host: this.#kernel.host,
      ...(value === undefined ? {} : {value}),
    };
    const previous = this.#store.previous(fingerprint);
    const final = task.work.directory;
    if (final === undefined) {
      const edition = previous === undefined ? 1 : task.force === true && JSON.stringify(previous.value) !== JSON.stringify(value) ? previous.edition + 1 : previous.edition;
      const log = readTail(join(directory, '.weft.log'), INLINE_LOG);
      const manifest: Manifest = {version: 1, ...known, edition, outputs: [], ...(log === '' ? {} : {log})};
      this.#store.recordResult(manifest);
      await this.discard(directory);
      return ok(manifest);
    }
    const published = await publish({
      attempt: directory,
      final,
      manifest: known,
      ...(publication.outputs === undefined ? {} : {outputs: publication.outputs}),
      previous,
      force: task.force === true,
    });
    if (!published.ok) return published;
    this.#store.recordResult(published.value.manifest);
    return ok(published.value.manifest);
  }

  recordFailure(task: Task, _attempt: AttemptId, failure: Failure, startedAt: number | undefined, endedAt: number): void {
    this.#store.recordFailure(task.fingerprint, labelOf(task), failure, {endedAt, ...(startedAt === undefined ? {} : {startedAt})});
  }

  async discard(directory: string): Promise<void> {
    await rm(directory, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
  }

  #content(attempt: AttemptId, directory: string): {attempt: AttemptId; directory: string; kernel: ProcessStamp; at: string} {
    return {attempt, directory, kernel: this.#kernel, at: new Date().toISOString()};
  }

  #claimsOf(task: Task): Claims {
    const {claims} = task.work;
    let found = this.#claims.get(claims);
    if (found === undefined) this.#claims.set(claims, (found = new Claims(claims)));
    return found;
  }

  #claimed(task: Task, claiming: Result<Claiming, StoreProblem>): Result<Claimed, Failure> {
    if (!claiming.ok) return fail({reason: 'start', message: claiming.error.message, ...('remedy' in claiming.error ? {remedy: String(claiming.error.remedy)} : {})});
    const {is, claim} = claiming.value;
    const {content, number} = claim;
    if (is === 'ours' && content !== undefined) {
      this.#held.set(task.fingerprint, claim);
      return ok({is: 'mine', claim: {attempt: content.attempt, directory: content.directory, number}});
    }
    if (content === undefined) return ok({is: 'orphan', claim: {attempt: '' as AttemptId, directory: '', number}});
    const theirs: Claim = {attempt: content.attempt, directory: content.directory, number};
    if (isAlive(content.kernel) !== 'dead') return ok({is: 'held', claim: theirs});
    const holder = content.runner ?? readHolder(content.directory);
    return ok({is: 'orphan', claim: theirs, ...(holder === undefined ? {} : {holder})});
  }
}

function readHolder(directory: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(join(directory, RUNNER), 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}
