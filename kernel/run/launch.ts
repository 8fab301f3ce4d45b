import {mkdirSync, writeFileSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {makeDirectorySync} from '../fingerprint/make-directory.js';
import type {Failure} from '../graph/failure.js';
import type {Holder} from '../graph/holder.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {recordedHere, type Claim, type Claimed} from './checkpoints.js';
import type {Entry} from './entry.js';
import {MOST_TEXT, type Job} from './executor.js';
import {attemptOf, publish} from './finish.js';
import {outdatedBy} from './hits.js';
import {areNeedsThere, changedContents, inputsOf, looksEnded, noteInputs, type Disturbed} from './inputs.js';
import {giveLane, isMine, takeLane, type HeldLane} from './lane-claim.js';
import type {Scheduler} from './scheduler.js';
import {startFailure} from './start-failure.js';

/** What came of trying to start a task. */
export type Launched =
  /** To be given to the executor. */
  | {readonly is: 'submit'; readonly job: Job}
  | {readonly is: 'done'; readonly how: 'ran' | 'attached'; readonly manifest: Manifest}
  | {readonly is: 'failed'; readonly failure: Failure}
  /** Another kernel ran it after it was asked for here, and recorded its failure. */
  | {readonly is: 'failed elsewhere'; readonly failure: Failure}
  | {readonly is: 'cancelled'}
  | Disturbed
  /** Something that it needs has gone, and is being made again. */
  | {readonly is: 'waiting'}
  /** Another kernel has its lane. */
  | {readonly is: 'in lane'; readonly held: HeldLane}
  | {readonly is: 'elsewhere'; readonly claim: Claim; readonly orphan: boolean; readonly holder?: Holder};

/** Claims a task and makes its attempt. */
export async function launch(scheduler: Scheduler, entry: Entry): Promise<Launched> {
  const {checkpoints, newAttempt, now} = scheduler.ports;
  const {task} = entry;
  const attempt = newAttempt();
  const directory = join(task.work.attempts, `.${task.work.stem}.${attempt}`);
  entry.attempt = attempt;
  entry.directory = directory;
  entry.startedAt = undefined;
  entry.tries += 1;
  const claimed = await claim(entry, scheduler, directory);
  if (!claimed.ok) return {is: 'failed', failure: claimed.error};
  if (claimed.value.is !== 'mine') {
    const {is, claim: theirs} = claimed.value;
    const holder = claimed.value.is === 'orphan' ? claimed.value.holder : undefined;
    return {is: 'elsewhere', claim: theirs, orphan: is === 'orphan', ...(holder === undefined ? {} : {holder})};
  }
  entry.claim = claimed.value.claim;
  // Another kernel may have run it between our look and our claim.
  await checkpoints.refresh();
  const manifest = entry.force ? undefined : recordedHere(checkpoints, entry.task);
  const current = manifest !== undefined && outdatedBy(scheduler, manifest) === undefined;
  const good = current ? await checkpoints.check(manifest) : undefined;
  if (good?.ok === true) return {is: 'done', how: 'attached', manifest: good.value};
  const failure = entry.tries > 1 ? undefined : checkpoints.failureOf(entry.fingerprint, entry.askedAt + 1);
  if (failure !== undefined) return {is: 'failed elsewhere', failure};
  if (task.lane !== undefined) {
    giveLane(scheduler, entry);
    const lane = await takeLane(scheduler, entry, attempt, directory);
    if (!lane.ok) return {is: 'failed', failure: lane.error};
    if (!isMine(lane.value)) return {is: 'in lane', held: lane.value};
    entry.laneClaim = lane.value.claim;
  }
  await discardLeftovers(scheduler, entry);
  const changed = await changedContents(scheduler, entry, false);
  if (changed !== undefined) return {is: 'failed', failure: changed};
  if (!(await areNeedsThere(scheduler, entry))) {
    entry.tries -= 1;
    return {is: 'waiting'};
  }
  if (isCancelling(entry)) return {is: 'cancelled'};
  entry.inputs = inputsOf(scheduler, entry);
  try {
    makeAttempt(directory);
    const script = await entry.task.work.prepare(attemptOf(scheduler, entry));
    if (!script.ok) return await unprepared(scheduler, entry, script.error);
    if (isCancelling(entry)) return {is: 'cancelled'};
    if (script.value !== undefined) {
      noteInputs(entry);
      const job = jobOf(scheduler, entry, script.value);
      if (!job.ok) return await unprepared(scheduler, entry, job.error);
      // Another reader may have found a need lost meanwhile, or be about to.
      await looksEnded(scheduler, entry);
      const ready = scheduler.isReady(entry);
      // Its files are all there now: who took it over since has recalled it, or does so and finds them.
      if (ready && checkpoints.owns(task, entry.claim) && hasLane(scheduler, entry))
        return {is: 'submit', job: job.value};
      await checkpoints.discard(directory);
      entry.tries -= 1;
      return ready ? await launch(scheduler, entry) : {is: 'waiting'};
    }
  } catch (error) {
    return await unprepared(scheduler, entry, startFailure(error, directory));
  }
  // Its work needs no process.
  const startedAt = now();
  entry.startedAt = startedAt;
  scheduler.set(entry, {is: 'running', at: startedAt, attempt, attached: false});
  const made = await publish(scheduler, entry, {log: '', adopted: false, startedAt});
  if (made.ok) return {is: 'done', how: 'ran', manifest: made.value};
  return 'is' in made.error ? made.error : {is: 'failed', failure: made.error};
}

/** That it is new is part of it. */
function makeAttempt(directory: string): void {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    makeDirectorySync(dirname(directory));
    mkdirSync(directory);
  }
}

