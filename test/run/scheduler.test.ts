import {readdirSync} from 'node:fs';
import fc from 'fast-check';
import {expect, test} from 'vitest';
import type {Task} from '../../kernel/graph/work.js';
import type {Entry} from '../../kernel/run/entry.js';
import {scratch} from '../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask, manifestOf} from './fake-world.js';

const runs = process.env['WEFT_SOAK'] === undefined ? 60 : 5000;
const options = {numRuns: runs, seed: 20260101};

/** Milliseconds for the longer ones. */
const TIME = process.env['WEFT_SOAK'] === undefined ? 60_000 : 1_800_000;

interface Node {
  readonly needs: readonly number[];
  readonly lane: number;
  readonly fails: boolean;
  readonly cached: boolean;
  readonly force: boolean;
  readonly cancelled: boolean;
  readonly retries: number;
  /** After how many steps it is cancelled, started over, cancelled again and submitted again. */
  readonly when: readonly [number, number, number, number];
}

/** Graphs of up to nine tasks, each of which needs some of those before it. */
const graphs = fc
  .array(
    fc.record({
      needs: fc.array(fc.nat(20), {maxLength: 3}),
      lane: fc.nat(4),
      fails: fc.boolean(),
      cached: fc.boolean(),
      force: fc.boolean(),
      cancelled: fc.boolean(),
      retries: fc.nat(1),
      when: fc.tuple(fc.nat(25), fc.nat(30), fc.nat(35), fc.nat(40)),
    }),
    {minLength: 1, maxLength: 9},
  )
  .map(nodes =>
    nodes.map((node, at): Node => ({...node, needs: at === 0 ? [] : [...new Set(node.needs.map(need => need % at))]})),
  );

/** Steps that each take a turn of the event loop, so that nobody gets ahead of all others for good. */
const turns =
  (s: fc.Scheduler) =>
  async (what: string): Promise<void> => {
    await new Promise(resolve => setImmediate(resolve));
    await s.schedule(Promise.resolve(), what);
  };

interface Wants {
  readonly fails?: boolean;
  readonly cached?: boolean;
  readonly force?: boolean;
}

/** The tasks of a graph; what is cached lies on the disk. */
function tasksOf(nodes: readonly Node[], disk: FakeDisk, place: string, wants: Wants): Task[] {
  const tasks: Task[] = [];
  for (const [at, {needs, lane, fails, cached, force, retries}] of nodes.entries()) {
    const task = fakeTask(
      disk,
      place,
      `task${at}`,
      needs.map(need => tasks[need]!),
      {
        retries,
        ...(lane === 0 ? {lane: 'root'} : {}),
        ...(wants.force === true && force ? {force: true} : {}),
      },
    );
    tasks.push(task);
    if (wants.fails === true && fails) disk.failing.add(task.fingerprint);
    if (wants.cached === true && cached) {
      disk.results.set(task.fingerprint, manifestOf(task, {value: task.key, directory: `/result/${task.key}`}));
    }
  }
  return tasks;
}

const ran = (disk: FakeDisk, task: Task): number => disk.runs.get(task.fingerprint) ?? 0;

