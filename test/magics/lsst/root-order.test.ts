import fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {isFinal, type TaskState} from '../../../kernel/graph/task.js';
import type {Entry} from '../../../kernel/run/entry.js';
import {RootOrder, type Ordered} from '../../../magics/lsst/root-order.js';
import {scratch, type Scratch} from '../../rig/scratch.js';
import {FakeDisk, FakeKernel, fakeTask} from '../../run/fake-world.js';

/** A cell: it reads or changes a root, and takes the results of cells before it. */
interface Cell {
  readonly root?: 'A' | 'B';
  readonly writes?: boolean;
  readonly needs?: readonly string[];
  readonly fails?: boolean;
  /** Its fingerprint is not known before somebody says so. */
  readonly after?: Promise<unknown>;
}

/** A future as the order sees it. */
class Future implements Ordered {
  readonly label: string;
  readonly name: string;
  readonly inner = undefined;
  readonly known: Promise<void>;
  entry: Entry | undefined;
  stopped: TaskState | undefined;
  #resolve: () => void = () => undefined;

  constructor(label: string) {
    this.label = label;
    this.name = label.split("'")[0] ?? '';
    this.known = new Promise(resolve => (this.#resolve = resolve));
  }

  get state(): TaskState {
    return this.entry?.state ?? this.stopped ?? {is: 'waiting', on: []};
  }

  submitted(entry: Entry): void {
    this.entry = entry;
    this.#resolve();
  }

  stop(because: string): void {
    this.stopped = {is: 'blocked', at: 0, blocked: {because}};
    this.#resolve();
  }

  async ended(): Promise<TaskState> {
    await this.known;
    while (!isFinal(this.state)) await this.entry?.ended();
    return this.state;
  }
}

/** A notebook whose cells read and change roots, over the real scheduler. */
class Notebook {
  readonly kernel: FakeKernel;
  readonly order = new RootOrder<Future>();
  readonly disk = new FakeDisk();
  readonly futures = new Map<string, Future>();
  /** What began and ended, in that order: `+a`, `-a`. */
  readonly log: string[] = [];
  readonly wrong: string[] = [];
  readonly #cells = new Map<string, Cell>();
  readonly #versions = {A: 0, B: 0};
  readonly #running = new Set<string>();
  readonly #place: Scratch;
  readonly #gates = new Map<string, Promise<unknown>>();

  constructor(place: Scratch, slots: number, turns: () => number = () => 1) {
    this.#place = place;
    this.kernel = new FakeKernel(this.disk, slots, async what => {
      const [step, name = ''] = what.split(' ');
      if (step === 'end') this.#begin(name);
      for (let left = turns(); left > 0; left--) await new Promise(resolve => setImmediate(resolve));
      if (step !== 'end') return;
      await this.#gates.get(name);
      this.#end(name);
    });
  }

  /** The task runs until it may end. */
  holdUp(name: string): () => void {
    let open: () => void = () => undefined;
    this.#gates.set(name, new Promise<void>(resolve => (open = resolve)));
    return open;
  }

  cell(name: string, cell: Cell): Future {
    const {root, writes = false, fails = false} = cell;
    const future = new Future(name);
    this.futures.set(name, future);
    this.#cells.set(name, cell);
    const before = root === undefined || writes ? [] : this.order.pending(root);
    if (root !== undefined) {
      if (writes) this.order.wrote(root, future, name);
      else this.order.reads(future);
    }
    void this.#make(name, future, cell, before).then(task => {
      if (task === undefined) return;
      if (fails) this.disk.failing.add(task.fingerprint);
      future.submitted(this.kernel.scheduler.submit(task));
    });
    return future;
  }

  async #make(
    name: string,
    future: Future,
    {root, writes = false, needs = [], after}: Cell,
    before: readonly Future[],
  ) {
    await after;
    const inputs = needs.map(need => this.futures.get(need)!);
    for (const input of inputs) {
      await input.known;
      if (input.entry === undefined) {
        future.stop(`${input.label} is blocked`);
        return undefined;
      }
    }
    if (root !== undefined && !writes) {
      const read = await this.order.read(root, future, before);
      if (!read.ok) {
        future.stop('a writer failed');
        return undefined;
      }
      // It takes a while to hash a root.
      const version = this.#versions[root];
      await new Promise(resolve => setImmediate(resolve));
      if (this.#versions[root] !== version) this.wrong.push(`${name} hashed a root that changed`);
    }
    const tasks = inputs.map(({entry}) => entry!.task);
    const task = fakeTask(this.disk, this.#place.path, name, tasks, writes && root !== undefined ? {lane: root} : {});
    return root === undefined ? task : {...task, turn: () => this.order.turn(root, future, writes)};
  }

  #begin(name: string): void {
    this.log.push(`+${name}`);
    this.#running.add(name);
    const {root, writes} = this.#cells.get(name)!;
    for (const other of this.#running) {
      const its = this.#cells.get(other)!;
      if (other !== name && root !== undefined && its.root === root && (writes === true || its.writes === true))
        this.wrong.push(`${name} began beside ${other}`);
    }
  }

  #end(name: string): void {
    this.log.push(`-${name}`);
    this.#running.delete(name);
    const {root, writes} = this.#cells.get(name)!;
    if (root !== undefined && writes === true) this.#versions[root] += 1;
  }

  /** Waits until all has ended; what has not after some seconds never will. */
  async settle(): Promise<void> {
    const all = Promise.all([...this.futures.values()].map(future => future.ended())).then(() => true);
    const late = new Promise<boolean>(resolve => setTimeout(() => resolve(false), 8000).unref());
    if (await Promise.race([all, late])) return;
    const open = [...this.futures.values()].filter(({state}) => !isFinal(state));
    throw new Error(`for ever: ${open.map(({label, state}) => `${label} ${JSON.stringify(state)}`).join(', ')}`);
  }
}

