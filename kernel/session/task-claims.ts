import {existsSync, statSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Holder, ProcessStamp} from '../graph/holder.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import type {Work} from '../graph/work.js';
import type {Claim, Claimed} from '../run/checkpoints.js';
import {claimLog} from '../run/local/recall.js';
import {Claims, type Claim as StoreClaim, type ClaimContent, type Claiming, type LaneContent} from '../store/claim.js';
import {beatPath, BeatWatch, Heartbeat} from '../store/heartbeat.js';
import {isAlive, stampOf, type Life} from '../machine/process-life.js';
import type {StoreProblem} from '../store/problem.js';
import {readHolder} from './holder-file.js';

/** Milliseconds for which a look at a directory of claims is good. */
const LOOK = 50;

/** What claims need of the machine, and of time: injected, so that a test can be another host. */
export interface ClaimPorts {
  readonly kernel: ProcessStamp;
  /** The batch job that this kernel runs in. */
  readonly job?: string;
  readonly isAlive: (stamp: ProcessStamp) => Life;
  readonly heartbeat: Heartbeat;
  readonly watch: BeatWatch;
}

/**
 * The real ones.
 * @param id names this kernel, and no other one ever
 * @param environment tells whether it is in a job of Slurm (`SLURM_JOB_ID`)
 */
export function claimPorts(id: string, environment: Readonly<Record<string, string | undefined>> = {}): ClaimPorts {
  const job = environment['SLURM_JOB_ID'];
  return {
    kernel: stampOf() ?? {pid: process.pid, startTime: '', host: '', bootId: ''},
    ...(job === undefined ? {} : {job}),
    isAlive,
    heartbeat: new Heartbeat(id),
    watch: new BeatWatch(),
  };
}

/** What is claimed: a task, or a lane. */
export interface Claimable {
  readonly fingerprint: Fingerprint;
  /** Of a lane, whose attempts lie in many places: its claims lie beside each other. */
  readonly work: Pick<Work, 'claims' | 'attempts'>;
  /** Of a lane: what its claim says of the task that is to run in it. */
  readonly says?: LaneContent;
}

/** The claims of one kernel, in all the directories where its tasks have them. */
export class TaskClaims {
  readonly ports: ClaimPorts;
  readonly #claims = new Map<string, Claims>();
  /** By {@link keyOf}. */
  readonly #held = new Map<string, StoreClaim>();
  /** Who owned what in a directory a moment ago. */
  readonly #seen = new Map<string, {readonly at: number; readonly owned: ReadonlySet<string>}>();

  constructor(ports: ClaimPorts) {
    this.ports = ports;
  }

  /** Ends the sign of life. Afterwards nothing may be claimed. */
  close(): void {
    for (const claims of this.#claims.values()) claims.close();
    this.ports.heartbeat.stop();
  }

  /** The claims of a directory. */
  in(directory: string): Claims {
    let found = this.#claims.get(directory);
    if (found === undefined) this.#claims.set(directory, (found = new Claims(directory)));
    return found;
  }

  /** Whether another kernel has a claim and is not known to be dead. Many questions share a look at the directory. */
  isElsewhere(task: Claimable): boolean {
    const {fingerprint} = task;
    const claims = this.#of(task);
    const now = performance.now();
    let seen = this.#seen.get(claims.directory);
    if (seen === undefined || now - seen.at > LOOK)
      this.#seen.set(claims.directory, (seen = {at: now, owned: claims.owned()}));
    if (!seen.owned.has(fingerprint) || this.#held.has(keyOf(task))) return false;
    const content = claims.read(fingerprint)?.content;
    return content !== undefined && !this.#isOwn(content) && !isCopied(task, content) && !this.isDead(claims, content);
  }

  /** Claims a task that nobody owns. */
  claim(task: Claimable, attempt: AttemptId, directory: string): Result<Claimed, Failure> {
    return this.#claimed(task, this.#of(task).claim(task.fingerprint, this.#content(task, attempt, directory)));
  }

  /** Makes the number after an orphaned claim, or after our own. */
  takeOver(task: Claimable, old: Claim, attempt: AttemptId, directory: string): Result<Claimed, Failure> {
    const dead: StoreClaim = {fingerprint: task.fingerprint, number: old.number, content: undefined};
    return this.#claimed(task, this.#of(task).takeOver(dead, this.#content(task, attempt, directory)));
  }

  /** Whether our claim still counts. */
  owns(task: Claimable, {number}: Claim): boolean {
    return this.#of(task).isHeld({fingerprint: task.fingerprint, number});
  }

  /** Who has started an attempt that was taken over; undefined: nobody did, nobody will, and it is gone. */
  async recall(task: Claimable, {directory, number}: Claim): Promise<Holder | undefined> {
    // Runners claim a job by making its log, too: of all who try, one succeeds.
    if (claimLog(directory)) {
      await rm(directory, {recursive: true, force: true, maxRetries: 2}).catch(() => undefined);
      return undefined;
    }
    const content = this.#of(task).contentOf(task.fingerprint, number);
    // A kernel that could not say which runner it gave the job to is looked at in its place: the job's own files tell the rest.
    return readHolder(directory) ?? {...(content?.kernel ?? this.ports.kernel), directory};
  }

  /** Takes our claim of a task out of our books. It is given up by the function that comes back, or not at all. */
  letGo(task: Claimable): (() => void) | undefined {
    const held = this.#held.get(keyOf(task));
    if (held === undefined) return undefined;
    this.#held.delete(keyOf(task));
    return () => this.#of(task).release(held);
  }

  /** Whether the maker of a claim is dead for sure, or is silent for long where nothing can be known of it. */
  isDead(claims: Claims, {kernel, beat}: ClaimContent): boolean {
    const {isAlive: look, watch} = this.ports;
    const life = look(kernel);
    if (life !== 'unknown') return life === 'dead';
    return beat !== undefined && watch.isSilent(beatPath(claims.directory, beat));
  }

  #isOwn({beat}: ClaimContent): boolean {
    return beat === this.ports.heartbeat.id;
  }

  /** It is our own, and we have let go of it: the disk kept it. */
  #isSpent(task: Claimable, {beat}: ClaimContent): boolean {
    return beat === this.ports.heartbeat.id && !this.#held.has(keyOf(task));
  }

