import {cpSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {AttemptId} from '../../kernel/graph/task.js';
import type {Task} from '../../kernel/graph/work.js';
import type {Claimed} from '../../kernel/run/checkpoints.js';
import {LaneClaims} from '../../kernel/session/lane-claims.js';
import {TaskClaims} from '../../kernel/session/task-claims.js';
import {BeatWatch, Heartbeat} from '../../kernel/store/heartbeat.js';
import {scratch, type Scratch} from '../rig/scratch.js';

/** The lanes of a kernel; all kernels are on one host, and live unless they are among the dead. */
function kernel(
  pid: number,
  dead: readonly number[] = [],
  visit: (directory: string) => void = () => undefined,
): LaneClaims {
  const ports = {
    kernel: {pid, startTime: '1', host: 'here', bootId: 'one'},
    isAlive: (stamp: {readonly pid: number}) => (dead.includes(stamp.pid) ? ('dead' as const) : ('alive' as const)),
    heartbeat: new Heartbeat(`beat${pid}`),
    watch: new BeatWatch(),
  };
  return new LaneClaims(new TaskClaims(ports), visit);
}

/** A task of a notebook that runs in a rerun of a root, which the notebook calls by its own name. */
function taskIn(folder: Scratch, root: string, rerun: string, notebook: string, name = notebook): Task {
  const work = {claims: folder.at(notebook, 'claims'), attempts: folder.at(notebook, 'scratch')};
  mkdirSync(work.attempts, {recursive: true});
  const fingerprint = Buffer.from(name).toString('hex').padStart(64, '0') as Fingerprint;
  const places = {lane: folder.at(root, 'rerun', rerun), laneClaims: folder.at(root, 'rerun/weft/.claims')};
  return {fingerprint, name, key: '', work, placement: {time: 60}, ...places} as unknown as Task;
}

async function asks(lanes: LaneClaims, task: Task): Promise<Claimed> {
  const asked = await lanes.claim(task, `of ${task.name}` as AttemptId, join(task.work.attempts, `.t.${task.name}`));
  if (!asked.ok) throw new Error(asked.error.reason);
  return asked.value;
}

test('a rerun is had by one task of all notebooks, whatever they call its root, and each rerun by its own', async () => {
  using folder = scratch();
  mkdirSync(folder.at('DATA'));
  symlinkSync(folder.at('DATA'), folder.at('link'));
  const [one, two] = [kernel(1), kernel(2)];
  const first = taskIn(folder, 'DATA', 'a', 'first');
  const second = taskIn(folder, 'link', 'a', 'second');
  expect((await asks(one, first)).is).toBe('mine');
  expect(await asks(two, second)).toMatchObject({is: 'held', claim: {task: first.fingerprint, time: 60}});
  expect((await asks(two, taskIn(folder, 'link', 'b', 'second', 'other'))).is).toBe('mine');
  expect(two.ownerOf(second)).toMatchObject({pid: 1, host: 'here', label: 'first', gone: false});
  // The same kernel by another name of the root, too.
  expect((await asks(one, taskIn(folder, 'link', 'a', 'first', 'third'))).is).toBe('held');
  one.release(first);
  expect((await asks(two, second)).is).toBe('mine');
});

test('reruns of one name in two roots are two for one kernel', async () => {
  using folder = scratch();
  const [one, two] = [kernel(1), kernel(2)];
  const [here, there] = ['DATA', 'OTHER'].map(root => taskIn(folder, root, 'a', 'first', root));
  expect((await asks(one, here!)).is).toBe('mine');
  expect((await asks(one, there!)).is).toBe('mine');
  one.release(here!);
  expect((await asks(two, here!)).is).toBe('mine');
  expect((await asks(two, there!)).is).toBe('held');
});

test('a root that was copied while a task ran in it is free, and one that was renamed is not', async () => {
  using folder = scratch();
  const [one, two] = [kernel(1), kernel(2)];
  expect((await asks(one, taskIn(folder, 'DATA', 'a', 'first'))).is).toBe('mine');
  cpSync(folder.at('DATA'), folder.at('COPY'), {recursive: true});
  const copied = taskIn(folder, 'COPY', 'a', 'second');
  const asked = await asks(two, copied);
  expect(asked).toMatchObject({is: 'orphan', claim: {directory: ''}});
  expect(await two.takeOver(copied, asked.claim, 'x' as AttemptId, '')).toMatchObject({ok: true, value: {is: 'mine'}});
  renameSync(folder.at('DATA'), folder.at('MOVED'));
  expect((await asks(two, taskIn(folder, 'MOVED', 'a', 'third'))).is).toBe('held');
});

test('what a dead kernel had not begun never begins, and what it had begun is told', async () => {
  using folder = scratch();
  const first = taskIn(folder, 'DATA', 'a', 'first');
  const second = taskIn(folder, 'DATA', 'a', 'second');
  await asks(kernel(1), first);
  const two = kernel(2, [1]);
  const attempt = join(first.work.attempts, '.t.first');
  mkdirSync(attempt);
  writeFileSync(join(attempt, '.weft.log'), '');
  const orphan = await asks(two, second);
  expect(orphan).toMatchObject({is: 'orphan', claim: {attempt: 'of first', directory: attempt}});
  expect(await two.recall(second, orphan.claim)).toMatchObject({pid: 1, directory: attempt});
  expect(two.ownerOf(second)).toMatchObject({gone: true, label: 'first'});
  const other = taskIn(folder, 'DATA', 'b', 'first', 'never');
  await asks(kernel(1), other);
  mkdirSync(join(other.work.attempts, '.t.never'));
  const never = await asks(two, taskIn(folder, 'DATA', 'b', 'second', 'next'));
  expect(await two.recall(taskIn(folder, 'DATA', 'b', 'second', 'next'), never.claim)).toBeUndefined();
  expect(existsSync(join(other.work.attempts, '.t.never'))).toBe(false);
});

test('where nothing may be written in the root, the kernels of one notebook still meet', async () => {
  using folder = scratch();
  mkdirSync(folder.at('DATA/rerun'), {recursive: true});
  // Nobody may make a directory in a file, whoever he is.
  writeFileSync(folder.at('DATA/rerun/weft'), '');
  const visited: string[] = [];
  const one = kernel(1, [], directory => visited.push(directory));
  const first = taskIn(folder, 'DATA', 'a', 'notebook', 'first');
  const second = taskIn(folder, 'DATA', 'a', 'notebook', 'second');
  expect((await asks(one, first)).is).toBe('mine');
  expect((await asks(kernel(2), second)).is).toBe('held');
  one.release(first);
  expect(readdirSync(first.work.claims).filter(name => !name.startsWith('.'))).toEqual([]);
  expect(visited).toEqual([]);
  await asks(one, taskIn(folder, 'FREE', 'a', 'notebook', 'third'));
  expect(visited).toEqual([folder.at('FREE/rerun/weft/.claims')]);
});