test('what fails is failed, what needs it is blocked, the rest is done once, and no rule is broken', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.integer({min: 1, max: 3}), fc.scheduler(), async (nodes, slots, s) => {
      using place = scratch();
      const disk = new FakeDisk();
      const tasks = tasksOf(nodes, disk, place.path, {fails: true, cached: true});
      const kernel = new FakeKernel(disk, slots, what => s.schedule(Promise.resolve(), what));
      const entries = tasks.map(task => kernel.scheduler.submit(task));
      await s.waitFor(kernel.scheduler.idle());
      const expected: string[] = [];
      for (const [at, {needs, cached, fails}] of nodes.entries()) {
        const stopped = needs.some(need => expected[need] !== 'done');
        expected.push(cached ? 'done' : stopped ? 'blocked' : fails ? 'failed' : 'done');
        const times = cached || stopped ? 0 : fails ? 1 + nodes[at]!.retries : 1;
        expect(ran(disk, tasks[at]!), `runs of task${at}`).toBe(times);
      }
      expect(entries.map(entry => entry.state.is)).toEqual(expected);
      for (const [at, {state}] of entries.entries()) {
        if (state.is === 'done') expect(state.how).toBe(nodes[at]!.cached ? 'cached' : 'ran');
      }
      expect(disk.wrong).toEqual([]);
      expect(disk.claims.size + disk.lanes.size).toBe(0);
      expect(kernel.live).toBe(0);
      // What is left on the disk are the failed attempts, whose logs can be read.
      const failed = entries.filter(entry => entry.state.is === 'failed');
      expect(readdirSync(place.path)).toHaveLength(failed.length);

      // A retry runs what failed or was blocked, and nothing else.
      disk.failing.clear();
      disk.runs.clear();
      const again = entries.filter(entry => entry.state.is !== 'done');
      for (const entry of again) kernel.scheduler.restart(entry);
      await s.waitFor(kernel.scheduler.idle());
      expect(entries.map(entry => entry.state.is)).toEqual(entries.map(() => 'done'));
      expect(tasks.map(task => ran(disk, task))).toEqual(entries.map(entry => (again.includes(entry) ? 1 : 0)));
      expect(disk.wrong).toEqual([]);
      expect(disk.claims.size + disk.lanes.size).toBe(0);
      expect(readdirSync(place.path)).toEqual([]);
    }),
    options,
  );
});

test('cancelling and starting over at any moment leaves final states, no live job, no claim and no attempt', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.integer({min: 1, max: 3}), fc.scheduler(), async (nodes, slots, s) => {
      using place = scratch();
      const disk = new FakeDisk();
      const tasks = tasksOf(nodes, disk, place.path, {cached: true});
      const delay = turns(s);
      const kernel = new FakeKernel(disk, slots, delay);
      const entries = tasks.map(task => kernel.scheduler.submit(task));
      const act = async (name: string, steps: number, does: () => unknown): Promise<void> => {
        for (let step = 0; step < steps; step++) await delay(`before ${name}`);
        does();
      };
      const acts = entries.flatMap((entry, at) => {
        const {cancelled, when} = nodes[at]!;
        if (!cancelled) return [];
        return [
          act('cancel', when[0], () => kernel.scheduler.cancel(entry)),
          act('restart', when[1], () => kernel.scheduler.restart(entry)),
          act('cancel again', when[2], () => kernel.scheduler.cancel(entry)),
          act('submit', when[3], () => kernel.scheduler.submit(entry.task)),
        ];
      });
      await s.waitFor(Promise.all(acts));
      await s.waitFor(kernel.scheduler.idle());
      await s.waitIdle();
      expect(disk.wrong).toEqual([]);
      expect(disk.claims.size + disk.lanes.size).toBe(0);
      expect(kernel.live).toBe(0);
      expect(readdirSync(place.path)).toEqual([]);
      const open = entries.filter(entry => !entry.final);
      expect(open).toEqual([]);
      // All that was stopped can go on.
      for (const entry of entries) kernel.scheduler.restart(entry);
      await s.waitFor(kernel.scheduler.idle());
      expect(entries.map(entry => entry.state.is)).toEqual(entries.map(() => 'done'));
      expect(disk.wrong).toEqual([]);
    }),
    options,
  );
});

