import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import {readFits, readImage} from '../../kernel/show/fits.js';
import {readTable} from '../../kernel/show/fits-table.js';
import type {Ended} from './root.js';
import {filesBelow, makeRoot, read, runIn} from './root.js';

const PATCHES = 'patch=0,0^0,1^0,2^1,0^1,1^1,2^2,0^2,1^2,2';
const roots = [makeRoot(), makeRoot()] as const;
const [{cwd}, other] = roots;
const logs = new Map<string, Ended>();

beforeAll(() => {
  for (const root of roots) {
    const step = (name: string, command: string): void => void logs.set(name, runIn(root.cwd, command));
    step('processCcd', 'processCcd.py DATA --rerun processCcdOutputs --id');
    step('skyMap', 'makeDiscreteSkyMap.py DATA --id --rerun processCcdOutputs:coadd --config skyMap.projection=TAN');
    for (const filter of root === roots[0] ? ['HSC-R', 'HSC-I'] : ['HSC-R']) {
      const ids = `--selectId filter=${filter} --id filter=${filter} tract=0 ${PATCHES}`;
      step(
        `warp ${filter}`,
        `makeCoaddTempExp.py DATA --rerun coadd ${ids} -c doApplyUberCal=False doApplySkyCorr=False`,
      );
      step(`coadd ${filter}`, `assembleCoadd.py DATA --rerun coadd ${ids}`);
    }
  }
}, 120_000);
afterAll(() => roots.forEach(root => root.dispose()));

const image = (path: string, name: string) => {
  const hdus = readFits(readFileSync(join(cwd, path)));
  if (!hdus.ok) throw new Error(hdus.error);
  const read = readImage(hdus.value.find(hdu => hdu.name === name) ?? hdus.value[0]!);
  if (!read.ok) throw new Error(read.error);
  return read.value;
};

