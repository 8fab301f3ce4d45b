import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {hostname} from 'node:os';
import {expect, test, vi} from 'vitest';
import {isAlive, readStat, startTimeOf, stampOf} from '../../kernel/machine/process-life.js';

test('this process is alive, under its own start time only', () => {
  const stamp = stampOf();
  expect(stamp).toMatchObject({pid: process.pid, host: hostname()});
  if (stamp === undefined) return;
  expect(isAlive(stamp)).toBe('alive');
  expect(isAlive({...stamp, startTime: '1'})).toBe('dead');
  expect(isAlive({...stamp, bootId: 'another start of the machine'})).toBe('dead');
  expect(isAlive({...stamp, host: 'elsewhere'})).toBe('unknown');
  expect(isAlive({...stamp, space: 'pid:[1]'})).toBe('unknown');
});

test('a machine that was started again has none of its processes left, in whatever container they were', () => {
  const stamp = stampOf();
  if (stamp === undefined) return;
  expect(isAlive({...stamp, bootId: 'before', space: 'pid:[1]'})).toBe('dead');
  // Another machine may have started at any time.
  expect(isAlive({...stamp, bootId: 'before', host: 'elsewhere'})).toBe('unknown');
});

test('a process that has ended is dead before its parent has asked how', async () => {
  const parent = spawn('bash', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], {stdio: ['ignore', 'pipe', 'ignore']});
  try {
    const [text] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(text.toString());
    await vi.waitFor(() => expect(readStat(pid)?.state).toBe('Z'));
    const startTime = readStat(pid)?.startTime ?? '';
    expect(startTimeOf(pid)).toBeUndefined();
    expect(stampOf(pid)).toBeUndefined();
    const own = stampOf();
    expect(own && isAlive({...own, pid, startTime})).toBe('dead');
  } finally {
    parent.kill('SIGKILL');
  }
});

test('a process that has ended is dead, though its name had brackets', async () => {
  const child = spawn('bash', ['-c', 'exec -a "a ) b" sleep 60']);
  await once(child, 'spawn');
  const stamp = stampOf(child.pid);
  expect(stamp && isAlive(stamp)).toBe('alive');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(stamp && isAlive(stamp)).toBe('dead');
  expect(stampOf(child.pid)).toBeUndefined();
});
