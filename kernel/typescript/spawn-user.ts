import {spawn, type ChildProcess} from 'node:child_process';
import type {Duplex} from 'node:stream';
import {heapFlag} from './heap-limit.js';

/** How long a process may live that cannot be told anything any more, in milliseconds. */
const UNHEARD_MS = 1000;

/** How the user's process is started. */
export interface UserProcessOptions {
  /** The bundle of kernel/user.ts, absolute. */
  readonly path: string;
  /** The notebook's directory: relative paths in cells mean it. */
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  /** More flags of node: `--max-old-space-size=4096` is what code may fill, see {@link heapFlag}. */
  readonly flags?: readonly string[];
}

/** Starts a user's process: its output in pipes, messages over IPC, interrupts over a fifth pipe. */
export function spawnUser({path, cwd, env, flags = []}: UserProcessOptions): ChildProcess {
  // Without the first flag a terminated stack aborts the process: Node finds its stack of async ids corrupted.
  const own = ['--no-force-async-hooks-checks', '--disable-warning=ExperimentalWarning'];
  const child = spawn(
    process.execPath,
    [...own, ...flags, heapFlag(flags, (env ?? process.env)['NODE_OPTIONS']), path],
    {
      cwd,
      env: env ?? process.env,
      // Interrupts have a pipe of their own: children of the user's code inherit the standard input.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    },
  );
  // Code may close both under the process, which then neither hears nor ends. A process that has ended is not killed again.
  const doomed = (): void => void setTimeout(() => child.kill('SIGKILL'), UNHEARD_MS).unref();
  child.on('disconnect', doomed);
  const interrupts = child.stdio[4] as Duplex | null | undefined;
  interrupts
    ?.resume()
    .on('error', () => undefined)
    .on('close', doomed);
  return child;
}
