import {accessSync, constants, realpathSync} from 'node:fs';
import {relative} from 'node:path';
import {codeOf} from '../fingerprint/file-problem.js';
import {fingerprintOf} from '../fingerprint/fingerprint.js';
import {makeDirectorySync} from '../fingerprint/make-directory.js';
import type {Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import type {Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import {labelOf, type Task} from '../graph/work.js';
import type {Claim, Claimed, Lanes} from '../run/checkpoints.js';
import type {LaneOwner} from './stuck.js';
import type {Claimable, TaskClaims} from './task-claims.js';

/** Codes of what keeps a person from writing in a place for good. */
const FORBIDDEN: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/**
 * The claims of one kernel to lanes. They lie in the repository, so that the kernels of all notebooks meet there, and name the lane by the
 * way from there to it: whatever a repository is called, and wherever it is moved.
 */
export class LaneClaims implements Lanes {
  readonly #claims: TaskClaims;
  readonly #visit: (directory: string) => void;
  /** What each lane was claimed as, by where its claims belong and its own name. */
  readonly #lanes = new Map<string, Claimable>();

  /** @param visit is told of each directory of claims before something is claimed there */
  constructor(claims: TaskClaims, visit: (directory: string) => void) {
    this.#claims = claims;
    this.#visit = visit;
  }

  claim(task: Task, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    const wanted = task.laneClaims ?? task.work.claims;
    // Where others may not write either, only the kernels of this notebook have to meet.
    const place = isForbidden(wanted) ? task.work.claims : wanted;
    if (place !== task.work.claims) this.#visit(place);
    this.#lanes.set(keyOf(task), laneIn(place, task));
    return Promise.resolve(this.#claims.claim(this.#lane(task), attempt, directory));
  }

  takeOver(task: Task, old: Claim, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    return Promise.resolve(this.#claims.takeOver(this.#lane(task), old, attempt, directory));
  }

  owns(task: Task, claim: Claim): boolean {
    return this.#claims.owns(this.#lane(task), claim);
  }

  recall(task: Task, old: Claim): Promise<Holder | undefined> {
    return this.#claims.recall(this.#lane(task), old);
  }

  release(task: Task): void {
    this.#claims.letGo(this.#lane(task))?.();
  }

  /** Who has a task's lane now, and with which task. */
  ownerOf(task: Task): LaneOwner | undefined {
    const {work, fingerprint} = this.#lane(task);
    const claims = this.#claims.in(work.claims);
    const content = claims.read(fingerprint)?.content;
    if (content === undefined) return undefined;
    const {kernel, job, at, lane} = content;
    return {
      host: kernel.host,
      pid: kernel.pid,
      ...(job === undefined ? {} : {job}),
      at: Date.parse(at),
      label: lane?.label ?? 'a task',
      gone: this.#claims.isDead(claims, content),
    };
  }

  #lane(task: Task): Claimable {
    return this.#lanes.get(keyOf(task)) ?? laneIn(task.laneClaims ?? task.work.claims, task);
  }
}

const keyOf = ({work, laneClaims = work.claims, lane = ''}: Task): string => `${laneClaims}\n${lane}`;

function laneIn(place: string, task: Task): Claimable {
  const {fingerprint, lane = '', placement} = task;
  const claims = realOf(place);
  const time = placement.time === undefined ? {} : {time: placement.time};
  return {
    fingerprint: fingerprintOf('lane', relative(place, lane)),
    work: {claims, attempts: claims},
    says: {task: fingerprint, label: labelOf(task), ...time, claims},
  };
}

/** The path that all names of a directory lead to: this kernel may know one by several. */
function realOf(directory: string): string {
  try {
    return realpathSync.native(directory);
  } catch {
    return directory;
  }
}

/** Whether nothing can ever be written to a directory. What else is wrong is said by who writes there. */
function isForbidden(directory: string): boolean {
  try {
    makeDirectorySync(directory);
    accessSync(directory, constants.W_OK);
    return false;
  } catch (error) {
    return FORBIDDEN.has(codeOf(error));
  }
}
