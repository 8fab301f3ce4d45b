import {execFileSync} from 'node:child_process';
import {readFile, writeFile} from 'node:fs/promises';
import {constants} from 'node:os';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ExecutorRig, lives, until} from './executor-rig.js';

test('a job that ends says its code, its times and its log in order', async () => {
  await using rig = await ExecutorRig.make();
  const before = Date.now();
  expect(await rig.run('good', 'echo one; echo two >&2; echo three')).toMatchObject({is: 'exited', code: 0});
  expect(await rig.read('good', '.weft.log')).toBe('one\ntwo\nthree\n');
  const exit = await rig.run('bad', 'exit 7');
  expect(exit).toMatchObject({is: 'exited', code: 7});
  if (exit.is !== 'exited') throw new Error('unreachable');
  expect(exit.startedAt).toBeGreaterThanOrEqual(before - 1000);
  expect(exit.endedAt).toBeGreaterThanOrEqual(exit.startedAt);
  expect(exit.endedAt).toBeLessThanOrEqual(Date.now() + 1);
  expect(rig.events).toEqual(['good', 'bad'].flatMap(name => [`assigned ${name}`, `started ${name}`, `ended ${name}`]));
  expect(await rig.read('bad', '.weft.exit')).toMatch(/^7 \d+\.\d+\n$/);
  expect(await rig.read('bad', '.weft.started')).toMatch(/^\d+ \d+\.\d+ \d+ \d+ \d+\n$/);
});

test.each([
  ['KILL', 'SIGKILL'],
  ['TERM', 'SIGTERM'],
  ['INT', 'SIGINT'],
  ['PIPE', 'SIGPIPE'],
  ['SEGV', 'SIGSEGV'],
  ['USR1', 'SIGUSR1'],
] as const)('a job that SIG%s ends is told from one that says such a code', async (name, signal) => {
  await using rig = await ExecutorRig.make();
  expect(await rig.run('signal', `kill -${name} $$`)).toMatchObject({is: 'signalled', signal});
  const code = 128 + constants.signals[signal];
  expect(await rig.run('code', `exit ${code}`)).toMatchObject({is: 'exited', code});
});

test('a job sees the environment, its own directory and an empty standard input, and nothing of its runner', async () => {
  process.env['LC_ALL'] = 'C.UTF-8';
  process.env['BASH_FUNC_greet%%'] = '() {  echo hello; }';
  await using rig = await ExecutorRig.make();
  const script =
    'pwd; wc -c; ls /proc/self/fd | wc -l; echo $LC_ALL; greet; trap; echo $-; ulimit -c 0; kill -PIPE $BASHPID';
  expect(await rig.run('job', script)).toMatchObject({is: 'signalled', signal: 'SIGPIPE'});
  delete process.env['LC_ALL'];
  delete process.env['BASH_FUNC_greet%%'];
  const plain = execFileSync('bash', ['-c', 'ls /proc/self/fd | wc -l'], {encoding: 'utf8'}).trim();
  expect(await rig.read('job', '.weft.log')).toBe(`${rig.directory}/job\n0\n${plain}\nC.UTF-8\nhello\nhB\n`);
});

test('paths with spaces, quotes and letters of any alphabet work', async () => {
  await using rig = await ExecutorRig.make({}, "weft run's ünïcode 星 $HOME \\");
  expect(await rig.run(' visit=1 "é" *', 'echo here')).toMatchObject({code: 0});
  expect(await rig.read(' visit=1 "é" *', '.weft.log')).toBe('here\n');
});

test('a path with a tab or a line break is refused', async () => {
  await using rig = await ExecutorRig.make();
  const exit = await rig.run('a\tb', 'true');
  expect(exit).toMatchObject({is: 'lost', message: expect.stringContaining('tab') as string});
  expect(await rig.run('a\nb', 'true')).toMatchObject({is: 'lost'});
  expect(await rig.run('ab', 'true')).toMatchObject({code: 0});
});

test('a directory that is not there costs its job only', async () => {
  await using rig = await ExecutorRig.make();
  const job = await rig.job('gone', 'true');
  rig.executor.submit({...job, directory: `${job.directory}/nowhere`});
  expect(await rig.exit('gone')).toMatchObject({is: 'lost', message: expect.stringContaining('nowhere') as string});
  expect(await rig.run('next', 'true')).toMatchObject({code: 0});
});

test('two hundred jobs on one slot run one after the other, in order', async () => {
  await using rig = await ExecutorRig.make();
  const names = Array.from({length: 200}, (_, index) => `job${index}`);
  const jobs = await Promise.all(names.map(name => rig.job(name, `echo ${name} >>"${rig.directory}/order"`)));
  for (const job of jobs) rig.executor.submit(job);
  await until('all have ended', () => rig.exits.size === 200);
  expect((await readFile(join(rig.directory, 'order'), 'utf8')).trim().split('\n')).toEqual(names);
  expect(rig.order('started')).toEqual(names);
  expect(rig.order('ended')).toEqual(names);
  expect([...rig.exits.values()].every(exit => exit.is === 'exited' && exit.code === 0)).toBe(true);
});