test('what is forced runs once, and its readers run again exactly when its bytes differ', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.boolean(), fc.scheduler(), async (nodes, differ, s) => {
      using place = scratch();
      const disk = new FakeDisk();
      const first = new FakeKernel(disk, 2, what => s.schedule(Promise.resolve(), what));
      for (const task of tasksOf(nodes, disk, place.path, {})) first.scheduler.submit(task);
      await s.waitFor(first.scheduler.idle());
      disk.runs.clear();
      const tasks = tasksOf(nodes, disk, place.path, {force: true});
      // A task that runs again writes other bytes, or the same.
      if (differ) for (const task of tasks) disk.bytes.set(task.fingerprint, `${task.key} other`);
      const second = new FakeKernel(disk, 2, what => s.schedule(Promise.resolve(), what));
      const entries = tasks.map(task => second.scheduler.submit(task));
      await s.waitFor(second.scheduler.idle());
      const changed: boolean[] = [];
      for (const {force, needs} of nodes) changed.push(force || (differ && needs.some(need => changed[need])));
      expect(tasks.map(task => ran(disk, task))).toEqual(changed.map(Number));
      for (const [at, {state}] of entries.entries()) {
        expect(state.is === 'done' && state.manifest.edition).toBe(differ && changed[at] ? 2 : 1);
      }
      expect(disk.wrong).toEqual([]);
    }),
    options,
  );
});

test(
  'two kernels at once run each task once, and one sees what fails in the other',
  async () => {
    let attached = 0;
    await fc.assert(
      fc.asyncProperty(graphs, fc.scheduler(), async (nodes, s) => {
        using place = scratch();
        const disk = new FakeDisk();
        const quick = nodes.slice(0, 4).map(node => ({...node, retries: 0}));
        const kernels = [1, 2].map(() => new FakeKernel(disk, 2, turns(s)));
        const entries: Entry[] = [];
        for (const kernel of kernels) {
          for (const task of tasksOf(quick, disk, place.path, {fails: true}))
            entries.push(kernel.scheduler.submit(task));
        }
        await s.waitFor(Promise.all(kernels.map(kernel => kernel.scheduler.idle())));
        const half = entries.length / 2;
        expect(entries.slice(half).map(entry => entry.state.is)).toEqual(
          entries.slice(0, half).map(entry => entry.state.is),
        );
        for (const {task, state} of entries) expect(ran(disk, task)).toBe(state.is === 'blocked' ? 0 : 1);
        expect(disk.wrong).toEqual([]);
        expect(disk.claims.size + disk.lanes.size).toBe(0);
        attached += entries.filter(({state}) => state.is === 'done' && state.how === 'attached').length;
      }),
      {...options, numRuns: 12},
    );
    expect(attached).toBeGreaterThan(0);
  },
  TIME,
);

test('a result that lost its files is made again, and what was made of it stays cached', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, fc.nat(20), fc.scheduler(), async (nodes, which, s) => {
      using place = scratch();
      const disk = new FakeDisk();
      const kernel = new FakeKernel(disk, 2, what => s.schedule(Promise.resolve(), what));
      const tasks = tasksOf(nodes, disk, place.path, {});
      for (const task of tasks) kernel.scheduler.submit(task);
      await s.waitFor(kernel.scheduler.idle());
      disk.runs.clear();
      const lost = tasks[which % tasks.length]!;
      disk.damaged.add(lost.fingerprint);
      const next = new FakeKernel(disk, 2, what => s.schedule(Promise.resolve(), what));
      const entries = tasks.map(task => next.scheduler.submit(task));
      await s.waitFor(next.scheduler.idle());
      expect(tasks.map(task => ran(disk, task))).toEqual(tasks.map(task => Number(task === lost)));
      expect(entries.find(entry => entry.task === lost)?.missed).toBe('out.fits is missing');
      expect(disk.wrong).toEqual([]);
    }),
    options,
  );
});

