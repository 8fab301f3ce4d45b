import {existsSync, readFileSync, statSync} from 'node:fs';
import {join} from 'node:path';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import {readStop, writeStop} from '../../../kernel/run/local/stop-file.js';
import {ExecutorRig, lives, until} from './executor-rig.js';
import {FakeEngine, type FakeOptions} from './fake-engine.js';

const directoryOf = (rig: ExecutorRig, name: string): string => join(rig.directory, name);

async function submit(
  rig: ExecutorRig,
  engine: FakeEngine,
  name: string,
  text: string,
  options: FakeOptions & {time?: number} = {},
) {
  const inside = engine.own(name, join(directoryOf(rig, name), 'task.sh'), options);
  await rig.submit(name, text, {inside, ...(options.time === undefined ? {} : {time: options.time})});
}

const engineOf = (rig: ExecutorRig): FakeEngine => new FakeEngine(join(rig.directory, 'engine'));

/** Text without NUL that UTF-8 can carry. */
const word = fc
  .string({unit: 'binary', maxLength: 20})
  .filter(text => !text.includes('\0') && Buffer.from(text).toString() === text);

test('words and values arrive byte for byte, and nothing else is in the environment', {timeout: 120_000}, async () => {
  await using rig = await ExecutorRig.make();
  let count = 0;
  const environments = fc.dictionary(
    fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/).filter(name => name !== 'PATH'),
    word,
    {maxKeys: 6},
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, {maxLength: 6}), environments, async (args, environment) => {
      const name = `job${++count}`;
      const out = join(directoryOf(rig, name), 'out.json');
      const text = 'require("fs").writeFileSync(process.argv[1], JSON.stringify([process.argv.slice(2), process.env]))';
      const command = {file: process.execPath, args: ['-e', text, '--', out, ...args], environment};
      const stop = {ask: [], remove: [], session: false};
      expect(await rig.run(name, '', {inside: {is: 'own', command, stop}})).toMatchObject({is: 'exited', code: 0});
      expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual([args, environment]);
    }),
    {seed: 20261123, numRuns: process.env['WEFT_SOAK'] ? 500 : 40},
  );
});

test('a program is looked up on the PATH of its environment, and may have any name', async () => {
  await using rig = await ExecutorRig.make();
  const stop = {ask: [], remove: [], session: false};
  const at = directoryOf(rig, 'bin');
  await rig.job('bin', '');
  for (const file of ['a=b', '-x', 'with space']) {
    await rig.run(`link ${file}`, `printf '#!/bin/bash\\necho "$0|$*"\\n' >"${at}/${file}"; chmod +x "${at}/${file}"`);
    const command = {file, args: ['a b', '$HOME', '*'], environment: {PATH: `${at}:/usr/bin:/bin`}};
    expect(await rig.run(file, '', {inside: {is: 'own', command, stop}})).toMatchObject({code: 0});
    expect(await rig.read(file, '.weft.log')).toBe(`${at}/${file}|a b $HOME *\n`);
  }
  const absent = {file: 'weft-no-such-program', args: [], environment: {PATH: '/usr/bin:/bin'}};
  expect(await rig.run('absent', '', {inside: {is: 'own', command: absent, stop}})).toMatchObject({code: 127});
  expect(await rig.read('absent', '.weft.log')).toContain('weft-no-such-program');
});

test('what is written for a runner is nobody else’s to read, and is read back as it was', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'exit 5');
  expect(await rig.exit('job')).toMatchObject({is: 'exited', code: 5});
  for (const file of ['.weft.start', '.weft.stop']) {
    expect(statSync(join(directoryOf(rig, 'job'), file)).mode & 0o777).toBe(0o600);
  }
  const command = {file: 'p', args: ['', 'a\nb', 'ask'], environment: {A: '', B: '\n='}};
  writeStop(rig.directory, {ask: [command, command], remove: [], session: true}, true);
  const words = ['A=', 'B=\n=', 'p', '', 'a\nb', 'ask'];
  expect(await readStop(rig.directory)).toEqual({ask: [words, words], remove: [], session: true, shared: true});
  expect(await readStop(join(rig.directory, 'nowhere'))).toBeUndefined();
  expect(engine.calls()).toEqual(['run job']);
});

test('a directory that can not be written costs its job only', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  const job = await rig.job('gone', 'true');
  rig.executor.submit({...job, directory: `${job.directory}/nowhere`, inside: engine.own('gone', job.script)});
  expect(await rig.exit('gone')).toMatchObject({is: 'lost', message: expect.stringContaining('ENOENT') as string});
  await submit(rig, engine, 'next', 'true');
  expect(await rig.exit('next')).toMatchObject({code: 0});
});

test('a cancel asks the engine until the container ends, and takes it away', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'echo $$ >self; sleep 100');
  const self = await rig.pid('job', 'self');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(await lives(self)).toBe(false);
  expect(engine.calls()).toEqual(['run job', 'kill job', 'rm job']);
});

