import {mkdirSync, readFileSync, writeFileSync, openSync, closeSync, fstatSync, readSync} from 'node:fs';
import {join} from 'node:path';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Attempt, Outcome} from '../graph/work.js';
import type {Claim, Claimed} from './checkpoints.js';
import type {Entry} from './entry.js';
import type {Holder} from '../graph/holder.js';
import type {Exit} from './executor.js';
import type {Scheduler} from './scheduler.js';

/** What came of trying to start a task. */
export type Launched =
  | {readonly is: 'submitted'}
  | {readonly is: 'done'; readonly how: 'ran' | 'cached' | 'attached'; readonly manifest: Manifest}
  | {readonly is: 'failed'; readonly failure: Failure}
  | {readonly is: 'cancelled'}
  | {readonly is: 'elsewhere'; readonly claim: Claim; readonly orphan: boolean; readonly holder?: Holder};

/** How much of a log is read for its last lines, in bytes. */
const TAIL_BYTES = 4096;

/** Claims a task, makes its attempt, and gives it to the executor. */
export async function launch(scheduler: Scheduler, entry: Entry): Promise<Launched> {
  const {checkpoints, newAttempt, now} = scheduler.ports;
  const {task} = entry;
  const id = newAttempt();
  const directory = join(task.work.attempts, `.${task.work.stem}.${id}`);
  entry.attempt = id;
  entry.directory = directory;
  entry.startedAt = undefined;
  entry.tries += 1;
  const claimed = await claim(scheduler, entry, directory);
  if (!claimed.ok) return {is: 'failed', failure: claimed.error};
  if (claimed.value.is !== 'mine') {
    const orphan = claimed.value.is === 'orphan';
    const holder = claimed.value.is === 'orphan' ? claimed.value.holder : undefined;
    return {is: 'elsewhere', claim: claimed.value.claim, orphan, ...(holder === undefined ? {} : {holder})};
  }
  entry.claim = claimed.value.claim;
  // Another kernel may have published between our look and our claim.
  if (!entry.force) {
    const manifest = checkpoints.lookup(entry.fingerprint);
    const good = manifest === undefined ? undefined : await checkpoints.check(manifest);
    if (good?.ok === true) {
      await checkpoints.release(task, entry.claim);
      return {is: 'done', how: 'attached', manifest: good.value};
    }
  }
  if (cancelled(entry)) return {is: 'cancelled'};
  try {
    mkdirSync(directory, {recursive: true});
  } catch (error) {
    return {is: 'failed', failure: startFailure(error, task.work.attempts)};
  }
  const attempt = attemptOf(scheduler, entry, directory);
  const prepared = await prepare(entry, attempt);
  if (!prepared.ok) {
    await checkpoints.discard(directory);
    return {is: 'failed', failure: prepared.error};
  }
  if (cancelled(entry)) {
    await checkpoints.discard(directory);
    return {is: 'cancelled'};
  }
  if (prepared.value === undefined) {
    entry.startedAt = now();
    scheduler.set(entry, {is: 'running', at: entry.startedAt, attempt: id, attached: false});
    const made = await publish(scheduler, entry, attempt, '', entry.startedAt, undefined);
    if (!made.ok) return {is: 'failed', failure: made.error};
    await checkpoints.release(task, entry.claim);
    return {is: 'done', how: 'ran', manifest: made.value};
  }
  const script = join(directory, '.weft.run');
  try {
    writeFileSync(script, prepared.value);
  } catch (error) {
    await checkpoints.discard(directory);
    return {is: 'failed', failure: startFailure(error, directory)};
  }
  scheduler.watch(entry, id);
  const {cpus, time} = task.placement;
  scheduler.ports.executor.submit({attempt: id, directory, script, cpus, ...(time === undefined ? {} : {time})});
  return {is: 'submitted'};
}

// Read through a function: the flag may be raised during an await, which the checker's narrowing does not see.
const cancelled = (entry: Entry): boolean => entry.cancelling;

async function claim(scheduler: Scheduler, entry: Entry, directory: string): Promise<Result<Claimed, Failure>> {
  const {checkpoints} = scheduler.ports;
  const claimed = await checkpoints.claim(entry.task, entry.attempt ?? scheduler.ports.newAttempt(), directory);
  if (claimed.ok && claimed.value.is === 'mine') await checkpoints.refresh();
  return claimed;
}

