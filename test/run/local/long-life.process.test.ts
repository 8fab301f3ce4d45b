import {readFileSync} from 'node:fs';
import {expect, test} from 'vitest';
import {ExecutorRig} from './executor-rig.js';

test('a runner that has run hundreds of jobs is no larger than after a few', {timeout: 60_000}, async () => {
  await using rig = await ExecutorRig.make({slots: 1});
  // Both kinds: what a fork of the runner runs, and what has a bash of its own.
  const run = async (from: number, to: number): Promise<number> => {
    for (let at = from; at < to; at++) await rig.submit(`j${at}`, 'true', at % 2 === 0 ? {text: 'true'} : {});
    for (let at = from; at < to; at++) expect(await rig.exit(`j${at}`)).toMatchObject({is: 'exited', code: 0});
    const {pid} = rig.assigned.get(`j${from}`)!;
    return Number(/^VmData:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  };
  const few = await run(0, 50);
  expect(few).toBeGreaterThan(0);
  expect((await run(50, 650)) - few).toBeLessThan(100);
});
