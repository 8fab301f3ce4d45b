import {setTimeout as delay} from 'node:timers/promises';
import {runProgram} from '../containers/run-program.js';
import type {Start} from './exit-file.js';
import {endGroup, isGroup, type Leader} from './process-group.js';
import {readStop} from './stop-file.js';
import {begunIn, besideAttempt, endAll, inAttempt, inSession} from './strays.js';

/** How long an engine may take to answer, in milliseconds. */
const ENGINE_LIMIT = 5000;

/** How long a client is given to see that its container is gone, in milliseconds. */
const GRACE = 5000;

/** Runs commands of a stop, one after the other, whatever they answer. They are words for `env -i`. */
export async function runEach(commands: readonly (readonly string[])[]): Promise<void> {
  for (const words of commands) {
    const args = ['-i', '--', ...words];
    await runProgram(
      {file: 'env', args, environment: {PATH: process.env['PATH'] ?? '/usr/bin:/bin'}},
      {limit: ENGINE_LIMIT},
    );
  }
}

/**
 * Ends what is left of a job whose runner has gone: its group, what carries the attempt's name, of one that nobody has told the start of
 * what its runner had begun, and of one in a container that container and what is left of the runner's session.
 * @param start what its runner said of its start; undefined if it did not come to that
 * @param runner the runner
 */
export async function endLeft(
  attempt: string,
  directory: string,
  start: Start | undefined,
  runner: Leader | undefined,
): Promise<void> {
  const stop = await readStop(directory);
  const leader = start?.process;
  if (stop === undefined || stop.remove.length === 0) {
    // A runtime may lose a signal while it sets up.
    if (leader !== undefined) await endGroup(leader, GRACE, stop === undefined ? Infinity : 500);
  } else {
    // Its client ends when it is gone. One that is ended while it sets up may leave a container that nobody knows of.
    const until = performance.now() + GRACE;
    await runEach(stop.remove);
    while (leader !== undefined && isGroup(leader) && performance.now() < until) {
      await delay(500);
      await runEach(stop.remove);
    }
    if (leader !== undefined && isGroup(leader)) {
      await endGroup(leader, 0);
      await runEach(stop.remove);
    }
  }
  if (stop === undefined) {
    if (start !== undefined) return endAll(() => inAttempt(attempt));
    // Without a word of its start nobody knows its group.
    const beside = besideAttempt(attempt);
    return endAll(() => [...new Set([...beside(), ...(runner === undefined ? [] : begunIn(runner, directory))])]);
  }
  const session = start?.runner ?? runner;
  const before = session === undefined ? [] : inSession(session);
  await endAll(() => [...new Set([...(session === undefined ? [] : inSession(session)), ...inAttempt(attempt)])]);
  // A client may have been among them.
  if (before.length > 0) await runEach(stop.remove);
}
