import {appendFileSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {readStart} from '../local/exit-file.js';
import {startTimeOf} from '../../machine/process-life.js';
import type {LeftContainer, Machine, RunProgram, Runtime} from './runtime.js';

/** What the search for containers that were left behind stands on. */
export interface LeftoversPorts {
  readonly runtimes: readonly Runtime[];
  readonly machine: Machine;
  readonly run: RunProgram;
  /** The store's directory. */
  readonly store: string;
}

/** How long an engine may take to answer, in milliseconds. */
const LIMIT = 10_000;

const fileOf = (store: string): string => join(store, 'runtimes');

function used(store: string): ReadonlySet<string> {
  try {
    return new Set(readFileSync(fileOf(store), 'utf8').split('\n'));
  } catch {
    return new Set();
  }
}

/** Notes in the store that it has used a runtime, so that a later kernel asks that one for what was left behind. */
export function noteRuntime(store: string, name: string): void {
  try {
    if (!used(store).has(name)) appendFileSync(fileOf(store), `${name}\n`);
  } catch {
    // Without the note a container may stay behind after a crash of the machine; that is no reason to run nothing.
  }
}

/**
 * Removes the containers of a store that nobody holds any more: their runner, or the client of a shared one, has gone without its kernel.
 * Asks only runtimes that the store has used. Gives the names of what was removed; an engine that does not answer is passed over.
 */
export async function removeLeftovers({runtimes, machine, run, store}: LeftoversPorts): Promise<readonly string[]> {
  const names = used(store);
  const removed = await Promise.all(
    runtimes.map(async runtime => {
      const {left} = runtime;
      if (left === undefined || !names.has(runtime.name)) return [];
      const {code, stdout} = await run(left.command(`weft.store=${store}`, machine), {limit: LIMIT});
      if (code !== 0) return [];
      const found = left.read(stdout).filter(({labels}) => labels['weft.store'] === store);
      const orphans: string[] = [];
      for (const container of found) {
        if (isOthers(container, machine) || (await isHeld(container))) continue;
        for (const remove of runtime.stopOf(container.name, machine).remove) await run(remove, {limit: LIMIT});
        orphans.push(container.name);
      }
      return orphans;
    }),
  );
  return removed.flat();
}

/** Whether its processes can't be looked for here: another container's kernel started it, and the machine has run since. */
function isOthers({labels}: LeftContainer, {space}: Machine): boolean {
  const theirs = labels['weft.space'];
  if (theirs === undefined || space === undefined || theirs === space) return false;
  return theirs.split(' ')[0] === space.split(' ')[0];
}

async function isHeld({name, labels}: LeftContainer): Promise<boolean> {
  const directory = labels['weft.directory'];
  const start = directory === undefined ? undefined : await readStart(directory);
  // One that was not yet said to have started, and one that is shared, lives with its client.
  if (start === undefined) return hasClient(name);
  return startTimeOf(start.runner.pid) === start.runner.startTime;
}

/** Whether a process is the client that started the container of a name. What stands behind a container (conmon) has other words. */
function hasClient(name: string): boolean {
  return readdirSync('/proc').some(entry => {
    if (!/^\d+$/.test(entry)) return false;
    try {
      const words = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split('\0');
      return words.some((word, index) => word === `--name=${name}` || (word === name && words[index - 1] === '--name'));
    } catch {
      return false;
    }
  });
}
