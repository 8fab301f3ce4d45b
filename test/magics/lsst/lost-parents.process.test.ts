import {readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, expect, it} from 'vitest';
import {sharedStack} from './shared-stack.js';

const {outcome, run} = sharedStack('%%lsst ingestImages --as ing\n$CI_HSC_DIR/raw/HSCA9033342*.fits --mode=link');

const pathOf = async (name: string): Promise<string> => (await run(`(await ${name}).path`)).slice(1, -1);

const manifestOf = async (name: string): Promise<string> =>
  readFileSync(join(await pathOf(name), '.weft.json'), 'utf8');

const sky = (name: string, from: string, scale: string): string =>
  `%%lsst makeDiscreteSkyMap --from ${from} --as ${name}\n--id --config skyMap.pixelScale=${scale}`;

// Two chips, a task that reads both through a join, and one that reads them through that.
beforeEach(async () => {
  await run('%%foreach ccd in [22, 23]\n%%lsst processCcd --as chips\n--id visit=903334 ccd=${ccd}');
  await run(sky('middle', 'chips', '0.22'));
  await run(sky('last', 'middle', '0.23'));
  expect(await outcome('last')).toBe("'done'");
});

it('waits for what is read through its parents and was lost, which is made again for it', async () => {
  const before = await manifestOf('last');
  rmSync(join(await pathOf('chips[23]'), '00533/HSC-R/corr/CORR-0903334-023.fits'));
  rmSync(await pathOf('middle'), {recursive: true});
  await run(sky('reader', 'last', '0.24'));
  expect(await outcome('reader')).toBe("'done'");
  expect(readFileSync(join(await pathOf('reader'), '.weft.log'), 'utf8')).toContain('bounding boxes of 2 images');
  // What only stands between has nothing to do with that.
  expect(await manifestOf('last')).toBe(before);
});

it('waits for one that its cell makes again', async () => {
  rmSync(join(await pathOf('chips[23]'), '00533/HSC-R/corr/CORR-0903334-023.fits'));
  await run('%%foreach ccd in [22, 23]\n%%lsst processCcd --as chips\n--id visit=903334 ccd=${ccd}');
  await run(sky('late', 'middle', '0.25'));
  expect(await outcome('late')).toBe("'done'");
  expect(readFileSync(join(await pathOf('late'), '.weft.log'), 'utf8')).toContain('bounding boxes of 2 images');
});
