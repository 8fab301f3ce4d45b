import {existsSync, renameSync} from 'node:fs';
import {randomUUID} from 'node:crypto';
import {rm} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import {labelOf, type Outcome, type Task} from '../graph/work.js';
import type {Checkpoints, Claim, Claimed, Publication, Refused} from '../run/checkpoints.js';
import {tailOf} from '../run/read-tail.js';
import {editionOf} from '../store/edition.js';
import {GATHER} from '../store/journal-writer.js';
import {readManifest} from '../store/manifest-file.js';
import {publish} from '../store/publish.js';
import {removeSmall} from '../store/remove-small.js';
import type {Store} from '../store/store.js';
import {checkResult, isUnchanged, type Verify} from '../store/verify.js';
import {checkLate} from './late-files.js';
import {writeHolder} from './holder-file.js';
import {LaneClaims} from './lane-claims.js';
import type {Owner} from './stuck.js';
import {claimPorts, TaskClaims, type ClaimPorts} from './task-claims.js';
import {Tidying} from './tidying.js';

/** Milliseconds after which a flush that failed is tried again. */
const AGAIN = 1000;

/** Bytes of a log that a value's record keeps, as it has no file. */
const INLINE_LOG = 4096;

/** The scheduler's port to a store: results, claims and failures on disk. */
export class StoredCheckpoints implements Checkpoints {
  readonly lanes: LaneClaims;
  readonly #store: Store;
  readonly #verify: () => Verify;
  readonly #claims: TaskClaims;
  /** Our claims that go as soon as what was recorded is on the disk. */
  readonly #leaving = new Map<Fingerprint, Promise<void>>();
  /** Attempts of values, which lie in the journal once it is written. */
  readonly #spent = new Map<Fingerprint, string>();
  /** What is to be done for values that could not be written yet: until then, their attempts are all that there is of them. */
  readonly #unwritten: (() => Promise<void>)[] = [];
  #again: NodeJS.Timeout | undefined;
  readonly #tidying: Tidying;
  #flushing: Promise<boolean> | undefined;
  #refreshing: Promise<unknown> | undefined;

