import {rmSync} from 'node:fs';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Kernel} from '../rig/kernel.js';
import {refused, run, simulatedRoot, stackKernel} from './lsst/simulated-root.js';

let directory: string;
let kernel: Kernel;
beforeAll(async () => {
  directory = simulatedRoot();
  kernel = await stackKernel(directory);
  await run(kernel, '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link');
  await run(kernel, '%%lsst processCcd --split visit,ccd --as calexps\n--id visit=903334 ccd=16^22');
  await run(kernel, '%%foreach ccd in [16, 22]\n%%lsst processCcd --as each\n--id visit=903334 ccd=${ccd}');
  await run(kernel, '%%bash --value --as number\necho 42');
  await run(kernel, '%%bash --as words --out w.txt\nprintf "one\\ntwo\\n" > w.txt');
  await run(kernel, '%%lsst processCcd --as broken\n--id visit=1');
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(directory, {recursive: true, force: true, maxRetries: 3});
});

const types = async (code: string): Promise<readonly (readonly string[])[]> => {
  const {outputs} = await kernel.client.execute(code, {timeout: 60_000});
  if (outputs.error !== undefined) throw new Error(outputs.error.traceback.join('\n'));
  return outputs.displays.map(({data}) => Object.keys(data).sort());
};

describe('%show', () => {
  it('shows the picture of a dataset, the table of another, and the text of a file', async () => {
    expect(await types('%show calexps calexp ccd=16')).toEqual([['image/png', 'text/plain']]);
    expect(await types('%show each[16]')).toEqual([['image/png', 'text/plain']]);
    expect(await types('%show calexps src ccd=022')).toEqual([['text/html', 'text/plain']]);
    expect((await kernel.client.execute('%show words w.txt')).outputs.streams.stdout).toBe('one\ntwo\n');
  });

  it.each([
    ['%show', 'W7010', '`%show` needs a file or a name', 'write `%show NAME patch=1,1`'],
    ['%show calexps clexp', 'W7015', 'no file and no dataset `clexp`', 'datasets that can be shown are deepCoadd'],
    ['%show calexps calexp', 'W7017', '`calexps` has 2 of calexp', 'ccd=016; pointing='],
    ['%show calexps ccd=99', 'W7016', '`calexps` has no calexp of ccd=99', 'there is pointing='],
    ['%show each', 'W7011', '`each` is a whole set', 'name one of its elements: each[16], each[22]'],
    ['%show number', 'W7014', '`number` is a value, it has no files', 'show it by `await number`'],
    ['%show broken', 'W7013', 'found no data for visit=1', ''],
    ['%show rgb=each[16] ccd=16', 'W7018', '`rgb=` takes two or three names', 'the reddest first'],
    ['%show nothing', '', 'nothing', ''],
  ])('says of %j: %s, %s', async (cell, code, message, hint) => {
    const said = await refused(kernel, cell);
    for (const part of [code, message, hint]) expect(said).toContain(part);
  });

  it('says that a result has gone', async () => {
    const path = (await run(kernel, '(await each[22]).path')).slice(1, -1);
    rmSync(path, {recursive: true});
    expect(await refused(kernel, '%show each[22]')).toMatch(
      /:1:7 {2}W7015 {2}`each\[22\]` has no files any more: .* is missing[^]*run the cell that makes it again/,
    );
  });
});
