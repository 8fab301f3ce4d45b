import {expect, test} from 'vitest';
import {Origin} from '../../kernel/typescript/origin.js';

test('of a cell that is silenced no callback is called any more, and others go on', async () => {
  const origin = new Origin();
  origin.install();
  const called: string[] = [];
  const over = Promise.all(
    ['loud', 'silent'].map(cell =>
      origin.run(cell, () => {
        setTimeout(() => called.push(`${cell} timer`), 5);
        setImmediate(() => called.push(`${cell} immediate`));
        queueMicrotask(() => called.push(`${cell} microtask`));
        process.nextTick(() => called.push(`${cell} tick`));
        return new Promise<void>(resolve => (cell === 'loud' ? setTimeout(resolve, 10) : resolve()));
      }),
    ),
  );
  expect([origin.silence('silent'), origin.silence('silent')]).toEqual([true, false]);
  await over;
  expect(called.sort()).toEqual(['loud immediate', 'loud microtask', 'loud tick', 'loud timer']);
});