  /**
   * @param verify how closely hits are looked at, asked each time
   * @param ports what claims need of this machine
   * @param tidy whether what others have left is put away
   */
  constructor(store: Store, verify: () => Verify, ports: ClaimPorts = claimPorts(store.run), tidy = true) {
    this.#store = store;
    this.#verify = verify;
    this.#claims = new TaskClaims(ports);
    this.#tidying = new Tidying(store, this.#claims, tidy);
    this.lanes = new LaneClaims(this.#claims, claims => this.#tidying.visit({claims, attempts: dirname(claims)}));
  }

  known(): Promise<void> {
    return this.#store.known();
  }

  lookup(fingerprint: Fingerprint): Manifest | undefined {
    return this.#store.lookup(fingerprint);
  }

  tookOf(fingerprint: Fingerprint): number | undefined {
    const evidence = this.#verify() === 'mtime' ? this.#store.evidence(fingerprint) : undefined;
    return evidence !== undefined && isUnchanged(evidence) ? evidence.took : undefined;
  }

  async check(manifest: Manifest): Promise<Result<Manifest, Refused>> {
    const checked = await checkLate(manifest, this.#verify(), this.#claims.ports.kernel.host);
    if (checked.ok) {
      if (checked.value.renewed) this.#store.recordRenewed(checked.value.manifest);
      return ok(checked.value.manifest);
    }
    // It may be there again in a moment: it stays where it is, and what is made meanwhile is compared with it.
    const {message} = checked.error;
    if (checked.error.is === 'unreadable') return fail({message, unreadable: true});
    const {directory} = manifest;
    const other = directory === undefined ? undefined : await this.#madeAnew(manifest, directory);
    if (other !== undefined) return ok(other);
    this.#store.recordRemoved(manifest.fingerprint);
    if (directory !== undefined && existsSync(directory)) {
      // What is left of it must not be read, and must not stand in the way of another.
      try {
        renameSync(directory, join(dirname(directory), `.dead-${randomUUID()}-${basename(directory)}`));
      } catch {
        return fail({message: `${message}; what is left can't be moved aside`});
      }
    }
    return fail({message});
  }

  /** The result that lies there by now, where another kernel has made it anew since our line of the journal. */
  async #madeAnew({fingerprint, edition}: Manifest, directory: string): Promise<Manifest | undefined> {
    const read = await readManifest(directory);
    if (!read.ok || read.value.fingerprint !== fingerprint) return undefined;
    const found = {...read.value, directory};
    // Of the same edition the bytes are what our line says, and these they are not.
    if (found.edition === edition || !(await checkResult(found, this.#verify())).ok) return undefined;
    this.#store.recordResult(found);
    return found;
  }

  async find(task: Task): Promise<Manifest | undefined> {
    const {directory} = task.work;
    if (directory === undefined || !existsSync(directory)) return undefined;
    const read = await readManifest(directory);
    if (!read.ok || read.value.fingerprint !== task.fingerprint) return undefined;
    const manifest = {...read.value, directory};
    this.#store.recordResult(manifest);
    const claims = this.#claims.in(task.work.claims);
    const claim = claims.read(task.fingerprint);
    if (claim !== undefined) await this.#tidying.putAway(claims, claim, manifest);
    return manifest;
  }

  async refresh(): Promise<void> {
    // Who asks while the last one waits for its turn sees what it sees.
    this.#refreshing ??= Promise.resolve().then(() => {
      this.#refreshing = undefined;
      return this.#store.refresh();
    });
    await this.#refreshing;
  }

  failureOf(fingerprint: Fingerprint, since: number): Failure | undefined {
    const record = this.#store.failure(fingerprint);
    return record === undefined || record.endedAt < since ? undefined : record.failure;
  }

  async verified(task: Task, directory: string): Promise<Outcome | undefined> {
    const read = await readManifest(directory);
    if (!read.ok || read.value.fingerprint !== task.fingerprint) return undefined;
    const {outputs, value} = read.value;
    return {outputs: outputs.map(({path}) => path), ...(value === undefined ? {} : {value})};
  }

  async claim(task: Task, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    // Our own earlier claim goes as soon as its record can be read by others.
    await this.#leaving.get(task.fingerprint);
    this.#tidying.visit(task.work);
    return this.#claims.claim(task, attempt, directory);
  }

  /** Who has the claim to a task now. */
  ownerOf({work, fingerprint}: Task): Owner | undefined {
    const content = this.#claims.in(work.claims).read(fingerprint)?.content;
    if (content === undefined) return undefined;
    const {kernel, job, at} = content;
    return {host: kernel.host, pid: kernel.pid, ...(job === undefined ? {} : {job}), at: Date.parse(at)};
  }

  isElsewhere(task: Task): boolean {
    return this.#claims.isElsewhere(task);
  }

  takeOver(task: Task, old: Claim, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    return Promise.resolve(this.#claims.takeOver(task, old, attempt, directory));
  }

  owns(task: Task, claim: Claim): boolean {
    return this.#claims.owns(task, claim);
  }

  recall(task: Task, old: Claim): Promise<Holder | undefined> {
    return this.#claims.recall(task, old);
  }

  async release(task: Task): Promise<void> {
    const giveUp = this.#claims.letGo(task);
    if (giveUp === undefined) return;
    const {fingerprint} = task;
    const spent = this.#spent.get(fingerprint);
    this.#spent.delete(fingerprint);
    const leaving = this.#recorded().then(async written => {
      // The claim goes last: it is what leads the next kernel to an attempt that is still there.
      const leave = async (): Promise<void> => {
        if (spent !== undefined) await this.discard(spent);
        giveUp();
      };
      // A failure is not worth to be waited for, and a result that lies in files is found there.
      if (written || spent === undefined) await leave();
      else this.#unwritten.push(leave);
      if (this.#leaving.get(fingerprint) === leaving) this.#leaving.delete(fingerprint);
    });
    this.#leaving.set(fingerprint, leaving);
    return Promise.resolve();
  }

  /** Waits until every claim that was given up is gone. */
  async settled(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    clearTimeout(this.#again);
    if (this.#unwritten.length > 0) await this.#recorded();
    await Promise.all([...this.#leaving.values(), this.#tidying.settled()]);
  }

  /** Ends the kernel's sign of life. Afterwards nothing may be claimed. */
  close(): void {
    this.#claims.close();
  }

  /**
   * Resolves when all that is recorded up to now is on the disk, or could not be written. Many who wait share one flush, which mostly finds
   * that the journal has synced its lines by itself.
   */
  #recorded(): Promise<boolean> {
    this.#flushing ??= new Promise(resolve => setTimeout(resolve, GATHER)).then(() => {
      this.#flushing = undefined;
      return this.#store.flush().then(({ok: written}) => this.#leaveUnwritten(written));
    });
    return this.#flushing;
  }

  /** Gives up the claims of values that are written at last, or sees to it that this is tried again. */
  async #leaveUnwritten(written: boolean): Promise<boolean> {
    clearTimeout(this.#again);
    if (written) for (const leave of this.#unwritten.splice(0)) await leave();
    else this.#again = setTimeout(() => void this.#recorded(), AGAIN).unref();
    return written;
  }

  assigned(directory: string, holder: Holder): void {
    writeHolder(directory, holder);
  }

  async publish(publication: Publication): Promise<Result<Manifest, Failure>> {
    const {task, directory, read, startedAt, endedAt, value} = publication;
    const {fingerprint, recipe} = task;
    const known = {
      fingerprint,
      recipe,
      label: labelOf(task),
      read,
      exit: 0,
      startedAt: new Date(startedAt).toISOString(),
      endedAt: new Date(endedAt).toISOString(),
      host: this.#claims.ports.kernel.host,
      ...(value === undefined ? {} : {value}),
    };
    const previous = this.#store.previous(fingerprint);
    // What it read was made again with other bytes: the result that lies there is no longer as good, and its readers must know.
    const outdated = Object.entries(previous?.read ?? {}).some(([need, edition]) => {
      const current = (read as Readonly<Record<string, number>>)[need];
      return current !== undefined && current !== edition;
    });
    const force = publication.force || outdated;
    const final = task.work.directory;
    if (final === undefined) {
      const edition = editionOf(known, [], previous, force);
      const log = tailOf(publication.log, INLINE_LOG);
      const manifest: Manifest = {version: 1, ...known, edition, outputs: [], ...(log === '' ? {} : {log})};
      this.#store.recordResult(manifest);
      // Until its line is written, the attempt is all that there is of a value.
      this.#spent.set(fingerprint, directory);
      return ok(manifest);
    }
    const published = await publish({
      attempt: directory,
      final,
      manifest: known,
      ...(publication.outputs === undefined ? {} : {outputs: publication.outputs}),
      previous,
      force,
      through: outdated && task.work.through === true,
    });
    if (!published.ok) return published;
    this.#store.recordResult(published.value.manifest);
    return ok(published.value.manifest);
  }

  recordFailure(task: Task, failure: Failure, startedAt: number | undefined, endedAt: number): void {
    this.#store.recordFailure(task.fingerprint, labelOf(task), failure, {
      endedAt,
      ...(startedAt === undefined ? {} : {startedAt}),
    });
  }

  recordCancelled(task: Task): void {
    this.#store.recordCancelled(task.fingerprint, labelOf(task));
  }

  async discard(directory: string): Promise<void> {
    if (removeSmall(directory)) return;
    await rm(directory, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
  }
}
