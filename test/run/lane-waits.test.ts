import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Entry} from '../../kernel/run/entry.js';
import type {Task} from '../../kernel/graph/work.js';
import {scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask} from './fake-world.js';

const runs = process.env['WEFT_SOAK'] === undefined ? 40 : 4000;

/** Milliseconds. */
const TIME = process.env['WEFT_SOAK'] === undefined ? 60_000 : 1_800_000;

interface Wish {
  /** Tasks 0 to 3 are those of all kernels. */
  readonly task: number;
  readonly lane: number;
  readonly fails: boolean;
  readonly force: boolean;
  readonly retries: number;
  /** Steps before it is cancelled. */
  readonly cancelled: number | null;
}

const wishes = fc.array(
  fc.record<Wish>({
    task: fc.nat(7),
    lane: fc.nat(2),
    fails: fc.boolean(),
    force: fc.boolean(),
    retries: fc.nat(1),
    cancelled: fc.option(fc.nat(60)),
  }),
  {minLength: 1, maxLength: 4},
);

test(
  'of several kernels of which one dies, never do two run tasks of one lane at once, and all that is wanted of the others ends',
  async () => {
    let waited = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(wishes, {minLength: 2, maxLength: 3}),
        fc.option(fc.nat(40)),
        fc.scheduler(),
        async (kernels, dies, s) => {
          using place = scratch();
          const disk = new FakeDisk();
          const delay = async (what: string): Promise<void> => {
            await new Promise(resolve => setImmediate(resolve));
            await s.schedule(Promise.resolve(), what);
          };
          const taskOf = (wish: Wish, kernel: number): Task => {
            const key = wish.task < 4 ? `shared${wish.task}` : `own${kernel}-${wish.task}`;
            // Of one fingerprint there is one task.
            const lane = wish.task < 4 ? wish.task % 3 : wish.lane;
            const task = fakeTask(disk, place.path, key, [], {
              retries: wish.retries,
              ...(wish.force ? {force: true} : {}),
              ...(lane === 2 ? {} : {lane: `lane ${lane}`}),
            });
            if (wish.fails) disk.failing.add(task.fingerprint);
            return task;
          };
          const acts: Promise<void>[] = [];
          const later = async (steps: number, does: () => void): Promise<void> => {
            for (let step = 0; step < steps; step++) await delay('before it');
            does();
          };
          const world = kernels.map(() => new FakeKernel(disk, 2, delay));
          const submitted = world.map((kernel, at) =>
            kernels[at]!.map((wish): Entry => {
              const entry = kernel.scheduler.submit(taskOf(wish, at));
              if (wish.cancelled !== null) acts.push(later(wish.cancelled, () => kernel.scheduler.cancel(entry)));
              return entry;
            }),
          );
          const [first, ...others] = world;
          if (dies !== null) acts.push(later(dies, () => (first!.dead = true)));
          const look = setInterval(() => {
            waited += submitted.flat().filter(({lacksLane}) => lacksLane).length;
          }, 5);
          const living = dies === null ? world : others;
          await s.waitFor(Promise.all([...acts, ...living.map(kernel => kernel.scheduler.idle())]));
          await s.waitIdle();
          clearInterval(look);
          for (const kernel of living) expect(kernel.live).toBe(0);
          expect(disk.wrong).toEqual([]);
          for (const {owner} of [...disk.claims.values(), ...disk.lanes.values()]) expect(owner.dead).toBe(true);
        },
      ),
      {numRuns: runs, seed: 20260102},
    );
    expect(waited).toBeGreaterThan(0);
  },
  TIME,
);
