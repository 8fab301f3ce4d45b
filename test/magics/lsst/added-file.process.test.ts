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

const verified = async (): Promise<string> => (await kernel.client.execute('%cache verify')).outputs.streams.stdout;

it('a file that was added to a result is seen where all contents are looked at, and no result has one by itself', async () => {
  const cells = [
    '%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link',
    '%%bash --mutates DATA --as note\necho > "$WEFT_ROOT/note.txt"; echo > own.txt',
    '%%foreach ccd in [22, 23]\n%%lsst processCcd --as chips\n--id visit=903334 ccd=${ccd}',
    '%%join chips[22] chips[23] --as farm --mode link',
    '%%lsst makeDiscreteSkyMap --from chips --as sky\n--id',
    '%%lsst processCcd --as shown\n--id visit=903334 ccd=22 --show data',
    '%%lsst makeDiscreteSkyMap --from chips --rerun mine --as map\n--id',
    '%adopt map --as frozen',
    '%%bash --as files --out *.txt\necho > a.txt; echo > b.dat; mkdir empty',
    '%%bash --as linked\necho > a.txt; ln -s a.txt b.txt; ln -s "$PWD/a.txt" c.txt; mkdir d; ln -s d e; echo > d/f',
    '%%python --value --out x.json --as value\nopen("x.json", "w").write("1")\n1',
    '%%bash --as none\ntrue',
    '%%join files none --as both',
  ];
  for (const cell of cells) {
    await run(kernel, cell);
    await run(kernel, '%wait');
  }
  expect(await run(kernel, '%status')).not.toMatch(/failed|blocked/);
  await run(kernel, '%config verify content');
  expect(await verified()).toContain('all results are as they were recorded');
  for (const cell of cells.filter(text => !text.includes('mine') && !text.startsWith('%adopt')))
    await run(kernel, cell);
  await run(kernel, '%wait');
  expect(await run(kernel, '%status')).not.toMatch(/\bran\b|failed|blocked/);
  const path = (await run(kernel, '(await chips[22]).path')).slice(1, -1);
  writeFileSync(join(path, 'added.txt'), 'by hand');
  expect(await verified()).toContain('added.txt was added to it');
  await run(kernel, cells[2] ?? '');
  await run(kernel, '%wait');
  expect(await run(kernel, '%why chips[22]')).toContain('added.txt was added to it');
  expect(await verified()).toContain('all results are as they were recorded');
});
