import fc from 'fast-check';
import {expect, test} from 'vitest';
import {ReadyQueue, type Ready} from '../../kernel/run/ready-queue.js';

test('the deepest comes first, then the one that came first', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5)), depths => {
      const queue = new ReadyQueue<Ready>();
      const items = depths.map((depth, order) => ({depth, order}));
      for (const item of items) queue.push(item);
      const popped: Ready[] = [];
      for (let item = queue.pop(); item !== undefined; item = queue.pop()) popped.push(item);
      expect(popped).toEqual(items.toSorted((a, b) => b.depth - a.depth || a.order - b.order));
    }),
    {seed: 1},
  );
});

test('whatever is pushed, removed and pushed again is popped as often as it waits, and a lane only when it is free', () => {
  const act = fc.record({is: fc.constantFrom('push', 'remove', 'pop', 'free'), which: fc.nat(5)});
  fc.assert(
    fc.property(fc.array(act, {maxLength: 60}), acts => {
      const queue = new ReadyQueue<Ready>();
      const items: Ready[] = [0, 1, 2, 3, 4, 5].map(order => ({
        order,
        depth: order % 2,
        ...(order < 3 ? {lane: 'root'} : {}),
      }));
      const waits = new Set<Ready>();
      let busy = false;
      for (const {is, which} of acts) {
        const item = items[which]!;
        if (is === 'push') {
          queue.push(item);
          waits.add(item);
        } else if (is === 'remove') expect(queue.remove(item)).toBe(waits.delete(item));
        else if (is === 'free') {
          if (busy) queue.free('root');
          busy = false;
        } else {
          const popped = queue.pop();
          const could = [...waits].filter(other => other.lane === undefined || !busy);
          expect(popped).toBe(could.toSorted((a, b) => b.depth - a.depth || a.order - b.order)[0]);
          if (popped !== undefined) waits.delete(popped);
          if (popped?.lane !== undefined) busy = true;
        }
        expect(queue.size).toBe(waits.size);
      }
    }),
    {seed: 2, numRuns: 500},
  );
});
