import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Kernel} from '../../rig/kernel.js';
import {rmSync} from 'node:fs';
import {refused, run, simulatedRoot, stackKernel} from './simulated-root.js';

let directory: string;
let kernel: Kernel;
beforeAll(async () => {
  directory = simulatedRoot();
  kernel = await stackKernel(directory);
  await run(kernel, '%%lsst ingestImages\n$CI_HSC_DIR/raw/*.fits --mode=link');
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  rmSync(directory, {recursive: true, force: true, maxRetries: 3});
});

const error = (name: string): Promise<string> =>
  run(kernel, `await ${name}.then(() => "done", error => error.message)`);

describe("a person's rerun", () => {
  const WORDS = "is a person's rerun, which may change at any time: it can't be the input of a cached task";

  it('is refused where a script or the words of a cached task name it', async () => {
    await run(kernel, '%%lsst processCcd --rerun manual1 --as mine\n--id visit=903334 ccd=16');
    for (const cell of [
      '%%bash --from mine --as read\nls "$mine"',
      '%%bash --with x=${mine} --as read\nls "$x"',
      '%%lsst processCcd --as read\n--id visit=903334 ccd=16 --config x=${mine}',
      '%%lsst processCcd --from mine --as read\n--id visit=903334 ccd=16',
    ]) {
      const said = await refused(kernel, cell);
      expect(said, cell).toContain('W5011');
      expect(said, cell).toContain(WORDS);
      expect(said, cell).not.toContain('adopt');
    }
    expect(await refused(kernel, 'const inCode = bash("ls $mine", {from: {mine}});')).toContain(WORDS);
    expect(await error('mine')).toBe("'done'");
  });

  it('is refused in words where it becomes known later', async () => {
    await run(kernel, '%%bash --value --as visit\necho 903334');
    await run(kernel, '%%lsst processCcd --rerun manual2 --as late\n--id visit=${visit} ccd=16');
    await run(kernel, '%%bash --from late --as read\nls "$late"');
    expect(await error('read')).toContain(WORDS);
    await run(kernel, '%%lsst processCcd --as map\n--id visit=903334 ccd=16 --config x=${late}');
    expect(await error('map')).toContain(WORDS);
  });
});

describe('a task that changes the root, and waits for a value', () => {
  it('is waited for by what was submitted after it', async () => {
    await run(kernel, '%%bash --value --as more\nsleep 0.5; echo \'"link"\'');
    await run(kernel, '%%lsst ingestImages --as again\n$CI_HSC_DIR/raw/*.fits --mode=${more} --ignore-ingested');
    await run(kernel, '%%lsst processCcd --as after\n--id visit=903334 ccd=22');
    const ended =
      'const order: string[] = []; await Promise.all([again.then(() => order.push("again"), () => order.push("failed")), after.then(() => order.push("after"))]); order.join(" ")';
    expect(await run(kernel, ended)).toBe("'again after'");
  });
});

describe('a rerun', () => {
  it('tells the data ids of its datasets, and a join those of its members', async () => {
    await run(kernel, '%%lsst processCcd --split visit,ccd --as calexps\n--id visit=903334 ccd=16^22');
    const ids = await run(
      kernel,
      'JSON.stringify((await calexps).dataIds().map(({visit, ccd, filter}) => [visit, ccd, filter]))',
    );
    expect(ids).toBe(`'[[903334,16,"HSC-R"],[903334,22,"HSC-R"]]'`);
    expect(await run(kernel, '(await after).dataIds().length')).toBe('1');
  });
});

describe('tasks that are to be bundled', () => {
  it('are said to be bundled only in a container', async () => {
    const {outputs} = await kernel.client.execute('%%bash --bundle 4 --as bundled\necho hi');
    expect(outputs.error).toBeUndefined();
    expect(JSON.stringify(outputs)).toContain('only tasks in a container are bundled');
  });
});