test('a time limit ends the whole group, and one that ignores SIGTERM too', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make({slots: 2});
  await rig.submit('polite', 'sleep 100 & echo $! >child; wait', {time: 0.3});
  await rig.submit('stubborn', "trap '' TERM; sleep 100 & echo $! >child; while :; do wait; done", {time: 0.3});
  const children = [await rig.pid('polite', 'child'), await rig.pid('stubborn', 'child')];
  expect(await rig.exit('polite')).toMatchObject({is: 'timed out'});
  // Nothing waits for the five seconds where all ended at once.
  expect(rig.exits.has('stubborn')).toBe(false);
  expect(await rig.exit('stubborn')).toMatchObject({is: 'timed out'});
  expect(await rig.read('stubborn', '.weft.exit')).toMatch(/^137 \S+ timeout\n$/);
  for (const child of children) expect(await lives(child)).toBe(false);
  expect(await rig.run('within', 'exit 3', {time: 20})).toMatchObject({is: 'exited', code: 3});
});

test('a job that was cancelled before it started never runs', async () => {
  await using rig = await ExecutorRig.make();
  await rig.submit('first', 'until [ -e go ]; do sleep 0.01; done');
  await rig.submit('second', 'touch ran');
  await rig.submit('third', 'touch ran');
  await rig.toldStart('first');
  rig.cancel('second');
  rig.cancel('second');
  expect(await rig.exit('second')).toEqual({is: 'cancelled'});
  await writeFile(join(rig.directory, 'first', 'go'), '');
  expect(await rig.exit('third')).toMatchObject({code: 0});
  expect(rig.order('started')).toEqual(['first', 'third']);
});

test('a job that was handed ahead is recalled at once', async () => {
  await using rig = await ExecutorRig.make();
  for (const name of ['a', 'b', 'c']) await rig.run(name, 'true');
  const jobs = [
    await rig.job('long', 'until [ -e go ]; do sleep 0.01; done'),
    await rig.job('ahead', 'touch ran'),
    await rig.job('last', 'true'),
  ];
  for (const job of jobs) rig.executor.submit(job);
  await until('it is handed ahead', () => rig.assigned.has('ahead'));
  await rig.toldStart('long');
  rig.cancel('ahead');
  expect(await rig.exit('ahead')).toEqual({is: 'cancelled'});
  expect(rig.exits.has('long')).toBe(false);
  await writeFile(join(rig.directory, 'long', 'go'), '');
  expect(await rig.exit('last')).toMatchObject({code: 0});
  expect(await rig.read('ahead', '.weft.started')).toBe('');
});

test('a job that runs is cancelled with all its children', async () => {
  await using rig = await ExecutorRig.make();
  await rig.submit('job', 'sleep 100 & echo $! >child; wait');
  const child = await rig.pid('job', 'child');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(await lives(child)).toBe(false);
  expect(await rig.read('job', '.weft.exit')).toMatch(/ cancelled\n$/);
});

test('a child that ignores SIGTERM is killed five seconds after a cancel', {timeout: 30_000}, async () => {
  await using rig = await ExecutorRig.make();
  await rig.submit('job', "(trap '' TERM; echo $BASHPID >child; while :; do sleep 100; done) & wait");
  const child = await rig.pid('job', 'child');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
  expect(await lives(child)).toBe(false);
});

test('a job that is stopped is still cancelled', async () => {
  await using rig = await ExecutorRig.make();
  await rig.submit('job', 'echo $$ >self; kill -STOP $$; exit 0');
  await rig.pid('job', 'self');
  rig.cancel('job');
  expect(await rig.exit('job')).toEqual({is: 'cancelled'});
});

test('what a job leaves in the background is ended before its exit is told', async () => {
  await using rig = await ExecutorRig.make();
  expect(await rig.run('job', 'sleep 100 & echo $! >child')).toMatchObject({code: 0});
  expect(await lives(await rig.pid('job', 'child'))).toBe(false);
});

test('a job of two cpus waits for two slots, and later ones wait behind it', async () => {
  await using rig = await ExecutorRig.make({slots: 2});
  const wait = 'until [ -e go ]; do sleep 0.01; done';
  const go = (name: string) => writeFile(join(rig.directory, name, 'go'), '');
  await rig.submit('one', wait);
  await rig.submit('wide', wait, {cpus: 2});
  await rig.submit('after', 'true');
  await rig.toldStart('one');
  await go('one');
  await rig.toldStart('wide');
  expect(rig.events).toContain('ended one');
  expect(rig.order('assigned')).toEqual(['one', 'wide']);
  await go('wide');
  await rig.exit('after');
  expect(rig.events.indexOf('ended wide')).toBeLessThan(rig.events.indexOf('assigned after'));
  expect(await rig.run('wider', 'true', {cpus: 64})).toMatchObject({code: 0});
});