test('a cancel during the set-up does not signal the client, and asks again once the container is there', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'echo ran >ran; sleep 100', {setup: 1});
  await rig.toldStart('job');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(engine.up().size).toBe(0);
  expect(engine.calls().filter(call => call === 'kill job').length).toBeGreaterThan(1);
});

test('a cancelled job is cancelled, whatever its client says', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'echo $$ >self; sleep 100', {exit: 0});
  await rig.pid('job', 'self');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
});

test('a time limit ends the container', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'echo $$ >self; sleep 100', {time: 0.5});
  expect(await rig.exit('job')).toMatchObject({is: 'timed out'});
  expect(await lives(await rig.pid('job', 'self'))).toBe(false);
  expect(engine.calls()).toContain('rm job');
});

test.each([
  ['ignores what it is asked', {}],
  ['has an engine that does not answer', {hangs: true}],
] as const)('a container that %s is ended after five seconds', {timeout: 30_000}, async (_, options) => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', "trap '' TERM; echo $$ >self; while :; do sleep 100; done", options);
  const self = await rig.pid('job', 'self');
  const before = performance.now();
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(performance.now() - before).toBeLessThan(12_000);
  expect(await lives(self)).toBe(false);
  expect(engine.up().size).toBe(0);
});

test.each([125, 127, 137])('a container whose client says %i is taken away', async code => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'true', {exit: code});
  expect(await rig.exit('job')).toMatchObject({is: 'exited', code});
  expect(engine.calls()).toContain('rm job');
});

test('a client that is killed leaves no container', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'echo $$ >self; sleep 100');
  const self = await rig.pid('job', 'self');
  const [client] = (await rig.read('job', '.weft.started')).split(' ');
  process.kill(Number(client), 'SIGKILL');
  expect(await rig.exit('job')).toMatchObject({is: 'signalled', signal: 'SIGKILL'});
  expect(await lives(self)).toBe(false);
});

test('a runtime that loses a signal in its set-up gets it again', async () => {
  await using rig = await ExecutorRig.make();
  const script = 'trap "" TERM; touch deaf; sleep 1; trap - TERM; exec sleep 100';
  const command = {file: 'bash', args: ['-c', script], environment: {PATH: process.env['PATH'] ?? ''}};
  const inside = {is: 'own', command, stop: {ask: [], remove: [], session: false}} as const;
  await rig.submit('job', '', {inside});
  await until('it is deaf', () => existsSync(join(directoryOf(rig, 'job'), 'deaf')));
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(await rig.read('job', '.weft.exit')).toMatch(/^143 /);
});

test('what stays in the session is ended where the runtime leaves such', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  // A group of its own, as `set -m` makes.
  const script = 'set -m; sleep 100 & echo $! >"$0"';
  for (const session of [true, false]) {
    const name = `job${String(session)}`;
    const out = join(directoryOf(rig, name), 'helper');
    const command = {file: 'bash', args: ['-c', script, out], environment: {PATH: process.env['PATH'] ?? ''}};
    const inside = {is: 'own', command, stop: {ask: [], remove: [], session}} as const;
    expect(await rig.run(name, '', {inside})).toMatchObject({code: 0});
    const helper = await rig.pid(name, 'helper');
    expect(await lives(helper)).toBe(!session);
    if (!session) process.kill(helper, 'SIGKILL');
  }
  expect(await rig.run('next', 'true')).toMatchObject({code: 0});
  expect(engine.up().size).toBe(0);
});

test('what left group and session is ended by the name of its attempt', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', "setsid bash -c 'echo $$ >daemon; sleep 100' & echo $$ >self; wait");
  const daemon = await rig.pid('job', 'daemon');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(await lives(daemon)).toBe(false);
});

test('a runner that is killed leaves no container, and what waited runs elsewhere', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  for (const name of ['a', 'b', 'c']) await rig.run(name, 'true');
  await submit(rig, engine, 'long', "setsid bash -c 'echo $$ >daemon; sleep 100' & echo $$ >self; wait");
  await submit(rig, engine, 'next', 'true');
  const pids = [await rig.pid('long', 'self'), await rig.pid('long', 'daemon')];
  process.kill(rig.assigned.get('long')!.pid, 'SIGKILL');
  expect(await rig.exit('long')).toMatchObject({is: 'lost', message: expect.stringContaining('gone') as string});
  for (const pid of pids) expect(await lives(pid)).toBe(false);
  expect(await rig.exit('next')).toMatchObject({code: 0});
  expect(engine.up().size).toBe(0);
});

test('a runner that is killed while a container is set up leaves none', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await submit(rig, engine, 'job', 'sleep 100', {setup: 1});
  await rig.toldStart('job');
  process.kill(rig.assigned.get('job')!.pid, 'SIGKILL');
  expect(await rig.exit('job')).toMatchObject({is: 'lost'});
  expect(engine.up().size).toBe(0);
});
