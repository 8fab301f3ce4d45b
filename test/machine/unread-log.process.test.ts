import {resolve} from 'node:path';
import {expect, test} from 'vitest';
import {startKernel} from '../rig/kernel.js';

const main = resolve(import.meta.dirname, '../../dist/kernel.js');

test('a kernel goes on when nobody reads its log any more', async () => {
  // What reads its standard error ends at once: each line that the kernel writes is an EPIPE.
  const argv = ['bash', '-c', 'exec "$0" "$@" 2> >(exec true)', process.execPath, main];
  await using kernel = await startKernel({argv});
  for (let n = 0; n < 3; n++) {
    kernel.client.send('control', 'no_such_request', {});
    const {outputs} = await kernel.client.execute(`${n} + 1`);
    expect(outputs.text).toBe(String(n + 1));
  }
});