async function prepare(entry: Entry, attempt: Attempt): Promise<Result<string | undefined, Failure>> {
  try {
    return await entry.task.work.prepare(attempt);
  } catch (error) {
    return fail(startFailure(error, attempt.directory));
  }
}

function attemptOf(scheduler: Scheduler, entry: Entry, directory: string): Attempt {
  const {needs} = entry.task;
  const pathOf = (fingerprint: Fingerprint): string => {
    const state = scheduler.entry(fingerprint)?.state;
    const path = state?.is === 'done' ? state.manifest.directory : undefined;
    if (path === undefined) throw new Error(`Internal error: ${fingerprint} is no finished need of ${entry.task.name}`);
    return path;
  };
  return {
    id: entry.attempt ?? scheduler.ports.newAttempt(),
    directory,
    pathOf,
    fill: text =>
      text.replace(/\/weft::([0-9a-f]{64})/g, (whole, digits: string) => {
        const need = needs.find(other => other === digits);
        return need === undefined ? whole : pathOf(need);
      }),
  };
}

/** Turns the end of a process into a manifest, or into why there is none. */
export async function finish(scheduler: Scheduler, entry: Entry, exit: Exit): Promise<Result<Manifest, Failure>> {
  const directory = entry.directory ?? '';
  const path = join(directory, '.weft.log');
  const log = readTail(path, 65_536);
  const ended = {log: path, tail: log.slice(-TAIL_BYTES)};
  switch (exit.is) {
    case 'cancelled':
      return fail({reason: 'lost', message: 'it was cancelled'});
    case 'lost':
      return fail({reason: 'lost', message: exit.message});
    case 'timed out':
      return fail({reason: 'time', limit: entry.task.placement.time ?? 0, ...ended});
    case 'signalled':
      return fail({reason: 'signal', signal: exit.signal, ...ended});
    case 'exited': {
      entry.startedAt = exit.startedAt;
      if (exit.code !== 0) {
        const line = entry.task.work.explain?.(log);
        return fail({reason: 'exit', code: exit.code, ...(line === undefined ? {} : {line}), ...ended});
      }
      return publish(scheduler, entry, attemptOf(scheduler, entry, directory), log, exit.startedAt, exit.endedAt);
    }
  }
}

async function publish(scheduler: Scheduler, entry: Entry, attempt: Attempt, log: string, startedAt: number, endedAt: number | undefined): Promise<Result<Manifest, Failure>> {
  const {checkpoints, now} = scheduler.ports;
  let outcome: Result<Outcome, Failure>;
  try {
    outcome = await entry.task.work.finish(attempt, log);
  } catch (error) {
    outcome = fail(startFailure(error, attempt.directory));
  }
  if (!outcome.ok) return outcome;
  const published = await checkpoints.publish({
    task: entry.task,
    attempt: attempt.id,
    directory: attempt.directory,
    ...outcome.value,
    edition: checkpoints.lookup(entry.fingerprint)?.edition ?? 1,
    read: scheduler.editions(entry.task),
    startedAt,
    endedAt: endedAt ?? now(),
  });
  return published.ok ? ok(published.value) : published;
}

/** The last bytes of a log, whole lines of UTF-8 where there are any; empty if it can't be read. */
export function readTail(path: string, bytes: number): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const {size} = fstatSync(file);
    if (size <= bytes) return readFileSync(path, 'utf8');
    const buffer = Buffer.alloc(bytes);
    readSync(file, buffer, 0, bytes, size - bytes);
    const text = buffer.toString('utf8');
    const line = text.indexOf('\n');
    return line < 0 ? text : text.slice(line + 1);
  } catch {
    return '';
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** A failure of the file system before a task ran, in a person's words. */
export function startFailure(error: unknown, place: string): Failure {
  const {code, message} = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {reason: 'start', message: `no space is left for ${place}`, remedy: 'free some space or raise the quota, then run the cell again'};
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return {reason: 'start', message: `${place} can't be written: ${message}`, remedy: 'results are written there; give yourself the right to write, or use a copy of it'};
    default:
      return code === undefined ? {reason: 'bug', message: error instanceof Error ? (error.stack ?? message) : String(error)} : {reason: 'start', message};
  }
}
