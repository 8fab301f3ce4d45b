import {execa} from 'execa';
import {fail, ok, type Result} from '../../graph/result.js';

/** Runs tar. The error is what it said last, or that there is none. */
export async function tar(words: readonly string[], cwd: string, input = ''): Promise<Result<string, string>> {
  const {failed, stdout, stderr, code} = await execa('tar', words, {
    cwd,
    input,
    reject: false,
    extendEnv: false,
    env: {PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C.UTF-8'},
    maxBuffer: 1 << 30,
  });
  if (!failed) return ok(stdout);
  if (code === 'ENOENT') return fail('there is no program `tar` here: install it');
  const lines = stderr.trim().split('\n');
  return fail(lines.find(line => !line.includes('Error is not recoverable')) ?? 'tar failed');
}
