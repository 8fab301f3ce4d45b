import {rmSync} from 'node:fs';
import {expect, test} from 'vitest';
import {run, simulatedRoot, stackKernel} from '../magics/lsst/simulated-root.js';

test("`%status` says for what the next task of a person's rerun and one that changes the root wait", async () => {
  const directory = simulatedRoot();
  try {
    await using kernel = await stackKernel(directory, {env: {WEFT_SLOTS: '4'}});
    await run(kernel, '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link');
    await run(kernel, '%wait');
    await run(kernel, '%env SIMSTACK_SLEEP_MS=60000');
    await run(kernel, '%%lsst processCcd --rerun manual1 --as one\n--id visit=903334 ccd=16');
    await kernel.client.waitFor(({content}) => JSON.stringify(content).includes('<b>one</b> — ▶ running'));
    await run(kernel, '%%lsst processCcd --rerun manual1 --as two\n--id visit=903334 ccd=22');
    await run(kernel, '%env SIMSTACK_SLEEP_MS=0');
    await run(kernel, '%%lsst ingestImages --as more\n$CI_HSC_DIR/raw/*.fits --mode=link --clobber-config');
    await expect
      .poll(() => run(kernel, '%status'), {timeout: 20_000})
      .toMatch(/more waits until one, two are done\s+two waits for one: one after the other in \S*manual1/);
    expect(await run(kernel, '%status')).not.toContain('for a slot');
    await run(kernel, '%cancel one two');
    await run(kernel, '%wait');
    await kernel.shutdown();
  } finally {
    rmSync(directory, {recursive: true, force: true});
  }
});