test(
  'what read something that was damaged meanwhile is not published, and runs again once that was made again',
  async () => {
    let disturbed = 0;
    await fc.assert(
      fc.asyncProperty(graphs, fc.scheduler(), async (nodes, s) => {
        using place = scratch();
        const disk = new FakeDisk();
        const delay = turns(s);
        const kernel = new FakeKernel(disk, 2, delay);
        const tasks = tasksOf(nodes, disk, place.path, {cached: true});
        const entries = tasks.map(task => kernel.scheduler.submit(task));
        const damages = nodes.map(async ({when}, at) => {
          for (let step = 0; step < when[0] + 2 * when[1]; step++) await delay('before damage');
          disk.damage(tasks[at]!.fingerprint);
        });
        await s.waitFor(Promise.all(damages));
        await s.waitFor(kernel.scheduler.idle());
        expect(disk.wrong).toEqual([]);
        expect(disk.claims.size + disk.lanes.size).toBe(0);
        disturbed += entries.filter(entry => entry.disturbed).length;
        // Each is damaged once; who is disturbed twice by two of its needs fails and says why.
        for (const entry of entries)
          expect(entry.state).toMatchObject(
            entry.state.is === 'failed' ? {failure: {reason: 'input'}} : {is: expect.stringMatching(/done|blocked/)},
          );
        for (const entry of entries) kernel.scheduler.restart(entry);
        await s.waitFor(kernel.scheduler.idle());
        expect(entries.map(entry => entry.state.is)).toEqual(entries.map(() => 'done'));
        expect(disk.wrong).toEqual([]);
      }),
      {...options, numRuns: 4 * runs},
    );
    expect(disturbed).toBeGreaterThan(0);
  },
  TIME,
);

test('what is forced while a task reads it makes that task run again', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  let end = (): void => undefined;
  let ended = new Promise<void>(resolve => (end = resolve));
  const kernel = new FakeKernel(disk, 2, what => (what === 'end reader' ? ended : Promise.resolve()));
  const source = fakeTask(disk, place.path, 'source');
  const reader = fakeTask(disk, place.path, 'reader', [source]);
  const [from, to] = [source, reader].map(task => kernel.scheduler.submit(task));
  while (to!.state.is !== 'running') await new Promise(resolve => setImmediate(resolve));
  disk.bytes.set(source.fingerprint, 'other');
  kernel.scheduler.force(from!);
  while (from!.manifest?.edition !== 2) await new Promise(resolve => setImmediate(resolve));
  end();
  ended = Promise.resolve();
  await kernel.scheduler.idle();
  expect(to!.manifest?.read).toEqual({[source.fingerprint]: 2});
  expect(ran(disk, reader)).toBe(2);
  expect(disk.wrong).toEqual([]);
});

test('what fails over an input that was damaged meanwhile runs again, and what fails of itself does not', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const source = fakeTask(disk, place.path, 'source');
  const readers = ['damaged', 'of itself'].map(key => fakeTask(disk, place.path, key, [source]));
  const [reader, wrong] = readers;
  const kernel = new FakeKernel(disk, 1, async what => {
    if (what === 'end damaged' && ran(disk, reader!) === 1) {
      disk.damage(source.fingerprint);
      disk.failing.add(reader!.fingerprint);
    } else if (what === 'end damaged') disk.failing.delete(reader!.fingerprint);
  });
  disk.failing.add(wrong!.fingerprint);
  const entries = [source, ...readers].map(task => kernel.scheduler.submit(task));
  await kernel.scheduler.idle();
  expect(entries.map(entry => entry.state.is)).toEqual(['done', 'done', 'failed']);
  expect([source, ...readers].map(task => ran(disk, task))).toEqual([2, 2, 1]);
  expect(disk.wrong).toEqual([]);
});