const A = {root: 'A'} as const;
const writer = {root: 'A', writes: true} as const;

describe('readers and writers of a root', () => {
  test('a reader waits for the writer before it, and the writer after it for the reader, which is hashed between', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    const open = notebook.holdUp('first');
    notebook.cell('first', writer);
    const reader = notebook.cell('reader', A);
    const second = notebook.cell('second', writer);
    notebook.cell('late', A);
    await expect.poll(() => notebook.log).toEqual(['+first']);
    await expect.poll(() => second.state).toEqual({is: 'waiting', on: ['reader']});
    expect(reader.entry).toBeUndefined();
    open();
    await notebook.settle();
    expect(notebook.log).toEqual(['+first', '-first', '+reader', '-reader', '+second', '-second', '+late', '-late']);
    expect(notebook.wrong).toEqual([]);
  });

  test('readers run side by side, as do writers of two roots, under two names of a root nothing does', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    const open = ['one', 'two', 'b'].map(name => notebook.holdUp(name));
    notebook.cell('one', A);
    notebook.cell('two', A);
    notebook.cell('a', writer);
    notebook.cell('b', {root: 'B', writes: true});
    await expect.poll(() => notebook.log.toSorted()).toEqual(['+b', '+one', '+two']);
    for (const each of open) each();
    await notebook.settle();
    expect(notebook.wrong).toEqual([]);
  });

  test('a writer waits for a reader that has no slot yet, without one itself', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 1);
    const open = notebook.holdUp('long');
    notebook.cell('long', {});
    notebook.cell('reader', {...A, needs: ['long']});
    const change = notebook.cell('change', writer);
    await expect.poll(() => change.state).toEqual({is: 'waiting', on: ['reader']});
    open();
    await notebook.settle();
    expect(notebook.log.join(' ')).toBe('+long -long +reader -reader +change -change');
  });

  test('what waits for a value, and is not hashed, holds nobody up; a writer that has begun holds it up', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    const open = notebook.holdUp('change');
    let told: () => void = () => undefined;
    const reader = notebook.cell('reader', {...A, after: new Promise<void>(resolve => (told = resolve))});
    notebook.cell('change', writer);
    await expect.poll(() => notebook.log).toEqual(['+change']);
    told();
    await new Promise(resolve => setImmediate(resolve));
    expect(reader.entry).toBeUndefined();
    open();
    await notebook.settle();
    expect(notebook.log).toEqual(['+change', '-change', '+reader', '-reader']);
    expect(notebook.wrong).toEqual([]);
  });

  test('a reader that was cancelled, or failed, lets the writer go on; one of a writer that failed is blocked', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    notebook.holdUp('long');
    notebook.cell('long', {});
    const reader = notebook.cell('reader', {...A, needs: ['long']});
    notebook.cell('broken', {...A, fails: true});
    const change = notebook.cell('change', {...writer, fails: true});
    const after = notebook.cell('after', A);
    await expect.poll(() => change.state).toEqual({is: 'waiting', on: ['reader']});
    notebook.kernel.scheduler.cancel(reader.entry!);
    expect((await change.ended()).is).toBe('failed');
    expect((await after.ended()).is).toBe('blocked');
    expect(notebook.log).toEqual(expect.arrayContaining(['+broken', '-broken', '+change']));
    expect(notebook.wrong).toEqual([]);
  });

  test('a reader that comes when a writer has failed is blocked like one that came before that', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    notebook.cell('change', {...writer, fails: true});
    const early = notebook.cell('early', A);
    await notebook.settle();
    const late = notebook.cell('late', A);
    notebook.cell('other', writer);
    const last = notebook.cell('last', A);
    await notebook.settle();
    for (const reader of [early, late, last]) expect(reader.state.is).toBe('blocked');
    // Once it has succeeded it holds nobody up.
    notebook.disk.failing.clear();
    notebook.kernel.scheduler.restart(notebook.futures.get('change')!.entry!);
    expect((await notebook.futures.get('change')!.ended()).is).toBe('done');
    expect((await notebook.cell('again', A).ended()).is).toBe('done');
    expect(notebook.wrong).toEqual([]);
  });

  test('a writer that failed holds nobody up once another cell has made its name anew, before its end or after', async () => {
    for (const late of [true, false]) {
      using place = scratch();
      const notebook = new Notebook(place, 4);
      const open = notebook.holdUp('change');
      const change = notebook.cell('change', {...writer, fails: true});
      const early = notebook.cell('early', A);
      if (late) {
        open();
        await change.ended();
      }
      const again = notebook.cell("change'", writer);
      const reader = notebook.cell('reader', A);
      open();
      await notebook.settle();
      expect([early, again, reader].map(({state}) => state.is)).toEqual(['blocked', 'done', 'done']);
      expect(notebook.wrong).toEqual([]);
    }
  });

  test('a writer that is run again waits for readers that came later, but for those that need it', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    notebook.cell('change', writer);
    await notebook.settle();
    const open = notebook.holdUp('long');
    notebook.cell('long', {});
    notebook.cell('reader', {...A, needs: ['long']});
    notebook.cell('own', {...A, needs: ['long', 'change']});
    const change = notebook.futures.get('change')!;
    await expect.poll(() => notebook.futures.get('own')?.entry).toBeDefined();
    notebook.kernel.scheduler.force(change.entry!);
    await expect.poll(() => change.state).toEqual({is: 'waiting', on: ['reader']});
    open();
    await notebook.settle();
    expect(notebook.log.slice(2).join(' ')).toBe('+long -long +reader -reader +change -change +own -own');
  });

  test('a reader that is run again waits for the writer that runs', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 4);
    const reader = notebook.cell('reader', A);
    await notebook.settle();
    const open = notebook.holdUp('change');
    notebook.cell('change', writer);
    await expect.poll(() => notebook.log.at(-1)).toBe('+change');
    notebook.kernel.scheduler.force(reader.entry!);
    await expect.poll(() => reader.state).toEqual({is: 'waiting', on: ['change']});
    open();
    await notebook.settle();
    expect(notebook.log.join(' ')).toBe('+reader -reader +change -change +reader -reader');
  });

  test('two writers that are run again do not wait for each other by what needs one and reads for the other', async () => {
    using place = scratch();
    const notebook = new Notebook(place, 1);
    for (const [name, root] of [
      ['a', 'A'],
      ['b', 'B'],
    ] as const)
      notebook.cell(name, {root, writes: true});
    await notebook.settle();
    const open = notebook.holdUp('long');
    notebook.cell('long', {});
    notebook.cell('x', {root: 'A', needs: ['long', 'b']});
    notebook.cell('y', {root: 'B', needs: ['long', 'a']});
    await expect.poll(() => [...notebook.futures.values()].every(({entry}) => entry !== undefined)).toBe(true);
    for (const name of ['a', 'b']) notebook.kernel.scheduler.force(notebook.futures.get(name)!.entry!);
    open();
    await notebook.settle();
    expect([...notebook.futures.values()].map(({state}) => state.is)).toEqual(['done', 'done', 'done', 'done', 'done']);
  });

  test('in any notebook all ends, no reader runs beside a writer, and what a reader hashed is what it reads', async () => {
    const cells = fc.array(
      fc.record({
        root: fc.constantFrom('A' as const, 'B' as const, undefined),
        writes: fc.boolean(),
        needs: fc.array(fc.nat(20), {maxLength: 2}),
        fails: fc.integer({min: 0, max: 9}).map(one => one === 0),
        again: fc.constantFrom(undefined, 'force' as const, 'cancel' as const),
      }),
      {minLength: 2, maxLength: 8},
    );
    const runs = process.env['WEFT_SOAK'] === undefined ? 60 : 3000;
    await fc.assert(
      fc.asyncProperty(cells, fc.integer({min: 1, max: 3}), fc.infiniteStream(fc.nat(4)), async (all, slots, turns) => {
        using place = scratch();
        const notebook = new Notebook(place, slots, () => Number(turns.next().value ?? 1));
        for (const [at, {root, needs, writes, fails}] of all.entries()) {
          const names = at === 0 ? [] : [...new Set(needs.map(need => `t${need % at}`))];
          notebook.cell(`t${at}`, {...(root === undefined ? {} : {root}), writes, fails, needs: names});
          if (turns.next().value === 0) await new Promise(resolve => setImmediate(resolve));
        }
        await notebook.settle();
        expect(notebook.wrong).toEqual([]);
        for (const [at, {again}] of all.entries()) {
          const {entry} = notebook.futures.get(`t${at}`)!;
          if (entry === undefined || again === undefined) continue;
          if (again === 'force') notebook.kernel.scheduler.force(entry);
          else {
            notebook.kernel.scheduler.restart(entry);
            notebook.kernel.scheduler.cancel(entry);
          }
          await new Promise(resolve => setImmediate(resolve));
        }
        await notebook.settle();
        expect(notebook.wrong).toEqual([]);
      }),
      {numRuns: runs, seed: 20261123},
    );
  });
});
