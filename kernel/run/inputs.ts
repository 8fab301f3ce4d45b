import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import {ok, type Result} from '../graph/result.js';
import {labelOf} from '../graph/work.js';
import type {Refused} from './checkpoints.js';
import type {Entry} from './entry.js';
import type {Scheduler} from './scheduler.js';

/** Of the time that a look at a result takes, so much is not spent again: who is about to read it takes it to be there still. */
const SPARED = 20;

/** Milliseconds for which that holds, at most. */
const LONGEST = 2000;

/**
 * Looks at what a done task has made; where that is not there as it was recorded, it is made again, and the error says why. Of what was made
 * here, and which the disk now refuses to tell of, nothing better would come.
 */
async function lookAtResult(
  scheduler: Scheduler,
  other: Entry,
  manifest: Manifest,
): Promise<Result<Manifest, Refused>> {
  const {checkpoints, now} = scheduler.ports;
  const {round} = other;
  other.checkedAt = now();
  const began = performance.now();
  const good = await checkpoints.check(manifest);
  other.checkTook = performance.now() - began;
  if (good.ok) return good;
  if (good.error.unreadable === true && other.made !== undefined) return ok(manifest);
  if (other.round === round && other.final) {
    scheduler.restart(other);
    other.missed = good.error.message;
  }
  return good;
}

/** Before a task is queued, and before it starts: sees to it that what it needs is there as it was recorded. False: something is being made again. */
export async function areNeedsThere(scheduler: Scheduler, {task}: Entry): Promise<boolean> {
  let there = true;
  for (const need of task.needs) {
    const other = scheduler.entry(need);
    if (other === undefined) continue;
    if (other.state.is !== 'done') {
      there = false;
      continue;
    }
    const spared = Math.min(LONGEST, SPARED * other.checkTook);
    if (scheduler.ports.now() - other.checkedAt < spared) continue;
    const good = await lookAtResult(scheduler, other, other.state.manifest);
    if (!good.ok) there = false;
  }
  return there;
}

/** The results that a task is about to read. */
export function inputsOf(scheduler: Scheduler, {task}: Entry): ReadonlyMap<Fingerprint, Manifest> {
  const inputs = new Map<Fingerprint, Manifest>();
  for (const need of task.needs) {
    const manifest = scheduler.entry(need)?.manifest;
    if (manifest !== undefined) inputs.set(need, manifest);
  }
  return inputs;
}

/** Something that a task has read is not what it was when it started. */
export interface Disturbed {
  readonly is: 'disturbed';
  readonly message: string;
}

/** After a task has run, before its result is published: what it needed must have stayed as it was. */
export async function disturbedNeed(scheduler: Scheduler, {task, inputs}: Entry): Promise<Disturbed | undefined> {
  const {now} = scheduler.ports;
  const since = now();
  for (const need of task.needs) {
    const other = scheduler.entry(need);
    if (other === undefined) continue;
    const label = labelOf(other.task);
    const again: Disturbed = {is: 'disturbed', message: `${label} was made again meanwhile`};
    if (other.state.is !== 'done') return again;
    const before = inputs?.get(need) ?? other.state.manifest;
    if (!isSame(other.state.manifest, before)) return again;
    if (other.checkedAt >= since) continue;
    const good = await lookAtResult(scheduler, other, before);
    if (!good.ok) return {is: 'disturbed', message: `${label}: ${good.error.message}`};
    if (!isSame(good.value, before)) return again;
  }
  return undefined;
}

/** What was made again with equal bytes has the same edition, but was broken in between. */
const isSame = (one: Manifest, other: Manifest): boolean =>
  one.edition === other.edition && one.endedAt === other.endedAt;

/** Why a task must not start, or its result must not be published: files that its recipe has by content are others now. */
export async function changedContents({ports}: Scheduler, {task}: Entry): Promise<Failure | undefined> {
  if (task.contents === undefined || task.contents.size === 0) return undefined;
  const message = await ports.changedContents?.(task.contents);
  return message === undefined
    ? undefined
    : {reason: 'input', message, remedy: 'run the cell again: it counts as it is then'};
}
