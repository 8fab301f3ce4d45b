import {getHeapStatistics} from 'node:v8';
import {expect, test} from 'vitest';
import {heapFlag, promisedHeap} from '../../kernel/typescript/heap-limit.js';
import {HeapWatch} from '../../kernel/typescript/heap-watch.js';

const MB = 2 ** 20;

/** A heap of 100 MB in a process that works all the time. */
class TestHeap {
  readonly promised = 100 * MB;
  readonly did: string[] = [];
  rss = 200;
  live = 0;
  garbage = 0;
  time = 0;
  answers = true;

  resident = (): number => this.rss * MB;
  worked = (): number => (this.time += 10);
  used = (collect: boolean): Promise<number | undefined> => {
    this.did.push(collect ? 'collect' : 'ask');
    if (collect) {
      this.garbage = 0;
      this.time += 100;
    }
    return Promise.resolve(this.answers ? (this.live + this.garbage) * MB : undefined);
  };
  end = (used: number): Promise<void> => {
    this.did.push(`end ${used / MB}`);
    this.live = Math.min(this.live, this.keeps);
    return Promise.resolve();
  };
  keeps = 0;
  pause = (milliseconds: number): Promise<void> => {
    this.did.push(`pause ${milliseconds}`);
    return Promise.resolve();
  };

  async looks(watch: HeapWatch): Promise<string> {
    await watch.look();
    return this.did.splice(0).join(', ');
  }
}

test('a heap that is larger than it may be when its garbage is gone is ended, and one of garbage is not', async () => {
  const heap = new TestHeap();
  const watch = new HeapWatch(heap);
  Object.assign(heap, {live: 60, garbage: 50});
  expect(await heap.looks(watch)).toBe('ask, collect, pause 20');
  Object.assign(heap, {live: 101, garbage: 50});
  expect(await heap.looks(watch)).toBe('ask, collect, end 101, collect, pause 20');
});

test('nobody is asked while the whole process is smaller than the heap may be, or does nothing', async () => {
  const heap = new TestHeap();
  const watch = new HeapWatch(heap);
  heap.rss = 40;
  expect(await heap.looks(watch)).toBe('pause 30');
  Object.assign(heap, {rss: 200, live: 100 - 80});
  expect(await heap.looks(watch)).toBe('ask, pause 40');
  heap.worked = () => heap.time;
  expect(await heap.looks(watch)).toBe('pause 100');
});

test('who makes garbage near the limit gets on: it is collected seldom, unless there is much of it', async () => {
  const heap = new TestHeap();
  const watch = new HeapWatch(heap);
  Object.assign(heap, {live: 98, garbage: 5});
  expect(await heap.looks(watch)).toBe('ask, collect, pause 20');
  heap.garbage = 5;
  expect(await heap.looks(watch)).toBe('ask, pause 20');
  heap.garbage = 15;
  expect(await heap.looks(watch)).toBe('ask, collect, pause 20');
  heap.garbage = 5;
  heap.time += 1000;
  expect(await heap.looks(watch)).toBe('ask, collect, pause 20');
});

test('what stays after an end is borne, until the process is small again', async () => {
  const heap = new TestHeap();
  const watch = new HeapWatch(heap);
  Object.assign(heap, {live: 110, keeps: 104});
  expect(await heap.looks(watch)).toContain('end 110');
  heap.live = 112;
  expect(await heap.looks(watch)).toBe('ask, pause 20');
  Object.assign(heap, {live: 117, keeps: 0});
  heap.time += 1000;
  expect(await heap.looks(watch)).toContain('end 117');
  heap.rss = 50;
  expect(await heap.looks(watch)).toBe('pause 25');
  Object.assign(heap, {rss: 200, live: 101});
  heap.time += 1000;
  expect(await heap.looks(watch)).toContain('end 101');
});

test('one that does not answer is asked again', async () => {
  const heap = new TestHeap();
  const watch = new HeapWatch(heap);
  heap.answers = false;
  expect(await heap.looks(watch)).toBe('ask, pause 20');
});

test('V8 is given more than the code is promised, by flags, by the environment or by V8 itself', () => {
  const promised = (flags: string[], options?: string): number =>
    (promisedHeap([...flags, heapFlag(flags, options)]) ?? 0) / MB;
  expect([promised(['--max-old-space-size=60']), promised([], '--trace-gc --max_old_space_size=3000')]).toEqual([
    60, 3000,
  ]);
  expect(promised(['--max-old-space-size=511'], '--max-old-space-size=9')).toBe(511);
  for (const size of [512, 513, 1001])
    expect(Math.abs(promised([], `--max-old-space-size=${size}`) - size)).toBeLessThan(1);
  expect(promised([], '')).toBe(Math.floor(getHeapStatistics().heap_size_limit / MB));
  expect(heapFlag(['--max-old-space-size=60'])).toBe('--max-old-space-size=316');
  expect(promisedHeap([])).toBeUndefined();
});