const hasLane = ({ports: {checkpoints}}: Scheduler, {task, laneClaim}: Entry): boolean =>
  laneClaim === undefined || checkpoints.lanes.owns(task, laneClaim);

// Read by a function: the flag may be raised during an await, which the checker's narrowing does not see.
const isCancelling = (entry: Entry): boolean => entry.cancelling;

/** Makes a new claim, or the next one where that of the last try is still ours. */
function claim(entry: Entry, scheduler: Scheduler, directory: string): Promise<Result<Claimed, Failure>> {
  const {checkpoints} = scheduler.ports;
  const {task, attempt, claim: own} = entry;
  if (attempt === undefined) return Promise.resolve(fail({reason: 'bug', message: 'there is no attempt'}));
  entry.claim = undefined;
  return own === undefined
    ? checkpoints.claim(task, attempt, directory)
    : checkpoints.takeOver(task, own, attempt, directory);
}

/** Logs of failed attempts are kept until here. */
async function discardLeftovers(scheduler: Scheduler, entry: Entry): Promise<void> {
  const {checkpoints} = scheduler.ports;
  const {attempts, stem} = entry.task.work;
  if (entry.leftover !== undefined) await checkpoints.discard(entry.leftover);
  entry.leftover = undefined;
  const recorded = checkpoints.failureOf(entry.fingerprint, 0);
  if (recorded === undefined || !('log' in recorded)) return;
  const directory = dirname(recorded.log);
  if (dirname(directory) === attempts && basename(directory).startsWith(`.${stem}.`))
    await checkpoints.discard(directory);
}

async function unprepared(scheduler: Scheduler, entry: Entry, failure: Failure): Promise<Launched> {
  if (entry.directory !== undefined) await scheduler.ports.checkpoints.discard(entry.directory);
  return {is: 'failed', failure};
}

function jobOf(scheduler: Scheduler, entry: Entry, text: string): Result<Job, Failure> {
  const {attempt, directory, task} = entry;
  if (attempt === undefined || directory === undefined) throw new Error('Internal error: there is no attempt');
  const script = join(directory, '.weft.run');
  // What no other program has to read is handed over.
  const given = task.work.plain === true && text.length <= MOST_TEXT;
  if (!given) writeFileSync(script, text);
  const inside = scheduler.ports.containers?.inside(task, attemptOf(scheduler, entry), script) ?? ok(undefined);
  if (!inside.ok) return inside;
  const {cpus, time, memory} = task.placement;
  return ok({
    attempt,
    directory,
    script,
    ...(given ? {text} : {}),
    ...(inside.value === undefined && task.work.stdout !== undefined
      ? // Of a result without files nothing is kept but its value and the end of its log.
        {stdout: task.work.stdout, told: task.work.directory === undefined}
      : {}),
    cpus,
    ...(time === undefined ? {} : {time}),
    ...(memory === undefined ? {} : {memory}),
    ...(inside.value === undefined ? {} : {inside: inside.value}),
  });
}
