import {execFileSync} from 'node:child_process';
import {readdir} from 'node:fs/promises';
import {expect, test} from 'vitest';
import {readExit} from '../../../kernel/run/local/exit-file.js';
import {ExecutorRig} from './executor-rig.js';

const stdout = '.weft.stdout';

test('standard output is in the log and in a file of its own, whatever its lines', {timeout: 60_000}, async () => {
  await using rig = await ExecutorRig.make();
  const lines = (count: number): string => Array.from({length: count}, (_, index) => `line ${index}\n`).join('');
  // About the number of lines that the runner copies itself, and far more than a pipe has room for.
  const texts = [
    '',
    '\n',
    'x',
    'x\n',
    '\n\nx',
    'x\ny',
    '  a b  \n',
    'größer\\n\n',
    // About the characters from which on a line is not read by bash.
    ...[16_383, 16_384, 16_385, 40_000].map(count => `a\n${'ö'.repeat(count)}\nb\n`),
    ...[2, 19, 20, 21, 22, 40, 20_000].map(lines),
  ];
  for (const last of ['', 'part'])
    for (const [index, text] of texts.entries()) {
      const name = `j${last}${index}`;
      const written = `${text}${last}`;
      const script = `cd "\${0%/*}"; cat text; echo error >&2`;
      await rig.job(name, script);
      execFileSync('tee', [`${rig.directory}/${name}/text`], {input: written, stdio: ['pipe', 'ignore', 'inherit']});
      expect(await rig.run(name, script, {stdout}), name).toMatchObject({is: 'exited', code: 0});
      expect(await rig.read(name, stdout), name).toBe(written);
      // What goes to standard error comes a moment earlier or later.
      expect((await rig.read(name, '.weft.log')).replace('error\n', ''), name).toBe(written);
    }
});

test.each([
  ['30', 'echo 30'],
  ['', 'echo'],
  [' =\ta  b\\n größer ', `echo ' =\ta  b\\n größer '`],
])('%j, all that a job has said, is told with its end, and no file has it', async (line, script) => {
  await using rig = await ExecutorRig.make();
  const said = `${line}\n`;
  expect(await rig.run('job', script, {stdout, told: true})).toMatchObject({is: 'exited', code: 0, said});
  expect(await rig.read('job', '.weft.exit')).toMatch(/^0 \d+\.\d+ =/);
  expect(await readExit(`${rig.directory}/job`)).toEqual(rig.exits.get('job'));
  expect(await readdir(`${rig.directory}/job`)).not.toContain(stdout);
  expect(await rig.read('job', '.weft.log')).toBe('');
});

test.each<readonly [what: string, script: string, text: string]>([
  ['nothing', 'true', ''],
  ['a part of a line', 'printf 30', '30'],
  ['two lines', 'echo 30; echo 31', '30\n31\n'],
  ['a long line', `printf '%01000d\\n' 0`, `${'0'.repeat(1000)}\n`],
  ...[16_383, 16_384, 16_385, 500_000].map(
    count => [`a line of ${count}`, `printf '%0${count}d\\n' 0`, `${'0'.repeat(count)}\n`] as const,
  ),
  ['a line, and then something to standard error', 'echo 30; echo warning >&2', '30\n'],
  ['a line, and has failed', 'echo 30; exit 3', '30\n'],
  ['a line, and then waits for long', 'echo 30; until grep -q 30 "${0%/*}"/.weft.log; do :; done', '30\n'],
])('of a job that has said %s, the log and the file have that', async (_what, script, text) => {
  await using rig = await ExecutorRig.make();
  const exit = await rig.run('job', script, {stdout, told: true});
  expect(exit).toMatchObject({is: 'exited'});
  expect(exit).not.toHaveProperty('said');
  expect(await rig.read('job', stdout)).toBe(text);
  expect((await rig.read('job', '.weft.log')).replace('warning\n', '')).toBe(text);
});

test('a line of standard output is in the log before the next one is written', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  const seen = (line: string): string => `until grep -qx ${line} .weft.log; do read -r -t 0.01 <> <(:); done`;
  const script = `cd "\${0%/*}"; echo one; ${seen('one')}; echo two; ${seen('two')}; printf thr; echo ee; ${seen('three')}; echo end`;
  expect(await rig.run('live', script, {stdout, time: 20})).toMatchObject({is: 'exited', code: 0});
  expect(await rig.read('live', stdout)).toBe('one\ntwo\nthree\nend\n');
});

test('what an earlier job left behind writes nothing into the output of the next', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  execFileSync('mkfifo', [`${rig.directory}/ask`, `${rig.directory}/answer`]);
  // Nobody reads what it writes.
  const far = `trap "" PIPE; read -r word <ask; echo late; echo said >answer`;
  const first = `cd "\${0%/*}"/..; echo first; env -u WEFT_ATTEMPT setsid bash -c '${far}' 2>/dev/null & sleep 60`;
  expect(await rig.run('first', first, {stdout, time: 0.5})).toMatchObject({is: 'timed out'});
  const second = `cd "\${0%/*}"/..; echo now >ask; read -r word <answer; echo second`;
  expect(await rig.run('second', second, {stdout})).toMatchObject({is: 'exited', code: 0});
  expect(await rig.read('second', stdout)).toBe('second\n');
  expect(await rig.read('second', '.weft.log')).toBe('second\n');
});

test('jobs with a standard output and without take turns on one slot', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  const descriptors = 'ls /proc/self/fd | tr "\\n" " "';
  const own = execFileSync('bash', ['-c', descriptors], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit']});
  for (let number = 0; number < 4; number++)
    for (const text of [undefined, `cd '${rig.directory}/t${number}'\n${descriptors}\n`]) {
      const name = `${text === undefined ? 's' : 't'}${number}`;
      await rig.run(name, descriptors, {...(number % 2 === 0 ? {} : {stdout}), ...(text === undefined ? {} : {text})});
      expect(await rig.read(name, '.weft.log'), name).toBe(own);
      expect(await rig.read(name, stdout), name).toBe(number % 2 === 0 ? '' : own);
    }
});
