import {createHash} from 'node:crypto';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {afterAll, beforeAll, describe, expect, test} from 'vitest';
import {missing, need} from '../rig/component.js';
import {ALL, needsOf, REAL, runtimesOnHand, type OnHand, type RuntimeName} from '../rig/runtimes/on-hand.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {House, INGEST, SETUP, type Summary} from './house.js';

/** The line of a notebook that says where its tasks run. */
const HOST = '%container none';

const tutorial = readFileSync(resolve(import.meta.dirname, '../../notebooks/tutorial.ipynb'), 'utf8');

/** A coadd of one patch, from one exposure: what needs each kind of task once. */
const short: readonly string[] = [
  SETUP[0]!,
  `${HOST}\n${SETUP[1]!}`,
  ...INGEST,
  '%%lsst processCcd --split visit,ccd --as calexps\n--id visit=903334 ccd=23',
  '%%lsst makeDiscreteSkyMap --from calexps --as skymap\n--id --config skyMap.projection="TAN"',
  '%%lsst makeCoaddTempExp --from skymap --as warps\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=0,0\n--config doApplyUberCal=False doApplySkyCorr=False',
  '%%lsst assembleCoadd --from warps --as coadd\n--selectId filter=HSC-R\n--id filter=HSC-R tract=0 patch=0,0',
];

/** The same with data that lie elsewhere on the disk, as they do for most people: only links of the repository lead there. */
const linked = (data: string): readonly string[] =>
  short.map(cell =>
    cell
      .replace('simstack testdata ci_hsc', `simstack testdata ${data}`)
      .replace('\n%setup setup -j -r ci_hsc', '')
      .replaceAll('$PWD/ci_hsc', data)
      .replace('$CI_HSC_DIR', data),
  );

let home: Scratch;
let onHand: OnHand;

beforeAll(async () => {
  // Not below /tmp, which some containers show as it is: what is seen here is seen because it was mounted.
  home = scratch('/var/tmp');
  if (ALL.some(name => missing(needsOf(name)) === undefined)) onHand = await runtimesOnHand(home.path);
});
afterAll(() => home[Symbol.dispose]());

/** Runs a notebook once on the host, for all runtimes to be compared with. */
function onHost(notebook: string) {
  let asked: Promise<{summary: Summary; pixels: Pixels}> | undefined;
  const run = async () => {
    using house = new House({}, home.path);
    change(house, notebook, 'none');
    const {summary, ended} = await house.run('notebook.ipynb');
    expect(ended.status, ended.stderr).toBe(0);
    const pixels = pixelsOf(house);
    for (const kind of [/^processCcd.*CORR-/, /\/warp-/, /^assembleCoadd.*deepCoadd/])
      expect(
        Object.keys(pixels).filter(name => kind.test(name)),
        String(kind),
      ).not.toEqual([]);
    return {summary, pixels};
  };
  return () => (asked ??= run());
}

/** Writes a notebook with one line changed. */
function change(house: House, notebook: string, image: string): void {
  expect(notebook.split(JSON.stringify(`${HOST}\n`))).toHaveLength(2);
  writeFileSync(
    house.at('notebook.ipynb'),
    notebook.replace(JSON.stringify(`${HOST}\n`), JSON.stringify(`%container ${image}\n`)),
  );
}

type Pixels = Readonly<Record<string, readonly string[]>>;

const MAKES_IMAGES = /^(?:processCcd|makeCoaddTempExp|assembleCoadd)-[0-9a-f]{12}$/;

