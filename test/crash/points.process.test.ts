import {expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {library} from '../rig/faults/faults.js';
import {Random} from '../rig/random.js';
import {CrashRounds} from './crash-rounds.js';

const soak = process.env['WEFT_SOAK'] !== undefined;

/** How many crashes, out of those of a run of the tests. */
const crashesOf = (share: number): number =>
  Math.round(Number(process.env['WEFT_ROUNDS'] ?? (soak ? 1000 : 100)) * share);

test.for([
  ['scripts', crashesOf(0.7)],
  ['reruns', crashesOf(0.3)],
  ['roots', crashesOf(soak ? 0.3 : 0.05)],
] as const)(
  'kernels and runners of %s are killed at each point between two operations on files: nothing is false, lost, half or twice',
  {timeout: 7_200_000},
  async ([tasks, count], context) => {
    need(context, library);
    const rounds = new CrashRounds({
      tasks,
      random: new Random(Number(process.env['WEFT_SEED'] ?? 20261123)),
      // All else is what reruns have.
      ...(tasks === 'roots' && !soak ? {paths: /DATA\/(?:\.weft|made)/} : {}),
    });
    const began = performance.now();
    await Promise.all([rounds.until(count), rounds.until(count)]);
    const {crashes, points, combinations, instants} = rounds;
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(
      `${tasks}: ${crashes} crashes in ${seconds} s: ${points.length} distinct points, ${combinations} with who was killed there, ${instants} at random instants`,
    );
    if (soak) console.log(points.join('\n'));
    expect(rounds.wrong).toEqual([]);
    expect(crashes).toBeGreaterThanOrEqual(count);
  },
);
