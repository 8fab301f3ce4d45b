import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
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

/** Looks that are under way. */
const looking = new WeakMap<Entry, Promise<Result<Manifest, Refused>>>();

/**
 * Looks at what a done task has made; where that is not there as it was recorded, it is made again, and the error says why. Of what was made
 * here, and which the disk now refuses to tell of, nothing better would come.
 */
function lookAtResult(scheduler: Scheduler, other: Entry, manifest: Manifest): Promise<Result<Manifest, Refused>> {
  other.checkedAt = scheduler.ports.now();
  const look = lookNow(scheduler, other, manifest).finally(() => {
    if (looking.get(other) === look) looking.delete(other);
  });
  looking.set(other, look);
  return look;
}

async function lookNow(scheduler: Scheduler, other: Entry, manifest: Manifest): Promise<Result<Manifest, Refused>> {
  const {checkpoints} = scheduler.ports;
  const {round} = other;
  const began = performance.now();
  const good = await checkpoints.check(manifest);
  other.checkTook = performance.now() - began;
  if (good.ok) {
    // Another kernel may have made it again: who reads it from now on reads that one.
    if (other.round === round && other.state.is === 'done')
      other.state = {...other.state, manifest: (other.manifest = good.value)};
    return good;
  }
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
    if (!(await isThere(scheduler, other))) there = false;
  }
  return there;
}

/** Whether a task is done, and its result there as it was recorded; where it is not, it is being made again. */
export async function isThere(scheduler: Scheduler, other: Entry): Promise<boolean> {
  if (other.state.is !== 'done') return false;
  const spared = Math.min(LONGEST, SPARED * other.checkTook);
  const isFresh = scheduler.ports.now() - other.checkedAt < spared;
  const good = await (isFresh ? looking.get(other) : lookAtResult(scheduler, other, other.state.manifest));
  return good?.ok !== false;
}

/** Resolves when nobody is looking at what a task needs: what is found lost by then is being made again. */
export async function looksEnded(scheduler: Scheduler, {task}: Entry): Promise<void> {
  for (const need of task.needs) {
    const other = scheduler.entry(need);
    const look = other === undefined ? undefined : looking.get(other);
    if (look !== undefined) await look;
  }
}

/** Which of the results of one task it is that another has read. */
type Seen = Pick<Manifest, 'edition' | 'endedAt'>;

/** The results that a task is about to read. */
export function inputsOf(scheduler: Scheduler, {task}: Entry): ReadonlyMap<Fingerprint, Seen> {
  const inputs = new Map<Fingerprint, Seen>();
  for (const need of task.needs) {
    const manifest = scheduler.entry(need)?.manifest;
    if (manifest !== undefined) inputs.set(need, manifest);
  }
  return inputs;
}

/** The file of an attempt that says which results it reads, for the kernel that may have to publish it in the place of this one. */
const INPUTS = '.weft.inputs';

/** Notes in an attempt's directory what it is about to read; nothing where that is nothing. Throws what the disk says. */
export function noteInputs({directory, inputs}: Entry): void {
  if (directory === undefined || inputs === undefined || inputs.size === 0) return;
  const noted = [...inputs].map(([need, {edition, endedAt}]) => [need, {edition, endedAt}]);
  writeFileSync(join(directory, INPUTS), JSON.stringify(noted));
}

/** What an attempt of another kernel began with; nothing of what can't be read. */
export function notedInputs(directory: string): ReadonlyMap<Fingerprint, Seen> {
  try {
    return new Map(JSON.parse(readFileSync(join(directory, INPUTS), 'utf8')) as [Fingerprint, Seen][]);
  } catch {
    return new Map();
  }
}

/** Something that a task has read is not what it was when it started. */
export interface Disturbed {
  readonly is: 'disturbed';
  readonly message: string;
  /** What to do where that has happened twice. */
  readonly remedy: string;
}

const RETRY = 'run the cell again, or `%retry` it, when nobody makes that again';

const isLookedFor = ({state, checked, force}: Entry): boolean => state.is === 'waiting' && !checked && !force;

/** After a task has run, before its result is published: what it needed must have stayed as it was. */
export async function disturbedNeed(scheduler: Scheduler, {task, inputs}: Entry): Promise<Disturbed | undefined> {
  const since = scheduler.ports.now();
  const read = new Map<Entry, Seen>();
  for (const need of task.needs) {
    const other = scheduler.entry(need);
    if (other === undefined) continue;
    // Somebody has asked for it once more: whether it is there still is being found out.
    if (isLookedFor(other)) await scheduler.looked();
    if (other.state.is !== 'done') return madeAgain(other);
    const {manifest} = other.state;
    const before = inputs?.get(need);
    if (before === undefined)
      return {
        is: 'disturbed',
        message: `it is not known which result of ${labelOf(other.task)} it has read`,
        remedy: RETRY,
      };
    if (!isSame(manifest, before)) return madeAgain(other);
    read.set(other, before);
    const good = await (other.checkedAt >= since ? looking.get(other) : lookAtResult(scheduler, other, manifest));
    if (good?.ok === false) {
      const message = `${labelOf(other.task)}: ${good.error.message}`;
      return {is: 'disturbed', message, remedy: 'nothing may write to what is published'};
    }
    if (good !== undefined && !isSame(good.value, before)) return madeAgain(other);
  }
  // Others may have looked at the first ones while the last ones were looked at.
  for (const [other, before] of read)
    if (other.state.is !== 'done' || !isSame(other.state.manifest, before)) return madeAgain(other);
  return undefined;
}

const madeAgain = ({task}: Entry): Disturbed => ({
  is: 'disturbed',
  message: `${labelOf(task)} was made again meanwhile`,
  remedy: RETRY,
});

/** What was made again with equal bytes has the same edition, but was broken in between. */
const isSame = (one: Seen, other: Seen): boolean => one.edition === other.edition && one.endedAt === other.endedAt;

/**
 * Why a task must not start, or its result must not be published: files that its recipe has by content are others now.
 * @param ended whether it has run
 */
export async function changedContents({ports}: Scheduler, {task}: Entry, ended: boolean): Promise<Failure | undefined> {
  if (task.contents === undefined || task.contents.size === 0) return undefined;
  const message = await ports.changedContents?.(task.contents, ended);
  return message === undefined
    ? undefined
    : {reason: 'input', message, remedy: 'run the cell again: it counts as it is then'};
}
