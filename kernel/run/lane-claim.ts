import type {Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import {ok, type Result} from '../graph/result.js';
import type {AttemptId} from '../graph/task.js';
import type {Claim, Claimed} from './checkpoints.js';
import type {Entry} from './entry.js';
import type {Scheduler} from './scheduler.js';

/** A lane that somebody else has. `holder`: his kernel is gone, and this runs what it left. */
export interface HeldLane {
  readonly claim: Claim;
  readonly holder?: Holder;
}

/** The claim to a lane that is ours now. */
export type Mine = Extract<Claimed, {is: 'mine'}>;

/** Whether a lane was had. */
export const isMine = (answer: HeldLane | Mine): answer is Mine => 'is' in answer;

/**
 * Claims a task's lane once, for an attempt of it. Who does not get it gives up the claim to its task before it waits, so that nobody waits
 * who has something that others wait for. What a kernel that is gone has given to nobody never starts then.
 */
export async function takeLane(
  {ports: {checkpoints}}: Scheduler,
  {task}: Entry,
  attempt: AttemptId,
  directory: string,
): Promise<Result<HeldLane | Mine, Failure>> {
  const {lanes} = checkpoints;
  const asked = await lanes.claim(task, attempt, directory);
  if (!asked.ok || asked.value.is === 'mine') return answerOf(asked);
  const {claim} = asked.value;
  // Who takes an attempt over takes its lane with it.
  if (claim.attempt !== attempt) {
    if (asked.value.is === 'held') return ok({claim});
    const holder = asked.value.holder ?? (claim.directory === '' ? undefined : await lanes.recall(task, claim));
    if (holder !== undefined) return ok({claim, holder});
  }
  return answerOf(await lanes.takeOver(task, claim, attempt, directory));
}

/** What counts of an answer: one who was faster has it. */
export const answerOf = (asked: Result<Claimed, Failure>): Result<HeldLane | Mine, Failure> =>
  !asked.ok ? asked : asked.value.is === 'mine' ? ok(asked.value) : ok({claim: asked.value.claim});

/** Gives a task's lane back, if it has it. */
export function giveLane({ports: {checkpoints}}: Scheduler, entry: Entry): void {
  const {laneClaim} = entry;
  entry.laneClaim = undefined;
  if (laneClaim !== undefined) checkpoints.lanes.release(entry.task, laneClaim);
}
