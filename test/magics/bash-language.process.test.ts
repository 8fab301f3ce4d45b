import {spawnSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {bashLanguage} from '../../magics/bash-language.js';
import type {ScriptJob} from '../../magics/script-language.js';
import {scratch} from '../rig/scratch.js';

/** Runs a script with `--value` as a task does: its exit code, its log, and its standard output. */
function valueScript(text: string, strict = true): {code: number | null; log: Buffer; stdout: Buffer} {
  using folder = scratch();
  const directory = folder.path;
  const job = {
    call: {value: true, strict},
    recipe: {variables: {}},
    attempt: {directory, fill: (each: string) => each},
    text,
    directories: {},
  } as unknown as ScriptJob;
  const started = bashLanguage.start(job);
  if (!started.ok) throw new Error(started.error);
  const {status, stdout, signal} = spawnSync('bash', ['-c', `exec 2>&1\n${started.value}`], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {PATH: process.env['PATH'], LC_ALL: 'C.UTF-8'},
    maxBuffer: 1e8,
  });
  expect(signal).toBeNull();
  return {code: status, log: stdout, stdout: readFileSync(join(directory, '.weft.stdout'))};
}

const lines = (count: number): string => Array.from({length: count}, (_, i) => `line ${i + 1}\n`).join('');

test.each([0, 1, 19, 20, 21, 22, 2000])('%i lines come out in the log and as the standard output', count => {
  const {code, log, stdout} = valueScript(`for ((i = 1; i <= ${count}; i++)); do echo "line $i"; done`);
  expect([code, log.toString(), stdout.toString()]).toEqual([0, lines(count), lines(count)]);
});

test.each([0, 1, 19, 20, 21, 40])('a last line without its end stays so, after %i others', count => {
  const {log, stdout} = valueScript(`for ((i = 1; i <= ${count}; i++)); do echo "line $i"; done; printf '{"a": 1}'`);
  expect([log.toString(), stdout.toString()]).toEqual([`${lines(count)}{"a": 1}`, `${lines(count)}{"a": 1}`]);
});

test.each([16_383, 16_384, 16_385, 500_000])('a line of %i characters comes out as it is', count => {
  for (const end of ['', '\\n', '\\nö\\n']) {
    const {log, stdout} = valueScript(`printf 'a\\n'; printf '%0${count}dö${end}' 0`);
    const expected = `a\n${'0'.repeat(count)}ö${end.replaceAll('\\n', '\n')}`;
    expect(log.toString() === expected && stdout.toString() === expected).toBe(true);
  }
});

test('every byte but NUL comes out, whatever the encoding', () => {
  const bytes = Buffer.from([...Array(255).keys()].map(i => i + 1));
  const octal = [...bytes].map(byte => `\\${byte.toString(8).padStart(3, '0')}`).join('');
  const {log, stdout} = valueScript(`printf '${octal}\\n  \\\\ -n \\t\\n-e x\\n'`);
  const expected = Buffer.concat([bytes, Buffer.from('\n  \\ -n \t\n-e x\n')]);
  expect([log, stdout]).toEqual([expected, expected]);
});

test('the exit code is that of the script', () => {
  expect(valueScript('echo 1; exit 3').code).toBe(3);
  expect(valueScript('echo 1; false; echo 2').stdout.toString()).toBe('1\n');
  expect(valueScript('echo 1; false | true; echo 2').code).toBe(1);
  expect(valueScript('echo 1; false | true; false; echo 2', false)).toMatchObject({code: 0});
  expect(valueScript('echo 1; kill -KILL $BASHPID').code).toBe(137);
  expect(valueScript(`seq 1 50; exit 4`, false).code).toBe(4);
});

test('the script sees nothing of how its output is copied', () => {
  const {stdout} = valueScript(
    'WEFT_LINE=mine; echo "$LC_ALL" $(shopt -q lastpipe; echo $?) $- ; read -r x; echo "[$x]"',
  );
  expect(stdout.toString()).toMatch(/^C\.UTF-8 1 \S+\n$/);
  expect(valueScript('{ : >&3; } 2>/dev/null || echo closed').stdout.toString()).toBe('closed\n');
});

test('what is written to the standard error is in the log only', () => {
  const {log, stdout} = valueScript('echo 1; echo wrong >&2');
  expect(stdout.toString()).toBe('1\n');
  expect(log.toString().split('\n').sort()).toEqual(['', '1', 'wrong']);
});
