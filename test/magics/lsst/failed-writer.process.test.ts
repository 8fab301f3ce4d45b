import {rmSync, writeFileSync} from 'node:fs';
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

const outcome = (name: string): Promise<string> =>
  run(kernel, `await ${name}.then(() => "done", error => error.message)`);

it('what reads a root is blocked by a failed change of it, also where it came after the failure, until that has succeeded', async () => {
  await run(kernel, '%%bash --mutates DATA --as note\n[ -e "$WEFT_ROOT/../ready" ] && echo > "$WEFT_ROOT/note.txt"');
  await run(kernel, '%%bash --reads DATA --as early\nls "$WEFT_ROOT" > names');
  await run(kernel, '%wait');
  await run(kernel, '%%bash --reads DATA --as late\nls "$WEFT_ROOT" > other-names');
  await run(kernel, '%%lsst processCcd --as ccd --split visit,ccd\n--id');
  await run(kernel, 'const call = bash("ls $WEFT_ROOT > third", {reads: "DATA"})');
  for (const name of ['early', 'late', 'ccd', 'call']) expect(await outcome(name)).toContain('note failed');
  writeFileSync(join(directory, 'ready'), '');
  await run(kernel, '%retry note');
  expect(await outcome('late')).toBe("'done'");
  expect(await run(kernel, "(await early).text('names').includes('note.txt')")).toBe('true');
});

it('a cell that makes the name anew takes the place of the change that failed or was cancelled', async () => {
  await run(kernel, '%%bash --mutates DATA --as more\nuntil [ -e never ]; do sleep 0.1; done');
  await expect.poll(() => run(kernel, '%status more')).toContain('running');
  await run(kernel, '%cancel more');
  await run(kernel, '%wait');
  await run(kernel, '%%bash --reads DATA --as reader\nls "$WEFT_ROOT" > fourth');
  expect(await outcome('reader')).toContain('more was cancelled');
  await run(kernel, '%%bash --mutates DATA --as more\ntrue');
  await run(kernel, '%%bash --reads DATA --as reader\nls "$WEFT_ROOT" > fourth');
  expect(await outcome('reader')).toBe("'done'");
});
