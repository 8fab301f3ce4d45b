import {join} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Attempt, Outcome} from '../graph/work.js';
import type {Entry} from './entry.js';
import type {Exit} from './executor.js';
import {changedContents, disturbedNeed, type Disturbed} from './inputs.js';
import {readTail} from './read-tail.js';
import type {Scheduler} from './scheduler.js';
import {runnerFailure, startFailure} from './start-failure.js';

/** How much of a log is read for what it says, in bytes, and how much of that a failure keeps. */
const LOG_BYTES = 65_536;
const TAIL_BYTES = 4096;

/**
 * The attempt that an entry is at, as its work sees it.
 * @param said all that it has written, where no file has that
 */
export function attemptOf(scheduler: Scheduler, entry: Entry, said?: string): Attempt {
  const {attempt: id, directory} = entry;
  if (id === undefined || directory === undefined) throw new Error('Internal error: there is no attempt');
  const pathOf = (fingerprint: Fingerprint): string => {
    const path = entry.task.needs.includes(fingerprint) ? scheduler.entry(fingerprint)?.manifest?.directory : undefined;
    if (path === undefined) throw new Error(`Internal error: ${fingerprint} is no finished need of ${entry.task.name}`);
    return path;
  };
  return {
    id,
    directory,
    ...(said === undefined ? {} : {said}),
    pathOf,
    fill: text =>
      text.replace(/\/weft::([0-9a-f]{64})/g, (whole, digits: string) => {
        const need = entry.task.needs.find(other => other === digits);
        return need === undefined ? whole : pathOf(need);
      }),
  };
}

/**
 * Turns the end of a process into a manifest, or into why there is none.
 * @param adopted it was another kernel's attempt, which may have been about to publish it
 */
export async function finish(
  scheduler: Scheduler,
  entry: Entry,
  exit: Exit,
  adopted: boolean,
): Promise<Result<Manifest, Failure | Disturbed>> {
  const path = join(entry.directory ?? '', '.weft.log');
  const said = exit.is === 'exited' ? exit.said : undefined;
  const log = said ?? readTail(path, LOG_BYTES);
  const ended = {log: path, tail: log.slice(-TAIL_BYTES)};
  switch (exit.is) {
    case 'cancelled':
      return fail({reason: 'lost', message: 'it was cancelled'});
    case 'lost':
      return fail(
        runnerFailure(exit.message, path) ?? {reason: 'lost', message: exit.message, ...(log === '' ? {} : ended)},
      );
    case 'timed out':
      return fail({reason: 'time', limit: entry.task.placement.time ?? 0, ...ended});
    case 'out of memory': {
      const {memory: limit} = entry.task.placement;
      const {used} = exit;
      const numbers = {...(limit === undefined ? {} : {limit}), ...(used === undefined ? {} : {used})};
      return fail({reason: 'memory', ...numbers, ...ended});
    }
    case 'signalled':
      return fail({reason: 'signal', signal: exit.signal, ...ended});
    case 'exited': {
      entry.startedAt = exit.startedAt;
      if (exit.code !== 0) {
        const fault = scheduler.ports.containers?.fault(entry.task, exit.code, log);
        if (fault !== undefined) return fail(fault);
        const line = entry.task.work.explain?.(log);
        return fail({reason: 'exit', code: exit.code, ...(line === undefined ? {} : {line}), ...ended});
      }
      const {startedAt, endedAt} = exit;
      return publish(scheduler, entry, {log, adopted, startedAt, endedAt, ...(said === undefined ? {} : {said})});
    }
  }
}

/** What is known of an attempt that is to be published. Times are milliseconds since the epoch. */
export interface Finished {
  /** The end of its log. */
  readonly log: string;
  readonly adopted: boolean;
  readonly startedAt: number;
  /** Absent: it ends when its work has finished. */
  readonly endedAt?: number;
  /** All that it has written, where no file has that. */
  readonly said?: string;
}

/** Looks at what an attempt has made, and gives it its final name: unless what it read is not what it was. */
export async function publish(
  scheduler: Scheduler,
  entry: Entry,
  {log, adopted, startedAt, endedAt, said}: Finished,
): Promise<Result<Manifest, Failure | Disturbed>> {
  const {checkpoints, now} = scheduler.ports;
  const {task} = entry;
  const attempt = attemptOf(scheduler, entry, said);
  const outcome = await outcomeOf(scheduler, entry, attempt, log, adopted);
  if (!outcome.ok) return outcome;
  const disturbed = (await changedContents(scheduler, entry, true)) ?? (await disturbedNeed(scheduler, entry));
  if (disturbed !== undefined) return fail(disturbed);
  const published = await checkpoints.publish({
    task,
    attempt: attempt.id,
    directory: attempt.directory,
    ...outcome.value,
    log,
    force: entry.force,
    read: scheduler.editions(task),
    startedAt,
    endedAt: endedAt ?? now(),
  });
  return published.ok ? ok(published.value) : published;
}

async function outcomeOf(
  scheduler: Scheduler,
  entry: Entry,
  attempt: Attempt,
  log: string,
  adopted: boolean,
): Promise<Result<Outcome, Failure>> {
  try {
    // Its first owner may have removed what finishing looks at.
    const verified = adopted ? await scheduler.ports.checkpoints.verified(entry.task, attempt.directory) : undefined;
    return verified === undefined ? await entry.task.work.finish(attempt, log) : ok(verified);
  } catch (error) {
    return fail(startFailure(error, attempt.directory));
  }
}
