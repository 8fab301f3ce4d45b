import {appendFile, rm, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {AttemptId} from '../../../kernel/graph/task.js';
import {kill, startKernel} from './dying.js';
import {ExecutorRig, lives, until} from './executor-rig.js';
import {FakeEngine} from './fake-engine.js';

const wait = 'until [ -e go ]; do sleep 0.01; done';
const go = (rig: ExecutorRig, name: string): Promise<void> => writeFile(join(rig.directory, name, 'go'), '');

test('jobs that run and that were handed ahead finish after their kernel was killed, and are adopted', async () => {
  await using rig = await ExecutorRig.make();
  const kernel = await startKernel(rig, {running: `${wait}; echo done`, ahead: `${wait}; exit 7`});
  await until('one runs, one waits', () => kernel.started.includes('running') && kernel.holders.has('ahead'));
  await kill(kernel);
  const {pid} = kernel.holders.get('running')!;
  expect(await lives(pid)).toBe(true);
  for (const name of ['running', 'ahead']) rig.executor.adopt(name as AttemptId, kernel.holders.get(name)!);
  expect(rig.executor.holderOf('ahead' as AttemptId)).toEqual(kernel.holders.get('ahead'));
  await rig.toldStart('running');
  await go(rig, 'running');
  expect(await rig.exit('running')).toMatchObject({is: 'exited', code: 0});
  await go(rig, 'ahead');
  expect(await rig.exit('ahead')).toMatchObject({is: 'exited', code: 7});
  expect(rig.order('started')).toEqual(['running', 'ahead']);
  expect(await rig.read('running', '.weft.log')).toBe('done\n');
  await until('the runner leaves', async () => !(await lives(pid)));
  expect(rig.executor.holderOf('ahead' as AttemptId)).toBeUndefined();
});

test('a job is cancelled after its kernel was killed, by the one that adopted it', async () => {
  await using rig = await ExecutorRig.make();
  const kernel = await startKernel(rig, {running: wait, ahead: 'touch ran'});
  await until('one runs, one waits', () => kernel.started.includes('running') && kernel.holders.has('ahead'));
  await kill(kernel);
  for (const name of ['ahead', 'running']) rig.executor.adopt(name as AttemptId, kernel.holders.get(name)!);
  rig.cancel('ahead');
  expect(await rig.exit('ahead')).toEqual({is: 'cancelled'});
  expect(rig.exits.has('running')).toBe(false);
  rig.cancel('running');
  expect(await rig.exit('running')).toEqual({is: 'cancelled'});
  expect(await rig.read('ahead', '.weft.started')).toBe('');
});

test('a time limit holds after the kernel was killed', async () => {
  await using rig = await ExecutorRig.make();
  const kernel = await startKernel(rig, {limited: 'sleep 100 & echo $! >child; wait'});
  const child = await rig.pid('limited', 'child');
  await until('its holder is told', () => kernel.holders.has('limited'));
  await kill(kernel);
  rig.executor.adopt('limited' as AttemptId, kernel.holders.get('limited')!);
  expect(await rig.exit('limited')).toMatchObject({is: 'timed out'});
  expect(await lives(child)).toBe(false);
});

test('an adopted job whose runner was killed is lost, and what it left is ended', async () => {
  await using rig = await ExecutorRig.make();
  const kernel = await startKernel(rig, {running: 'sleep 100 & echo $! >child; wait', ahead: 'true'});
  await until('one runs, one waits', () => kernel.started.includes('running') && kernel.holders.has('ahead'));
  const child = await rig.pid('running', 'child');
  await kill(kernel);
  process.kill(kernel.holders.get('running')!.pid, 'SIGKILL');
  for (const name of ['running', 'ahead']) rig.executor.adopt(name as AttemptId, kernel.holders.get(name)!);
  expect(await rig.exit('running')).toMatchObject({is: 'lost', message: expect.stringContaining('gone') as string});
  expect(await rig.exit('ahead')).toMatchObject({is: 'lost'});
  expect(await lives(child)).toBe(false);
});

test.each([
  ['at its place', 'env -i bash -c "echo \\$\\$ >child; sleep 100; :"'],
  ['elsewhere', 'echo $$ >self; cd /; env -i place="$OLDPWD" bash -c "echo \\$\\$ >\\$place/child; sleep 100; :"'],
])(
  'what a runner began is ended if it was killed before it said so, even what has lost the attempt’s name (%s)',
  async (_, script) => {
    await using rig = await ExecutorRig.make();
    const kernel = await startKernel(rig, {running: script});
    await until('it runs', () => kernel.started.includes('running') && kernel.holders.has('running'));
    const child = await rig.pid('running', 'child');
    await kill(kernel);
    process.kill(kernel.holders.get('running')!.pid, 'SIGKILL');
    await rm(join(rig.directory, 'running', '.weft.started'));
    const attempt = join(rig.directory, 'running');
    rig.executor.adopt(attempt as AttemptId, kernel.holders.get('running')!);
    expect(await rig.exit(attempt)).toMatchObject({is: 'lost'});
    expect(await lives(child)).toBe(false);
  },
);

test('an exit is read of a runner that has gone, but not a torn one, nor of a process that took its number', async () => {
  await using rig = await ExecutorRig.make();
  await rig.run('done', 'exit 3');
  const holder = {...rig.assigned.get('done')!, startTime: '1'};
  const torn = await rig.job('torn', 'true');
  await appendFile(join(torn.directory, '.weft.exit'), '0 17953840');
  rig.executor.adopt('old' as AttemptId, holder);
  expect(await rig.exit('old')).toMatchObject({is: 'exited', code: 3});
  rig.executor.adopt('torn' as AttemptId, {...holder, directory: torn.directory});
  expect(await rig.exit('torn')).toMatchObject({is: 'lost'});
  await rm(join(torn.directory, '.weft.exit'));
  rig.executor.adopt('rebooted' as AttemptId, {...rig.assigned.get('done')!, bootId: 'x', directory: torn.directory});
  expect(await rig.exit('rebooted')).toMatchObject({is: 'lost'});
});

test('closing recalls what was handed ahead and leaves what runs alone', async () => {
  await using next = await ExecutorRig.make();
  const rig = new ExecutorRig(next.directory, {});
  for (const name of ['a', 'b', 'c']) await rig.run(name, 'true');
  for (const job of [await rig.job('running', wait), await rig.job('ahead', 'touch ran')]) rig.executor.submit(job);
  await rig.toldStart('running');
  await until('one is handed ahead', () => rig.assigned.has('ahead'));
  await rig.executor.close();
  expect(rig.exits.has('running')).toBe(false);
  for (const name of ['running', 'ahead']) next.executor.adopt(name as AttemptId, rig.assigned.get(name)!);
  expect(await next.exit('ahead')).toMatchObject({is: 'lost', message: expect.stringContaining('recalled') as string});
  await go(next, 'running');
  expect(await next.exit('running')).toMatchObject({is: 'exited', code: 0});
  await until('the runner leaves', async () => !(await lives(rig.assigned.get('running')!.pid)));
  expect(await next.read('ahead', '.weft.started')).toBe('');
});

test('containers of a killed kernel go on, and are adopted, cancelled, and taken away if their runner has gone', async () => {
  await using rig = await ExecutorRig.make();
  const engine = new FakeEngine(join(rig.directory, 'engine'));
  for (const [ending, is] of [
    ['goes on', 'exited'],
    ['is cancelled', 'cancelled'],
    ['loses its runner', 'lost'],
  ] as const) {
    const kernel = await startKernel(rig, {[ending]: `echo $$ >self; ${wait}`});
    const self = await rig.pid(ending, 'self');
    await until('its holder is told', () => kernel.holders.has(ending));
    await kill(kernel);
    const holder = kernel.holders.get(ending)!;
    if (is === 'lost') process.kill(holder.pid, 'SIGKILL');
    rig.executor.adopt(ending as AttemptId, holder);
    if (is === 'cancelled') rig.cancel(ending);
    if (is === 'exited') await go(rig, ending);
    expect(await rig.exit(ending)).toMatchObject({is});
    expect(await lives(self)).toBe(false);
    expect(engine.up().size).toBe(0);
    await rm(join(rig.directory, 'warm'), {recursive: true});
  }
});

test('a station of a killed kernel finishes what it was given, and leaves', async () => {
  await using rig = await ExecutorRig.make();
  const engine = new FakeEngine(join(rig.directory, 'engine'));
  const kernel = await startKernel(rig, {
    ...Object.fromEntries(Array.from({length: 8}, (_, index) => [`shared short ${index}`, 'true'])),
    shared1: `echo $$ >self; ${wait}`,
    shared2: 'exit 7',
  });
  await rig.pid('shared1', 'self');
  await until('one is handed ahead', () => kernel.holders.has('shared2'));
  await kill(kernel);
  for (const name of ['shared1', 'shared2']) rig.executor.adopt(name as AttemptId, kernel.holders.get(name)!);
  await go(rig, 'shared1');
  expect(await rig.exit('shared1')).toMatchObject({is: 'exited', code: 0});
  expect(await rig.exit('shared2')).toMatchObject({is: 'exited', code: 7});
  await until('the container has gone', () => engine.up().size === 0);
});

test('a job in a station of a killed kernel is cancelled, or lost with its client, and no container stays', async () => {
  await using rig = await ExecutorRig.make();
  const engine = new FakeEngine(join(rig.directory, 'engine'));
  for (const [name, is] of [
    ['shared cancelled', 'cancelled'],
    ['shared lost', 'lost'],
  ] as const) {
    const kernel = await startKernel(rig, {[name]: 'echo $$ >self; sleep 100'});
    const self = await rig.pid(name, 'self');
    await until('its holder is told', () => kernel.holders.has(name));
    await kill(kernel);
    const holder = kernel.holders.get(name)!;
    rig.executor.adopt(name as AttemptId, holder);
    if (is === 'lost') process.kill(holder.pid, 'SIGKILL');
    else rig.cancel(name);
    expect(await rig.exit(name)).toMatchObject({is});
    expect(await lives(self)).toBe(false);
    await until('the container has gone', () => engine.up().size === 0);
    await rm(join(rig.directory, 'warm'), {recursive: true});
  }
});
