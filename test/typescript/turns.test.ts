import {expect, it} from 'vitest';
import {Origin} from '../../kernel/typescript/origin.js';
import {KernelInterrupt, Turns} from '../../kernel/typescript/turns.js';

it('code that was terminated leaves no cell behind: it could not say itself that it has left', async () => {
  const origin = new Origin();
  const turns = new Turns(origin);
  const seen: (string | undefined)[] = [];
  const turn = turns.run('a', () => {
    seen.push(origin.current);
    // The watchdog's question is answered while the terminated stack is what ran last.
    turns.interrupt('a', true);
    seen.push(origin.current);
    return new Promise(() => undefined);
  });
  await expect(turn).rejects.toThrow(KernelInterrupt);
  expect(seen).toEqual(['a', undefined]);
});

it('where code was terminated, all that has begun is ended, and what has not begins anew', async () => {
  const turns = new Turns(new Origin());
  const begun = turns.run('a', () => new Promise(() => undefined));
  const ends = turns.run('b', () => {
    turns.interrupt('none of these', false);
    expect([turns.has('a'), turns.has('b'), turns.has('key')]).toEqual([true, true, true]);
    turns.interrupt('none of these', true);
    expect([turns.has('a'), turns.has('b'), turns.has('key')]).toEqual([false, false, true]);
  });
  const waits = turns.run('c', () => 'ran', 'key');
  await expect(begun).rejects.toThrow(KernelInterrupt);
  await expect(ends).rejects.toThrow(KernelInterrupt);
  expect(await waits).toBe('ran');
});

it('what was interrupted before it began never begins', async () => {
  const turns = new Turns(new Origin());
  let ran = false;
  const turn = turns.run('a', () => {
    ran = true;
  });
  turns.interrupt('a', false);
  await expect(turn).rejects.toThrow(KernelInterrupt);
  await turns.run('b', () => undefined);
  expect(ran).toBe(false);
});

it('an error is of the cell whose code has thrown it', () => {
  const origin = new Origin();
  const error = new Error('x');
  expect(() =>
    origin.run('a', () => {
      throw error;
    }),
  ).toThrow(error);
  expect(origin.current).toBeUndefined();
  expect(origin.ofError(new Error('another'))).toBeUndefined();
  expect(() =>
    origin.run('b', () => {
      throw error;
    }),
  ).toThrow(error);
  expect(origin.ofError(error)).toBe('b');
});
