import {spawn, type ChildProcess, type StdioOptions} from 'node:child_process';
import {constants} from 'node:os';

const relayed = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;

/** How a child ended. */
export interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** From now on signals wait for {@link relay}, which must follow before anything is waited for. */
export function holdSignals(): void {
  for (const signal of relayed) process.on(signal, () => undefined);
}

/** Starts a program and gives it the signals that come to this process; `forward` does that in another way. */
export function relay(
  words: readonly string[],
  stdio: StdioOptions,
  forward: (child: ChildProcess, signal: NodeJS.Signals) => void = (child, signal) => child.kill(signal),
): {readonly child: ChildProcess; readonly ended: Promise<End>} {
  const [file = '', ...args] = words;
  const child = spawn(file, args, {stdio});
  for (const signal of relayed) process.on(signal, () => forward(child, signal));
  const ended = new Promise<End>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({code, signal}));
  });
  return {child, ended};
}

/** The exit code of a shell: 128 and the signal's number. */
export const codeOf = ({code, signal}: End): number => code ?? 128 + (signal === null ? 0 : constants.signals[signal]);

/** Ends this process as the child ended: a signal is a real death by it. */
export function endAs(end: End): void {
  const {signal} = end;
  if (signal === null) process.exit(end.code ?? 255);
  const nothing = () => undefined;
  if (signal !== 'SIGKILL' && signal !== 'SIGSTOP') {
    // A listener that comes and goes leaves the signal's own effect behind, which Node had taken away.
    process.removeAllListeners(signal);
    process.on(signal, nothing);
    process.off(signal, nothing);
  }
  process.kill(process.pid, signal);
}