  #of(task: Claimable): Claims {
    return this.in(task.work.claims);
  }

  #content({work, says}: Claimable, attempt: AttemptId, directory: string): ClaimContent {
    const {kernel, job, heartbeat} = this.ports;
    heartbeat.in(work.claims);
    const at = new Date().toISOString();
    return {
      attempt,
      directory,
      kernel,
      ...(job === undefined ? {} : {job}),
      beat: heartbeat.id,
      at,
      ...(says === undefined ? {} : {lane: says}),
    };
  }

  #claimed(task: Claimable, claiming: Result<Claiming, StoreProblem>): Result<Claimed, Failure> {
    if (!claiming.ok) {
      const {message, remedy} = claiming.error;
      return fail({reason: 'start', message, ...(remedy === undefined ? {} : {remedy})});
    }
    const {is, claim} = claiming.value;
    const {content, number} = claim;
    if (claim.unseen === true) {
      return ok({is: 'held', claim: {attempt: '' as AttemptId, directory: '', number, at: Date.now()}});
    }
    if (content === undefined || (is === 'theirs' && isCopied(task, content))) {
      return ok({is: 'orphan', claim: {attempt: '' as AttemptId, directory: '', number, at: 0}});
    }
    const {attempt, directory, kernel, lane} = content;
    const known: Claim = {
      attempt,
      directory,
      number,
      at: Date.parse(content.at),
      ...(lane === undefined ? {} : {task: lane.task, ...(lane.time === undefined ? {} : {time: lane.time})}),
    };
    if (is === 'ours') {
      this.#held.set(keyOf(task), claim);
      return ok({is: 'mine', claim: known});
    }
    if (!this.#isSpent(task, content) && !this.isDead(this.#of(task), content)) return ok({is: 'held', claim: known});
    const holder = content.runner ?? readHolder(directory);
    if (holder !== undefined) return ok({is: 'orphan', claim: known, holder});
    // It was being published: its runner's mark was gone already, and so is its runner's part in it.
    const ended = existsSync(join(directory, '.weft.exit'));
    return ok({is: 'orphan', claim: known, ...(ended ? {holder: {...kernel, directory}} : {})});
  }
}

/** Lanes of two roots have one fingerprint, if their reruns have one name. */
const keyOf = ({fingerprint, work}: Claimable): string => `${work.claims}/${fingerprint}`;

/**
 * Whether a claim came here with a copy of the tree: the attempt that it names lies elsewhere, and is not ours to wait for or to take; the
 * claim to a lane names its own directory for that. One directory may have several names, so it is told by its inode, and where that
 * can't be seen the claim counts.
 */
function isCopied({work}: Claimable, {directory, lane}: ClaimContent): boolean {
  const theirs = lane?.claims ?? dirname(directory);
  if (directory === '' || theirs === work.attempts) return false;
  const [there, here] = [theirs, work.attempts].map(inodeOf);
  return there !== undefined && here !== undefined && there !== here;
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}
