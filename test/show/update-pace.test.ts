import * as fc from 'fast-check';
import {describe, expect, test} from 'vitest';
import {UpdatePace} from '../../kernel/show/update-pace.js';

/** A pace with a clock that tests set. */
function paced(): {pace: UpdatePace; at: (ms: number) => readonly string[]; clock: {now: number}} {
  const clock = {now: 0};
  const pace = new UpdatePace(() => clock.now);
  const at = (ms: number): readonly string[] => {
    clock.now = ms;
    return pace.take().map(due => due.id);
  };
  return {pace, at, clock};
}

describe('the pace of updates', () => {
  test('is four a second at first, then one, then one in five seconds', () => {
    const {pace, clock} = paced();
    pace.open('a');
    const sent: number[] = [];
    for (clock.now = 0; clock.now < 300_000; clock.now += 50) {
      pace.touch('a');
      if (pace.take().length > 0) sent.push(clock.now);
    }
    const between = (from: number, to: number): number => sent.filter(time => time >= from && time < to).length;
    expect(between(0, 10_000)).toBe(39);
    expect(between(20_000, 30_000)).toBe(10);
    expect(between(200_000, 300_000)).toBe(20);
  });

  test('sends nothing that has not changed, but one a minute while tasks run', () => {
    const {pace, at, clock} = paced();
    pace.open('a');
    expect(pace.next()).toBe(60_000);
    expect(at(59_999)).toEqual([]);
    clock.now = 60_000;
    expect(pace.take()).toEqual([{id: 'a', must: true}]);
    expect(pace.next()).toBe(120_000);
    pace.touch('a', false);
    expect(pace.take()).toEqual([{id: 'a', must: true}]);
    expect(pace.next()).toBeUndefined();
    pace.open('b', false);
    expect(pace.next()).toBeUndefined();
  });

  test('sends a final state at once, over the cap of the kernel', () => {
    const {pace, at} = paced();
    for (let n = 0; n < 30; n++) pace.open(`${n}`);
    for (let n = 0; n < 30; n++) pace.touch(`${n}`, n !== 7);
    expect(pace.next()).toBe(0);
    expect(at(0)).toEqual(['7']);
    expect(pace.next()).toBe(1000);
  });

  test('shows more rarely what takes long to make, and not what did so once', () => {
    const {pace, clock} = paced();
    pace.open('a');
    const sent = (from: number, to: number, cost: (nth: number) => number): number => {
      let count = 0;
      for (clock.now = from; clock.now < to; clock.now += 50) {
        pace.touch('a');
        if (pace.take().length > 0) pace.took('a', cost(count++));
      }
      return count;
    };
    expect(sent(0, 3000, nth => (nth % 2 === 0 ? 90 : 1))).toBe(11);
    expect(sent(3000, 9000, () => 30)).toBeLessThanOrEqual(8);
    expect(sent(30_000, 40_000, () => 90)).toBeLessThanOrEqual(5);
    pace.touch('a', false);
    expect(pace.take()).toEqual([{id: 'a', must: true}]);
  });

  test('forgets a display that was closed', () => {
    const {pace, at} = paced();
    pace.open('a');
    pace.touch('a');
    pace.close('a');
    pace.touch('a');
    expect(at(1_000_000)).toEqual([]);
    expect(pace.next()).toBeUndefined();
  });

  test('keeps to its caps and forgets no change, whatever happens', () => {
    const step = fc.record({
      wait: fc.integer({min: 0, max: 400}),
      id: fc.integer({min: 0, max: 29}),
      what: fc.constantFrom('touch', 'touch', 'touch', 'touch', 'all', 'final', 'open'),
    });
    fc.assert(
      fc.property(fc.array(step, {minLength: 50, maxLength: 400}), steps => {
        const {pace, clock} = paced();
        const sent: {time: number; id: string}[] = [];
        const lastOf = new Map<string, number>();
        const dirty = new Set<string>();
        const finals = new Set<string>();
        const open = (id: string): void => {
          pace.open(id);
          lastOf.set(id, clock.now);
          dirty.delete(id);
          finals.delete(id);
          sent.push({time: clock.now, id: 'open'});
        };
        const take = (): void => {
          for (const {id} of pace.take()) {
            if (!finals.has(id)) {
              expect(clock.now - (lastOf.get(id) ?? 0)).toBeGreaterThanOrEqual(250);
              const second = sent.filter(other => other.time > clock.now - 1000);
              expect(second.length).toBeLessThan(20);
            }
            sent.push({time: clock.now, id});
            lastOf.set(id, clock.now);
            dirty.delete(id);
            finals.delete(id);
          }
          expect(finals.size).toBe(0);
        };
        for (let n = 0; n < 5; n++) open(`${n}`);
        for (const {wait, id, what} of steps) {
          clock.now += wait;
          const name = `${id}`;
          if (what === 'open') open(name);
          const touched = what === 'all' ? [...lastOf.keys()] : what === 'open' || !lastOf.has(name) ? [] : [name];
          for (const one of touched) {
            pace.touch(one, what !== 'final');
            dirty.add(one);
            if (what === 'final') finals.add(one);
            else finals.delete(one);
          }
          take();
        }
        // Left alone, the owner's timer sends all that changed.
        for (let turn = 0; turn < 1000 && dirty.size > 0; turn++) {
          const next = pace.next();
          expect(next).toBeDefined();
          clock.now = Math.max(clock.now, next ?? 0);
          const before = sent.length;
          take();
          expect(sent.length).toBeGreaterThan(before);
        }
        expect(dirty.size).toBe(0);
      }),
      {seed: 11, endOnFailure: true, numRuns: process.env['WEFT_SOAK'] === undefined ? 60 : 3000},
    );
  });
});
