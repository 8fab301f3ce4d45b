import {spawn} from 'node:child_process';

/** Runs a program to its end and gives the seconds it took; throws when it fails. */
export function timed(
  file: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(file, args, {cwd, env: {...process.env, ...env}, stdio: ['ignore', 'ignore', 'pipe']});
    const chunks: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', status => {
      if (status === 0) resolve((performance.now() - began) / 1000);
      else
        reject(
          new Error(
            `${file} ${args.join(' ')} ended with ${status ?? 'a signal'}: ${Buffer.concat(chunks).toString()}`,
          ),
        );
    });
  });
}
