import {appendFileSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, expect, it} from 'vitest';
import type {Kernel} from '../../rig/kernel.js';
import {run, simulatedRoot, stackKernel} from './simulated-root.js';

let directory: string;
let kernel: Kernel;
beforeAll(async () => {
  directory = simulatedRoot();
  kernel = await stackKernel(directory);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(directory, {recursive: true, force: true, maxRetries: 3});
});

it('what is never cached runs again after a forced need exactly when the bytes of that have changed', async () => {
  const [seed, log] = [join(directory, 'seed'), join(directory, 'log')];
  writeFileSync(seed, '1');
  writeFileSync(log, '');
  const runs = async (): Promise<string> => {
    await run(kernel, '%wait');
    return readFileSync(log, 'utf8').replaceAll('\n', '');
  };
  await run(kernel, `%%bash --as a\ncat ${seed} > a.txt`);
  await run(kernel, `%%bash --as b --from a --always\necho b >> ${log}; cat "$a/a.txt" > b.txt`);
  await run(kernel, `%%bash --as c --from b --always\necho c >> ${log}`);
  expect(await runs()).toBe('bc');
  await run(kernel, '%force a');
  expect(await runs()).toBe('bc');
  appendFileSync(seed, '2');
  await run(kernel, '%force a');
  expect(await runs()).toBe('bcbc');
  // Forced itself, it runs, and its cell runs it each time.
  await run(kernel, '%force c');
  expect(await runs()).toBe('bcbcc');
  await run(kernel, `%%bash --as b --from a --always\necho b >> ${log}; cat "$a/a.txt" > b.txt`);
  expect(await runs()).toBe('bcbccb');
});

it("a person's rerun runs again after a forced parent exactly when the bytes of that have changed", async () => {
  await run(kernel, '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link');
  await run(kernel, '%%lsst processCcd --as chip\n--id visit=903334 ccd=22');
  await run(kernel, '%%lsst makeDiscreteSkyMap --from chip --rerun mine --as map\n--id');
  await run(kernel, '%wait');
  const tasks = async (): Promise<number> =>
    [...(await run(kernel, '%history 100')).matchAll(/makeDiscreteSkyMap/g)].length;
  const before = await tasks();
  expect(before).toBeGreaterThan(0);
  await run(kernel, '%force chip');
  await run(kernel, '%wait');
  expect(await tasks()).toBe(before);
  expect(await run(kernel, '%status map')).not.toContain('failed');
});
