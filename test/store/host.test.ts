import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {hostname} from 'node:os';
import {expect, test} from 'vitest';
import {isAlive, stampOf} from '../../kernel/store/host.js';

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
