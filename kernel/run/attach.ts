import type {Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import type {Manifest} from '../graph/manifest.js';
import type {AttemptId} from '../graph/task.js';
import {recordedHere, type Claim} from './checkpoints.js';
import type {Entry} from './entry.js';
import {outdatedBy} from './hits.js';
import {notedInputs} from './inputs.js';
import {isMine, takeLane, type HeldLane} from './lane-claim.js';
import type {Launched} from './launch.js';
import type {Scheduler} from './scheduler.js';

/** What came of attaching to another kernel's attempt. */
export type Attached =
  | {readonly is: 'done'; readonly manifest: Manifest}
  | {readonly is: 'failed'; readonly failure: Failure}
  /** Its kernel is dead: the attempt is ours to watch and to publish, and so is the claim. */
  | {readonly is: 'adopt'; readonly attempt: AttemptId; readonly holder: Holder}
  /** It is to be taken over, and somebody else has its lane. */
  | {readonly is: 'in lane'; readonly held: HeldLane}
  /** Nobody has it any more: run it. */
  | {readonly is: 'again'}
  /** Nobody waits for it here any more. */
  | {readonly is: 'left'};

/** Milliseconds between two looks at what another kernel has recorded: the first, and the longest. */
const POLL = {first: 200, longest: 2000};

type Elsewhere = Extract<Launched, {is: 'elsewhere'}>;

/** Waits for the attempt of another kernel, or takes it over where that kernel is dead. */
export async function attach(scheduler: Scheduler, entry: Entry, launched: Elsewhere): Promise<Attached> {
  const {checkpoints} = scheduler.ports;
  const {round, task} = entry;
  const own = {attempt: entry.attempt ?? scheduler.ports.newAttempt(), directory: entry.directory ?? ''};
  const left = (): boolean => entry.round !== round || entry.final || scheduler.closed;
  let found = launched;
  show(scheduler, entry, found.claim);
  for (let pause = POLL.first; !found.orphan; pause = Math.min(pause * 1.5, POLL.longest)) {
    await new Promise(resolve => setTimeout(resolve, pause));
    if (left()) return {is: 'left'};
    const ended = await look(scheduler, entry, found.claim);
    if (left()) return {is: 'left'};
    if (ended !== undefined) return ended;
    const again = await checkpoints.claim(task, own.attempt, own.directory);
    if (!again.ok) return {is: 'failed', failure: again.error};
    if (again.value.is === 'mine') {
      // The owner has let go of it: it ended since our look, or was cancelled.
      const last = await look(scheduler, entry, found.claim);
      await checkpoints.release(task, again.value.claim);
      return left() ? {is: 'left'} : (last ?? {is: 'again'});
    }
    if (left()) return {is: 'left'};
    const {claim} = again.value;
    if (claim.attempt !== found.claim.attempt) show(scheduler, entry, claim);
    const holder = again.value.is === 'orphan' ? again.value.holder : undefined;
    found = {is: 'elsewhere', claim, orphan: again.value.is === 'orphan', ...(holder === undefined ? {} : {holder})};
  }
  return takeOver(scheduler, entry, found, own, left);
}

/** What another kernel has recorded of its attempt. */
async function look(
  scheduler: Scheduler,
  entry: Entry,
  {at}: Claim,
): Promise<Extract<Attached, {is: 'done' | 'failed'}> | undefined> {
  const {checkpoints} = scheduler.ports;
  await checkpoints.refresh();
  const manifest = recordedHere(checkpoints, entry.task);
  // What we were told to make again was there before.
  if (manifest !== undefined && (!entry.force || Date.parse(manifest.endedAt) >= at)) {
    const good = await checkpoints.check(manifest);
    if (good.ok && outdatedBy(scheduler, good.value) === undefined) return {is: 'done', manifest: good.value};
  }
  const failure = checkpoints.failureOf(entry.fingerprint, at);
  return failure === undefined ? undefined : {is: 'failed', failure};
}

async function takeOver(
  scheduler: Scheduler,
  entry: Entry,
  {claim, holder}: Elsewhere,
  own: {readonly attempt: AttemptId; readonly directory: string},
  left: () => boolean,
): Promise<Attached> {
  const {checkpoints} = scheduler.ports;
  const {task} = entry;
  const {attempt, directory} = claim.directory === '' ? own : claim;
  const lane = task.lane === undefined ? undefined : await takeLane(scheduler, entry, attempt, directory);
  if (lane?.ok === false) return {is: 'failed', failure: lane.error};
  if (lane !== undefined && !isMine(lane.value)) return left() ? {is: 'left'} : {is: 'in lane', held: lane.value};
  const laneClaim = lane?.value.claim;
  const leaveLane = (): void => (laneClaim === undefined ? undefined : checkpoints.lanes.release(task, laneClaim));
  const taken = await checkpoints.takeOver(task, claim, attempt, directory);
  if (!taken.ok || taken.value.is !== 'mine') {
    leaveLane();
    if (!taken.ok) return {is: 'failed', failure: taken.error};
    return left() ? {is: 'left'} : {is: 'again'};
  }
  if (left()) {
    leaveLane();
    await checkpoints.release(task, taken.value.claim);
    return {is: 'left'};
  }
  entry.claim = taken.value.claim;
  entry.laneClaim = laneClaim;
  const held = holder ?? (claim.directory === '' ? undefined : await checkpoints.recall(task, claim));
  if (held === undefined) return {is: 'again'};
  entry.attempt = attempt;
  entry.directory = directory;
  entry.inputs = notedInputs(directory);
  return {is: 'adopt', attempt, holder: held};
}

function show(scheduler: Scheduler, entry: Entry, {attempt, directory}: Claim): void {
  const log = directory === '' ? {} : {log: `${directory}/.weft.log`};
  scheduler.set(entry, {is: 'running', at: scheduler.ports.now(), attempt, attached: true, ...log});
}
