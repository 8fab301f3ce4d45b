import {mkdirSync, writeFileSync} from 'node:fs';
import {afterEach, expect, test, vi} from 'vitest';
import type {AttemptId} from '../../../kernel/graph/task.js';
import type {Exit} from '../../../kernel/run/executor.js';
import {AdoptedJobs} from '../../../kernel/run/local/adopted-jobs.js';
import {scratch} from '../../rig/scratch.js';

afterEach(() => vi.restoreAllMocks());

const attempt = 'a' as AttemptId;

/** Watches a job of another host with a clock that stands still until `pass` moves it. */
function watching(directory: string, time?: number) {
  mkdirSync(directory);
  writeFileSync(`${directory}/.weft.log`, '');
  writeFileSync(`${directory}/.weft.started`, '12 1760277783.5 34 56 78\n');
  let now = 0;
  let looks = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (looks++, now));
  let end: (exit: Exit) => void = () => undefined;
  const ended = new Promise<Exit>(resolve => (end = resolve));
  const jobs = new AdoptedJobs({started: () => undefined, ended: (_, exit) => end(exit)});
  jobs.watch(attempt, {pid: 34, startTime: '78', host: 'elsewhere', bootId: 'b', directory}, time);
  return {
    jobs,
    ended,
    pass: (milliseconds: number) => (now += milliseconds),
    /** Until it was looked at again: each look asks for the time. */
    looked: () => {
      const before = looks;
      return vi.waitUntil(() => looks > before, {timeout: 10_000});
    },
  };
}

test('a job on a host that is not heard of is watched until its own time limit is over, and is then lost', async () => {
  using folder = scratch();
  const {ended, pass, looked, jobs} = watching(folder.at('job'), 300);
  await looked();
  pass(300_000);
  await looked();
  expect(jobs.holderOf(attempt)).toBeDefined();
  pass(61_000);
  expect(await ended).toMatchObject({is: 'lost', again: true, message: expect.stringContaining('elsewhere') as string});
});

test('a job without a limit on such a host is never given up, but its exit counts, and a person can cancel it', async () => {
  using folder = scratch();
  const first = watching(folder.at('job'));
  first.pass(30 * 86_400_000);
  await first.looked();
  expect(first.jobs.holderOf(attempt)).toBeDefined();
  writeFileSync(folder.at('job', '.weft.exit'), '0 1760277784.5\n');
  expect(await first.ended).toMatchObject({is: 'exited', code: 0});

  vi.restoreAllMocks();
  const second = watching(folder.at('other'));
  second.jobs.cancel(attempt);
  await second.looked();
  second.pass(61_000);
  expect(await second.ended).toEqual({is: 'cancelled'});
});
