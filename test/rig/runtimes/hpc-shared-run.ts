import {spawn, spawnSync} from 'node:child_process';
import {setTimeout as pause} from 'node:timers/promises';
import {codeOf, type End} from './relay.js';

/** The command lines of one shared run, each with podman itself first. */
export interface SharedRun {
  readonly run: readonly string[];
  readonly exists: readonly string[];
  readonly exec: readonly string[];
  readonly kill: readonly string[];
  readonly rm: readonly string[];
}

/** Starts the container, runs the command in it, and takes it away. Gives the exit code of `podman exec`. */
export async function sharedRun({run, exists, exec, kill, rm}: SharedRun): Promise<number> {
  const quiet = ([file = '', ...args]: readonly string[]) => spawnSync(file, args, {stdio: 'ignore'}).status ?? 1;
  const started = ended(run, 'ignore');
  const last = Date.now() + 10_000;
  while (quiet(exists) !== 0) {
    if (Date.now() > last) {
      process.stderr.write('Timeout waiting for shared-run start\n');
      return 1;
    }
    await pause(200);
  }
  await started;
  const end = await ended(exec, 'inherit');
  const rank = process.env['SLURM_LOCALID'];
  if (rank === undefined) process.stderr.write('send_complete failed for None\nencoding without a string argument\n');
  quiet(kill);
  quiet(rm);
  return codeOf(end);
}

function ended([file = '', ...args]: readonly string[], stdio: 'ignore' | 'inherit'): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {stdio});
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({code, signal}));
  });
}