test('what another reader is just finding damaged is not taken for whole', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const held = new Map<string, () => void>();
  const holding = new Set<string>();
  const kernel = new FakeKernel(disk, 4, what =>
    holding.delete(what) ? new Promise<void>(resolve => held.set(what, resolve)) : Promise.resolve(),
  );
  const turns = async (until: () => boolean): Promise<void> => {
    while (!until()) await new Promise(resolve => setImmediate(resolve));
  };
  const [one, two] = ['one', 'two'].map(key => fakeTask(disk, place.path, key));
  const ofBoth = fakeTask(disk, place.path, 'both', [one!, two!]);
  const ofTwo = fakeTask(disk, place.path, 'only', [two!]);
  holding.add('end both').add('end only');
  const entries = [one!, two!, ofBoth, ofTwo].map(task => kernel.scheduler.submit(task));
  await turns(() => held.has('end both') && held.has('end only'));
  disk.damage(two!.fingerprint);
  holding.add('check one').add('check two');
  held.get('end both')!();
  await turns(() => held.has('check one'));
  held.get('end only')!();
  await turns(() => held.has('check two'));
  held.get('check one')!();
  for (let n = 0; n < 20; n++) await new Promise(resolve => setImmediate(resolve));
  expect(entries.map(entry => entry.state.is)).toEqual(['done', 'done', 'running', 'running']);
  held.get('check two')!();
  await kernel.scheduler.idle();
  expect(entries.map(entry => entry.state.is)).toEqual(['done', 'done', 'done', 'done']);
  expect([one!, two!, ofBoth, ofTwo].map(task => ran(disk, task))).toEqual([1, 2, 2, 2]);
  expect(disk.wrong).toEqual([]);
});

test('deeper tasks start first, then those that were asked for first', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const kernel = new FakeKernel(disk, 1, () => Promise.resolve());
  const warps = ['r1', 'r2', 'i1', 'i2'].map(key => fakeTask(disk, place.path, key));
  const coadds = [fakeTask(disk, place.path, 'r', warps.slice(0, 2)), fakeTask(disk, place.path, 'i', warps.slice(2))];
  for (const task of [...warps, ...coadds]) kernel.scheduler.submit(task);
  await kernel.scheduler.idle();
  const order = kernel.submitted.map(fingerprint => kernel.scheduler.entry(fingerprint)?.task.key);
  expect(order).toEqual(['r1', 'r2', 'r', 'i1', 'i2', 'i']);
});

test('one slot finishes a chain of two hundred tasks', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const kernel = new FakeKernel(disk, 1, () => Promise.resolve());
  const tasks: Task[] = [];
  for (let at = 0; at < 200; at++) tasks.push(fakeTask(disk, place.path, `t${at}`, tasks.slice(-2)));
  for (const task of tasks) kernel.scheduler.submit(task);
  await kernel.scheduler.idle();
  expect(tasks.map(task => ran(disk, task))).toEqual(tasks.map(() => 1));
  expect(disk.wrong).toEqual([]);
});

test('a task that is run again while it runs is one task', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  let end = (): void => undefined;
  const ended = new Promise<void>(resolve => (end = resolve));
  const kernel = new FakeKernel(disk, 1, what => (what.startsWith('end') ? ended : Promise.resolve()));
  const task = fakeTask(disk, place.path, 'slow');
  const entry = kernel.scheduler.submit(task);
  while (entry.state.is !== 'running') await new Promise(resolve => setImmediate(resolve));
  expect(kernel.scheduler.submit(fakeTask(disk, place.path, 'slow', [], {force: true}))).toBe(entry);
  end();
  await kernel.scheduler.idle();
  expect(ran(disk, task)).toBe(1);
});

test('after close nothing starts, and what runs keeps its claim', async () => {
  using place = scratch();
  const disk = new FakeDisk();
  const kernel = new FakeKernel(disk, 1, what =>
    what.startsWith('end') ? new Promise<void>(() => undefined) : Promise.resolve(),
  );
  const [running, waiting] = ['running', 'waiting'].map(key => fakeTask(disk, place.path, key));
  const entry = kernel.scheduler.submit(running!);
  kernel.scheduler.submit(waiting!);
  while (entry.state.is !== 'running') await new Promise(resolve => setImmediate(resolve));
  await kernel.scheduler.close();
  expect(disk.claims.has(running!.fingerprint)).toBe(true);
  expect(kernel.submitted).toEqual([running!.fingerprint]);
});