describe('the tutorial on the simulated stack', () => {
  it('ends each step with 0 and nothing on standard error', () => {
    for (const [name, {code, stderr}] of logs) expect([name, code, stderr]).toEqual([name, 0, '']);
  });

  it('calibrates all 33 exposures to the zero points of their filters', () => {
    const zeros = [...(logs.get('processCcd')?.stdout ?? '').matchAll(/zero point: ([\d.]+) \+\/- ([\d.]+)/g)];
    expect(zeros).toHaveLength(33);
    for (const [, zero, scatter] of zeros) {
      expect(Math.abs(Number(zero) - 28.8)).toBeLessThan(0.4);
      expect(Number(scatter)).toBeLessThan(0.15);
    }
  });

  it('makes the tract of the real data set', () => {
    expect(logs.get('skyMap')?.stdout.trimEnd().split('\n').slice(-3)).toEqual([
      'makeDiscreteSkyMap INFO: Extracting bounding boxes of 33 images',
      'makeDiscreteSkyMap INFO: Computing spherical convex hull',
      'makeDiscreteSkyMap INFO: tract 0 has corners (321.161, -0.605), (320.601, -0.605), (320.601, -0.045), (321.161, -0.045) (RA, Dec deg) and 3 x 3 patches',
    ]);
  });

  it('keeps the layout of a rerun of processCcd', () => {
    const files = filesBelow(join(cwd, 'DATA/rerun/processCcdOutputs'));
    expect(files).toHaveLength(33 * 7 + 5);
    expect(files.filter(file => !/^00/.test(file) || file.includes('0903334-016'))).toMatchInlineSnapshot(`
      [
        "00533/HSC-R/corr/BKGD-0903334-016.fits",
        "00533/HSC-R/corr/CORR-0903334-016.fits",
        "00533/HSC-R/output/ICSRC-0903334-016.fits",
        "00533/HSC-R/output/SRC-0903334-016.fits",
        "00533/HSC-R/output/SRCMATCH-0903334-016.fits",
        "00533/HSC-R/output/SRCMATCHFULL-0903334-016.fits",
        "00533/HSC-R/processCcd_metadata/0903334-016.yaml",
        "config/packages.pickle",
        "config/processCcd.py",
        "repositoryCfg.yaml",
        "schema/icSrc.fits",
        "schema/src.fits",
      ]
    `);
  });

  it('makes warps where exposures and patches overlap, and none in the corner that HSC-R does not reach', () => {
    const warps = filesBelow(join(cwd, 'DATA/rerun/coadd')).filter(file => file.includes('/warp-'));
    const count = (part: string) => warps.filter(file => file.includes(part)).length;
    const names = ['0,0', '0,1', '0,2', '1,0', '1,1', '1,2', '2,0', '2,1', '2,2'];
    expect(names.map(name => count(`HSC-R/0/${name}/`))).toEqual([0, 1, 1, 5, 6, 5, 5, 6, 5]);
    expect(names.map(name => count(`HSC-I/0/${name}/`))).toEqual([1, 2, 2, 4, 5, 4, 4, 5, 4]);
    expect(logs.get('coadd HSC-R')?.stdout).toContain('WARN: No exposures to coadd\n');
    expect(filesBelow(join(cwd, 'DATA/rerun/coadd/deepCoadd/HSC-R/0'))).not.toContain('0,0.fits');
  });

  it('keeps the layout of coadds', () => {
    const files = filesBelow(join(cwd, 'DATA/rerun/coadd'));
    expect(files.filter(file => !/\d,\d/.test(file) || /HSC-I.*1,1/.test(file))).toMatchInlineSnapshot(`
      [
        "config/deep_makeCoaddTempExp.py",
        "config/deep_safeClipAssembleCoadd.py",
        "config/packages.pickle",
        "deepCoadd/HSC-I/0/1,1.fits",
        "deepCoadd/HSC-I/0/1,1/psfMatchedWarp-HSC-I-0-1,1-903986.fits",
        "deepCoadd/HSC-I/0/1,1/psfMatchedWarp-HSC-I-0-1,1-903988.fits",
        "deepCoadd/HSC-I/0/1,1/psfMatchedWarp-HSC-I-0-1,1-903990.fits",
        "deepCoadd/HSC-I/0/1,1/psfMatchedWarp-HSC-I-0-1,1-904010.fits",
        "deepCoadd/HSC-I/0/1,1/psfMatchedWarp-HSC-I-0-1,1-904014.fits",
        "deepCoadd/HSC-I/0/1,1/warp-HSC-I-0-1,1-903986.fits",
        "deepCoadd/HSC-I/0/1,1/warp-HSC-I-0-1,1-903988.fits",
        "deepCoadd/HSC-I/0/1,1/warp-HSC-I-0-1,1-903990.fits",
        "deepCoadd/HSC-I/0/1,1/warp-HSC-I-0-1,1-904010.fits",
        "deepCoadd/HSC-I/0/1,1/warp-HSC-I-0-1,1-904014.fits",
        "deepCoadd/HSC-I/0/1,1_nImage.fits",
        "deepCoadd/skyMap.pickle",
        "deep_assembleCoadd_metadata/HSC-I/0/1,1.yaml",
        "deep_makeCoaddTempExp_metadata/HSC-I/0/1,1_metadata.yaml",
        "repositoryCfg.yaml",
      ]
    `);
  });

  it('shows more in the coadd than in one warp', () => {
    const coadd = image('DATA/rerun/coadd/deepCoadd/HSC-I/0/1,1.fits', 'IMAGE');
    expect([coadd.width, coadd.height]).toEqual([106, 106]);
    const noise = ({pixels}: {pixels: Float64Array}) => {
      const sorted = pixels.filter(value => !Number.isNaN(value)).sort();
      return sorted[sorted.length >> 1]! - sorted[Math.floor(sorted.length * 0.16)]!;
    };
    const warp = image('DATA/rerun/coadd/deepCoadd/HSC-I/0/1,1/warp-HSC-I-0-1,1-903988.fits', 'IMAGE');
    expect(noise(coadd)).toBeLessThan(noise(warp));
    const counts = image('DATA/rerun/coadd/deepCoadd/HSC-I/0/1,1_nImage.fits', '').pixels;
    expect(Math.max(...counts)).toBeGreaterThanOrEqual(4);
  });

  it('finds stars of different colours', () => {
    const [red, infrared] = ['R', 'I'].map(
      f => image(`DATA/rerun/coadd/deepCoadd/HSC-${f}/0/1,1.fits`, 'IMAGE').pixels,
    );
    const ratios = [...infrared!]
      .map((value, i) => ({value, ratio: value / red![i]!}))
      .filter(({value, ratio}) => value > 60 && ratio > 0)
      .map(({ratio}) => ratio);
    expect(Math.max(...ratios) / Math.min(...ratios)).toBeGreaterThan(2);
  });

  it('writes catalogues with the columns of the tutorial', () => {
    const hdus = readFits(
      readFileSync(join(cwd, 'DATA/rerun/processCcdOutputs/00533/HSC-R/output/SRC-0903334-023.fits')),
    );
    const table = hdus.ok ? readTable(hdus.value[1]!) : hdus;
    if (!table.ok) throw new Error(table.error);
    expect(table.value.rows).toBeGreaterThan(10);
    for (const name of ['base_PsfFlux_instFlux', 'calib_psf_used', 'deblend_nChild']) {
      expect(table.value.column(name)).toMatchObject({ok: true});
    }
  });

  it('gives the same bytes in another directory', () => {
    const digests = (root: string) =>
      ['processCcdOutputs', 'coadd']
        .flatMap(rerun => filesBelow(join(root, 'DATA/rerun', rerun)).map(file => join('DATA/rerun', rerun, file)))
        .filter(file => !file.endsWith('repositoryCfg.yaml') && !file.includes('HSC-I/0/'))
        .map(file => `${createHash('sha256').update(read(root, file), 'latin1').digest('hex')} ${file}`);
    expect(digests(other.cwd)).toEqual(digests(cwd));
  });
});
