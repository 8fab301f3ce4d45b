import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import type {AttemptId} from '../graph/task.js';
import type {Entry} from './entry.js';
import type {Holder} from '../graph/holder.js';
import type {Launched} from './launch.js';
import type {Scheduler} from './scheduler.js';

/** What came of attaching to another kernel's attempt. */
export type Attached =
  | {readonly is: 'done'; readonly manifest: Manifest}
  | {readonly is: 'failed'; readonly failure: Failure}
  /** Its kernel is dead, its runner is not, or has left an exit: the attempt is ours to watch and to publish. */
  | {readonly is: 'adopt'; readonly attempt: AttemptId; readonly holder: Holder}
  /** Nobody has it any more: run it. */
  | {readonly is: 'again'};

/** Milliseconds between two looks at what another kernel has recorded: the first, and the longest. */
const POLL = {first: 200, longest: 2000};

/** Waits for the attempt of another kernel, or takes it over where that kernel is dead. */
export async function attach(scheduler: Scheduler, entry: Entry, launched: Extract<Launched, {is: 'elsewhere'}>): Promise<Attached> {
  const {checkpoints, now} = scheduler.ports;
  let {claim, orphan, holder} = {holder: undefined, ...launched};
  scheduler.set(entry, {is: 'running', at: now(), attempt: claim.attempt, attached: true, log: `${claim.directory}/.weft.log`});
  for (let pause = POLL.first; !orphan; pause = Math.min(pause * 1.5, POLL.longest)) {
    await new Promise(resolve => setTimeout(resolve, pause));
    await checkpoints.refresh();
    const manifest = checkpoints.lookup(entry.fingerprint);
    if (manifest !== undefined) {
      const good = await checkpoints.check(manifest);
      if (good.ok) return {is: 'done', manifest: good.value};
    }
    const failed = checkpoints.failureOf(entry.fingerprint, claim.attempt);
    if (failed !== undefined) return {is: 'failed', failure: failed.failure};
    const again = await checkpoints.claim(entry.task, entry.attempt ?? claim.attempt, entry.directory ?? claim.directory);
    if (!again.ok) return {is: 'failed', failure: again.error};
    if (again.value.is === 'mine') {
      // The owner has let go of it without a result that we can read: it was cancelled.
      await checkpoints.release(entry.task, again.value.claim);
      return {is: 'again'};
    }
    ({claim} = again.value);
    if (again.value.is === 'orphan') {
      orphan = true;
      holder = again.value.holder;
    }
  }
  if (holder === undefined) {
    // It never came to a runner.
    const taken = await checkpoints.takeOver(entry.task, claim, claim.attempt, claim.directory);
    if (taken.ok && taken.value.is === 'mine') {
      await checkpoints.discard(claim.directory);
      await checkpoints.release(entry.task, taken.value.claim);
    }
    return {is: 'again'};
  }
  const taken = await checkpoints.takeOver(entry.task, claim, claim.attempt, claim.directory);
  if (!taken.ok) return {is: 'failed', failure: taken.error};
  if (taken.value.is !== 'mine') return {is: 'again'};
  entry.claim = taken.value.claim;
  entry.attempt = claim.attempt;
  entry.directory = claim.directory;
  return {is: 'adopt', attempt: claim.attempt, holder};
}
