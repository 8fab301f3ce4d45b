import {expect, it} from 'vitest';
import {startKernel} from '../rig/kernel.js';

const EXECUTES = 10_000;

/** So many requests are on their way at a time. */
const WINDOW = 50;

it(`${EXECUTES} executes lose no reply and no idle`, {timeout: 300_000}, async () => {
  await using kernel = await startKernel();
  const {client} = kernel;
  const counts: unknown[] = [];
  let sent = 0;
  const next = async (): Promise<void> => {
    while (sent < EXECUTES) {
      sent++;
      // It resolves when both the reply and the idle have come.
      const {reply, outputs, messages} = await client.execute('1');
      expect([reply['status'], outputs.text, messages.length]).toEqual(['ok', '1', 4]);
      counts.push(reply['execution_count']);
    }
  };
  await Promise.all(Array.from({length: WINDOW}, next));
  expect(counts).toEqual(Array.from({length: EXECUTES}, (_, i) => i + 1));
});