test('a free runner takes over what waits behind a long job', async () => {
  await using rig = await ExecutorRig.make({slots: 2});
  for (const name of ['a', 'b', 'c', 'd']) await rig.run(name, 'true');
  const wait = 'until [ -e go ]; do sleep 0.01; done';
  const jobs = [await rig.job('long', wait), await rig.job('short', 'true')];
  for (let index = 0; index < 6; index++) jobs.push(await rig.job(`queued${index}`, 'echo ran >>ran'));
  for (const job of jobs) rig.executor.submit(job);
  await until('the others have ended', () => rig.exits.size === 11);
  expect(rig.exits.has('long')).toBe(false);
  expect(rig.order('started')).toHaveLength(12);
  await writeFile(join(rig.directory, 'long', 'go'), '');
  expect(await rig.exit('long')).toMatchObject({code: 0});
  // It needs both runners, so that the first has done with what it had been given.
  await rig.run('both', 'true', {cpus: 2});
  for (let index = 0; index < 6; index++) expect(await rig.read(`queued${index}`, 'ran')).toBe('ran\n');
  expect(rig.order('ended')).toHaveLength(13);
});

test('the number of slots can change while jobs run', async () => {
  await using rig = await ExecutorRig.make({slots: 1});
  const wait = 'until [ -e go ]; do sleep 0.01; done';
  for (const name of ['a', 'b', 'c', 'd']) await rig.submit(name, wait);
  await rig.toldStart('a');
  expect(rig.order('started')).toEqual(['a']);
  rig.executor.resize(3);
  await rig.toldStart('c');
  rig.executor.resize(1);
  for (const name of ['a', 'b']) await writeFile(join(rig.directory, name, 'go'), '');
  await rig.exit('b');
  expect(rig.order('started')).toHaveLength(3);
  for (const name of ['c', 'd']) await writeFile(join(rig.directory, name, 'go'), '');
  expect(await rig.exit('d')).toMatchObject({code: 0});
});

test('a runner that is killed loses its job, ends what it left, and the others run elsewhere', async () => {
  await using rig = await ExecutorRig.make();
  for (const name of ['a', 'b', 'c']) await rig.run(name, 'true');
  const jobs = [await rig.job('long', 'sleep 100 & echo $! >child; wait'), await rig.job('next', 'true')];
  for (const job of jobs) rig.executor.submit(job);
  await until('the next is handed ahead', () => rig.assigned.has('next'));
  const child = await rig.pid('long', 'child');
  process.kill(rig.assigned.get('long')!.pid, 'SIGKILL');
  expect(await rig.exit('long')).toMatchObject({is: 'lost', message: expect.stringContaining('gone') as string});
  expect(await lives(child)).toBe(false);
  expect(await rig.exit('next')).toMatchObject({code: 0});
});

/** Gives a job named `second`, which writes `ran`, to a runner that is stopped, whose number comes back. */
async function heldBack(rig: ExecutorRig): Promise<number> {
  await rig.run('first', 'true');
  const {pid} = rig.assigned.get('first')!;
  process.kill(pid, 'SIGSTOP');
  await rig.submit('second', 'echo ran >>"${0%/*}/ran"');
  await rig.toldStart('second');
  return pid;
}

test('a job that its runner had not begun when it was killed runs elsewhere', async () => {
  await using rig = await ExecutorRig.make();
  const pid = await heldBack(rig);
  process.kill(pid, 'SIGKILL');
  expect(await rig.exit('second')).toMatchObject({is: 'exited', code: 0});
  expect(await rig.read('second', 'ran')).toBe('ran\n');
});

test('a job that its runner has not begun is cancelled, and never runs', async () => {
  await using rig = await ExecutorRig.make();
  const pid = await heldBack(rig);
  rig.cancel('second');
  process.kill(pid, 'SIGCONT');
  expect(await rig.exit('second')).toEqual({is: 'cancelled'});
  expect(await rig.read('second', 'ran')).toBe('');
});

test('a bash that can not be started fails each job with a message', async () => {
  await using rig = await ExecutorRig.make({bash: '/nonexistent/bash'});
  expect(await rig.run('a', 'true')).toMatchObject({is: 'lost', message: expect.stringContaining('ENOENT') as string});
  expect(await rig.run('b', 'true')).toMatchObject({is: 'lost'});
});
