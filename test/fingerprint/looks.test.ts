import {afterEach, beforeEach, expect, test, vi} from 'vitest';
import {Looks} from '../../kernel/fingerprint/looks.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** Whether it was somebody's turn within some milliseconds. */
async function cameWithin(turn: Promise<void>, milliseconds: number): Promise<boolean> {
  let came = false;
  void turn.then(() => (came = true));
  await vi.advanceTimersByTimeAsync(milliseconds);
  return came;
}

test('who asks in one turn looks together, not before the next one', async () => {
  const looks = new Looks();
  const [one, two] = [looks.turn(), looks.turn()];
  expect(one).toBe(two);
  expect(await cameWithin(one, 1)).toBe(true);
  expect(looks.turn()).not.toBe(one);
});

test('a look that took long is followed by a pause, and all who came in it look together', async () => {
  const looks = new Looks();
  await cameWithin(looks.turn(), 1);
  looks.took(100);
  expect(await cameWithin(looks.turn(), 1)).toBe(true);
  looks.took(2000);
  const one = looks.turn();
  expect(await cameWithin(one, 15_000)).toBe(false);
  expect(looks.turn()).toBe(one);
  expect(await cameWithin(one, 6000)).toBe(true);
});
