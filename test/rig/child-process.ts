import {spawn, type SpawnOptions} from 'node:child_process';

/** A process that has ended. */
export interface Ended {
  /** Null when a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program to its end and takes its output. It rejects only when the program cannot be started. After `timeout`
 * (milliseconds, 120 000 by default) it is told to end.
 */
export function childProcess(file: string, args: readonly string[], options: SpawnOptions, input = ''): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {timeout: 120_000, ...options, stdio: 'pipe'});
    const output = {stdout: '', stderr: ''};
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(input);
    child.once('error', reject);
    child.once('close', status => resolve({status, ...output}));
  });
}
