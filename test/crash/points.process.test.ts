import {expect, test} from 'vitest';
import {need} from '../rig/component.js';
import {library} from '../rig/faults/faults.js';
import {Random} from '../rig/random.js';
import {CrashRounds} from './crash-rounds.js';

const soak = process.env['WEFT_SOAK'] !== undefined;

test(
  'kernels and runners are killed at each point between two operations on files: nothing is false, lost, half or twice',
  {timeout: 3_600_000},
  async context => {
    need(context, library);
    const rounds = new CrashRounds({random: new Random(Number(process.env['WEFT_SEED'] ?? 20261123))});
    const count = Number(process.env['WEFT_ROUNDS'] ?? (soak ? 1000 : 100));
    const began = performance.now();
    await Promise.all([rounds.until(count), rounds.until(count)]);
    const {crashes, points, combinations, instants} = rounds;
    const seconds = Math.round((performance.now() - began) / 1000);
    console.log(
      `${crashes} crashes in ${seconds} s: ${points.length} distinct points, ${combinations} with who was killed there, ${instants} at random instants`,
    );
    if (soak) console.log(points.join('\n'));
    expect(rounds.wrong).toEqual([]);
    expect(crashes).toBeGreaterThanOrEqual(count);
  },
);
