import {existsSync, writeFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {runScript, type Script} from '../../bench/kernels.js';
import {scratch} from '../rig/scratch.js';

function bash(text: string): Script {
  const cwd = scratch();
  writeFileSync(cwd.at('script'), text);
  return {python: 'bash', path: cwd.at('script'), env: process.env, cwd: cwd.path};
}

test('a script is over when it has ended, though what it started holds its output open', async () => {
  const lines: {pid: number}[] = [];
  const told = runScript(bash('sleep 600 & echo "{\\"pid\\": $!}"'), {}, line => lines.push(line));
  await told;
  const {pid} = lines[0] ?? {pid: 0};
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  process.kill(pid);
});

test('what a script has found is told before it fails, and what it said last is the error', async () => {
  const lines: unknown[] = [];
  const script = bash('read -r plan; echo "$plan"; echo "no such kernel" >&2; exit 3');
  await expect(runScript(script, {rounds: 1}, line => lines.push(line))).rejects.toThrow(
    /ended with 3:\nno such kernel/,
  );
  expect(lines).toEqual([{rounds: 1}]);
});

test('a script that is not there is an error', async () => {
  await expect(runScript({...bash(''), python: '/nowhere/python'}, {}, () => undefined)).rejects.toThrow('ENOENT');
});
