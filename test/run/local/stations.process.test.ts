import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {ExecutorRig, lives, until} from './executor-rig.js';
import {FakeEngine} from './fake-engine.js';

// Names of attempts are unique on a machine: those of the other files are others.
const engineOf = (rig: ExecutorRig): FakeEngine => new FakeEngine(join(rig.directory, 'engine'));
const starts = (engine: FakeEngine): number => engine.calls().filter(call => call.startsWith('run ')).length;
const wait = 'until [ -e go ]; do sleep 0.01; done';
const go = (rig: ExecutorRig, name: string): Promise<void> => writeFile(join(rig.directory, name, 'go'), '');

test('jobs of one station share a container, one after the other, up to their number', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  const inside = engine.station('a', 10);
  const names = Array.from({length: 25}, (_, index) => `job${index}`);
  const jobs = await Promise.all(
    names.map(name => rig.job(name, `echo $WEFT_ATTEMPT; exit ${name.slice(3)}`, {inside})),
  );
  for (const job of jobs) rig.executor.submit(job);
  await until('all have ended', () => rig.exits.size === names.length);
  for (const [index, name] of names.entries()) {
    expect(rig.exits.get(name)).toMatchObject({is: 'exited', code: index});
    expect(await rig.read(name, '.weft.log')).toBe(`${name}\n`);
    expect(await rig.read(name, '.weft.started')).toMatch(/^- \d+\.\d+ - \d+ \d+\n$/);
  }
  expect(rig.order('started')).toEqual(names);
  expect(starts(engine)).toBe(3);
  const {pid, startTime} = rig.assigned.get('job24')!;
  expect((await rig.read('job24', '.weft.started')).trim().split(' ').slice(3)).toEqual([String(pid), startTime]);
});

test('jobs of other stations and of the host have runners of their own, and free slots for each other', async () => {
  await using rig = await ExecutorRig.make({slots: 1});
  const engine = engineOf(rig);
  const [a, b] = [engine.station('a', 10), engine.station('b', 10)];
  const script = 'ps -o args= -p $PPID | grep -c weft-runner';
  const order = ['a1', 'h1', 'b1', 'a2', 'h2'];
  for (const name of order) {
    const inside = {a, b, h: undefined}[name[0] as 'a' | 'b' | 'h'];
    await rig.submit(name, script, inside === undefined ? {} : {inside});
  }
  await until('all have ended', () => rig.exits.size === order.length);
  expect(rig.order('started')).toEqual(order);
  for (const name of order) expect(await rig.read(name, '.weft.log')).toBe(name.startsWith('h') ? '0\n' : '1\n');
  expect(starts(engine)).toBe(3);
  await until('idle ones leave', () => engine.up().size === 0);
});

test('a job in a station is cancelled inside, and the next one runs in the same container', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  const inside = engine.station('a', 10);
  await rig.submit('lengthy', "setsid bash -c 'echo $$ >daemon; sleep 100' & sleep 100 & echo $! >child; wait", {
    inside,
  });
  await rig.submit('after', 'true', {inside});
  const pids = [await rig.pid('lengthy', 'child'), await rig.pid('lengthy', 'daemon')];
  rig.cancel('lengthy');
  expect(await rig.exit('lengthy')).toEqual({is: 'cancelled'});
  for (const pid of pids) expect(await lives(pid)).toBe(false);
  expect(await rig.exit('after')).toMatchObject({code: 0});
  expect(starts(engine)).toBe(1);
});

test('a time limit holds in a station', async () => {
  await using rig = await ExecutorRig.make();
  const inside = engineOf(rig).station('a', 10);
  expect(await rig.run('single', 'sleep 100', {inside, time: 0.3})).toMatchObject({is: 'timed out'});
});

test('a station whose client is killed loses the job that runs, and what waited runs in another', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  const inside = engine.station('a', 10);
  for (const name of ['a', 'b', 'c']) await rig.run(name, 'true', {inside});
  await rig.submit('lengthy', `echo $$ >self; ${wait}`, {inside});
  await rig.submit('after', 'echo ran >>ran', {inside});
  await until('the next is handed ahead', () => rig.assigned.has('after'));
  const self = await rig.pid('lengthy', 'self');
  process.kill(rig.assigned.get('lengthy')!.pid, 'SIGKILL');
  expect(await rig.exit('lengthy')).toMatchObject({is: 'lost', message: expect.stringContaining('gone') as string});
  expect(await lives(self)).toBe(false);
  expect(await rig.exit('after')).toMatchObject({code: 0});
  expect(await rig.read('after', 'ran')).toBe('ran\n');
  expect(starts(engine)).toBe(2);
});

test('a container that can not be started says why, once for each job', async () => {
  await using rig = await ExecutorRig.make();
  const stop = {ask: [], remove: [], session: false};
  const command = {
    file: 'bash',
    args: ['-c', 'echo no such image >&2; exit 125'],
    environment: {PATH: '/usr/bin:/bin'},
  };
  const inside = {is: 'shared', station: {key: 'x', jobs: 5, open: () => ({command, stop})}} as const;
  const message = expect.stringContaining('no such image') as string;
  expect(await rig.run('a', 'true', {inside})).toMatchObject({is: 'lost', message});
  expect(await rig.run('b', 'true', {inside})).toMatchObject({is: 'lost', message});
  expect(await rig.run('host', 'true')).toMatchObject({code: 0});
});

test('a container that does not come up is given up when its jobs are cancelled', async () => {
  await using rig = await ExecutorRig.make();
  const engine = engineOf(rig);
  await rig.submit('never', 'true', {inside: engine.station('a', 5, {setup: 100})});
  await until('it is being started', () => rig.assigned.has('never'));
  rig.cancel('never');
  expect(await rig.exit('never')).toEqual({is: 'cancelled'});
  expect(await rig.run('host', 'true')).toMatchObject({code: 0});
  await until('its client has gone', async () => !(await lives(rig.assigned.get('never')!.pid)));
});

test('a closed executor leaves what runs in a station alone, and the station leaves after it', async () => {
  await using next = await ExecutorRig.make();
  const engine = new FakeEngine(join(next.directory, 'engine'));
  const rig = new ExecutorRig(next.directory, {});
  await rig.submit('single', `${wait}; exit 3`, {inside: engine.station('a', 5)});
  await rig.toldStart('single');
  await rig.executor.close();
  next.executor.adopt('single' as never, rig.assigned.get('single')!);
  await go(rig, 'single');
  expect(await next.exit('single')).toMatchObject({is: 'exited', code: 3});
  await until('the container has gone', () => engine.up().size === 0);
});