/** SHA-256 of each image, calibrated, warped or added up, by task and path: the names of reruns tell of the container as well. */
function pixelsOf(house: House): Pixels {
  const reruns = house.at('DATA', 'rerun', 'weft');
  const files = readdirSync(reruns)
    .filter(rerun => MAKES_IMAGES.test(rerun))
    .flatMap(rerun =>
      readdirSync(join(reruns, rerun), {recursive: true, withFileTypes: true})
        .filter(entry => entry.isFile() && entry.name.endsWith('.fits'))
        .map(entry => {
          const path = join(entry.parentPath, entry.name);
          const name = path.slice(reruns.length + 1).replace(/-[0-9a-f]{12}\//, '/');
          return [name, createHash('sha256').update(readFileSync(path)).digest('hex')] as const;
        }),
    );
  // Each rerun has its schemas, which are the same file again and again.
  const pixels: Record<string, string[]> = {};
  for (const [name, digest] of files) (pixels[name] ??= []).push(digest);
  for (const digests of Object.values(pixels)) digests.sort();
  return pixels;
}

/** The lines of each source apart, as notebooks have them on disk. */
const apart = (cells: readonly string[]): string =>
  JSON.stringify({
    cells: cells.map((source, i) => ({
      ...{cell_type: 'code', id: `cell-${i}`, metadata: {}, outputs: [], execution_count: null},
      source: source.split(/(?<=\n)/),
    })),
    metadata: {kernelspec: {name: 'weft', display_name: 'Weft', language: 'typescript'}},
    nbformat: 4,
    nbformat_minor: 5,
  });

/** All tasks ran in the image, and not beside it: it has a program that this machine has nowhere. */
async function expectInside(house: House, name: RuntimeName): Promise<void> {
  const results = house.results().filter(({recipe}) => recipe.kind !== 'join');
  expect(results.filter(({recipe}) => recipe.code?.['image'] === undefined).map(({label}) => label)).toEqual([]);
  house.write('where.ipynb', [
    `%container ${onHand.images[name]}`,
    '%%bash --value --as where\n[ -e /opt/lsst/software/simstack/dist/simstack.js ] && echo 1 || echo 0',
    '%wait',
  ]);
  await house.run('where.ipynb');
  expect(house.results().at(-1)?.value).toBe(1);
}

const tutorialOnHost = onHost(tutorial);
const shortOnHost = onHost(apart(short));

// Of the imitated ones that differ in how they are called only, one does for each change; a soak runs all.
const TOLD: readonly RuntimeName[] = process.env['WEFT_SOAK'] === undefined ? [...REAL, 'shifter', 'apptainer'] : ALL;

describe.each(TOLD)('The tutorial in %s, by one changed line,', name => {
  test(
    'has the counts and the pixels of the host, and a second run starts nothing that is cached.',
    {timeout: 300_000},
    async context => {
      need(context, ...needsOf(name));
      const host = await tutorialOnHost();
      using house = new House(onHand.environment, home.path);
      change(house, tutorial, onHand.images[name]);
      const first = await house.run('notebook.ipynb');
      expect(first.summary.cells.filter(({status}) => status !== 'ok')).toEqual([]);
      expect(first.ended.status, first.ended.stderr).toBe(0);
      expect(first.summary.tasks).toEqual(host.summary.tasks);
      expect(first.summary.joins).toEqual(host.summary.joins);
      expect(pixelsOf(house)).toEqual(host.pixels);
      await expectInside(house, name);

      const again = await house.run('notebook.ipynb');
      expect(again.ended.status, again.ended.stderr).toBe(0);
      // The failure on purpose, and the person's own rerun, are never cached.
      const {total} = first.summary.tasks;
      expect(again.summary.tasks).toEqual({...first.summary.tasks, failed: 1, ran: 1, cached: total - 2});
      expect(again.summary.joins).toMatchObject({ran: 0, cached: first.summary.joins.ran});
    },
  );
});

describe.each(REAL)('A repository with its data elsewhere, in %s,', name => {
  test('is seen with all that its links lead to.', {timeout: 300_000}, async context => {
    need(context, ...needsOf(name));
    const host = await shortOnHost();
    using house = new House(onHand.environment, home.path);
    change(house, apart(linked(home.at(`data-${name}`))), onHand.images[name]);
    const {summary} = await house.run('notebook.ipynb');
    expect(summary.cells.filter(({status}) => status !== 'ok')).toEqual([]);
    expect(summary.tasks).toEqual(host.summary.tasks);
    expect(pixelsOf(house)).toEqual(host.pixels);
  });
});
