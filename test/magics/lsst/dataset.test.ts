import {mkdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {afterEach, beforeEach, describe, expect, it} from 'vitest';
import {dataIdsOf, DATASETS, defaultDataset, findDatasets} from '../../../magics/lsst/dataset.js';
import {scratch, type Scratch} from '../../rig/scratch.js';

let folder: Scratch;
beforeEach(() => {
  folder = scratch();
});
afterEach(() => folder[Symbol.dispose]());

/** Makes a rerun with some files, and gives its directory. */
function rerun(name: string, files: readonly string[], parents: readonly string[] = []): string {
  const directory = folder.at('DATA/rerun/weft', name);
  mkdirSync(directory, {recursive: true});
  const listed = parents.length === 0 ? ' []' : parents.map(parent => `\n- ../${parent}`).join('');
  writeFileSync(
    join(directory, 'repositoryCfg.yaml'),
    `!RepositoryCfg_v1\n_mapper: !!python/name:lsst.obs.hsc.hscMapper.HscMapper ''\n_mapperArgs: {}\n_parents:${listed}\n_policy: null\n_root: null\ndirty: true\n`,
  );
  for (const file of files) {
    mkdirSync(dirname(join(directory, file)), {recursive: true});
    writeFileSync(join(directory, file), name);
  }
  return directory;
}

const CALEXPS = ['00533/HSC-R/corr/CORR-0903334-016.fits', '00533/HSC-R/corr/CORR-0903334-022.fits'];
const COADDS = ['deepCoadd/HSC-R/0/1,1.fits', 'deepCoadd/HSC-R/0/0,1.fits', 'deepCoadd/HSC-I/0/1,1.fits'];

describe('the datasets of a rerun', () => {
  it('are found by their paths, sorted, with the keys that these tell', () => {
    const directory = rerun('a', [...COADDS, 'deepCoadd/HSC-R/0/1,1_nImage.fits', 'config/x.py']);
    expect(findDatasets(directory, 'deepCoadd', {})).toEqual(
      ['HSC-I 1,1', 'HSC-R 0,1', 'HSC-R 1,1'].map(each => {
        const [filter = '', patch = ''] = each.split(' ');
        return {
          dataset: 'deepCoadd',
          path: join(directory, `deepCoadd/${filter}/0/${patch}.fits`),
          keys: {filter, tract: '0', patch},
        };
      }),
    );
    expect(findDatasets(directory, 'deepCoadd_nImage', {})).toHaveLength(1);
    expect(findDatasets(directory, 'calexp', {})).toEqual([]);
    expect(findDatasets(directory, 'unknown', {})).toEqual([]);
  });

  it('are those that agree with the keys, which may have no leading zeros', () => {
    const directory = rerun('a', CALEXPS);
    const paths = (keys: Readonly<Record<string, string>>): readonly string[] =>
      findDatasets(directory, 'calexp', keys).map(({keys: {ccd = ''}}) => ccd);
    expect(paths({visit: '903334', ccd: '16'})).toEqual(['016']);
    expect(paths({ccd: '022'})).toEqual(['022']);
    expect(paths({filter: 'HSC-R'})).toEqual(['016', '022']);
    expect(paths({filter: 'HSC-I'})).toEqual([]);
  });

  it('are its own before those of its parents, to any depth', () => {
    rerun('first', ['deepCoadd/HSC-R/0/1,1.fits', 'deepCoadd/HSC-R/0/2,2.fits']);
    rerun('second', [], ['first']);
    const third = rerun('third', ['deepCoadd/HSC-R/0/1,1.fits'], ['second']);
    expect(findDatasets(third, 'deepCoadd', {}).map(({path}) => path)).toEqual([
      folder.at('DATA/rerun/weft/third/deepCoadd/HSC-R/0/1,1.fits'),
      folder.at('DATA/rerun/weft/first/deepCoadd/HSC-R/0/2,2.fits'),
    ]);
  });

  it('of a warp repeat their keys in the path, all alike', () => {
    const directory = rerun('a', [
      'deepCoadd/HSC-R/0/1,1/warp-HSC-R-0-1,1-903334.fits',
      'deepCoadd/HSC-R/0/1,1/warp-HSC-I-0-1,1-903334.fits',
    ]);
    expect(findDatasets(directory, 'deepCoadd_directWarp', {}).map(({keys}) => keys)).toEqual([
      {filter: 'HSC-R', tract: '0', patch: '1,1', visit: '903334'},
    ]);
  });
});

describe('what a rerun shows without being asked', () => {
  it('is what it has itself, the coadd before what it is made of; else what its parents have', () => {
    rerun('calexps', CALEXPS);
    expect(defaultDataset(rerun('map', ['deepCoadd/skyMap.pickle'], ['calexps']))).toBe('calexp');
    expect(defaultDataset(rerun('coadds', [...COADDS, ...CALEXPS]))).toBe('deepCoadd');
    expect(defaultDataset(rerun('sources', ['00533/HSC-R/output/SRC-0903334-016.fits'], ['calexps']))).toBe('src');
    expect(defaultDataset(rerun('empty', []))).toBeUndefined();
  });
});

describe('data ids of files', () => {
  it('are each there once, in the order of numbers, with numbers as numbers', () => {
    expect(
      dataIdsOf([
        '00533/HSC-R/corr/CORR-0903334-100.fits',
        '00533/HSC-R/output/SRC-0903334-016.fits',
        '00533/HSC-R/corr/CORR-0903334-016.fits',
        'config/processCcd.py',
      ]),
    ).toEqual([
      {pointing: 533, filter: 'HSC-R', visit: 903334, ccd: 16},
      {pointing: 533, filter: 'HSC-R', visit: 903334, ccd: 100},
    ]);
    expect(dataIdsOf(COADDS.slice(0, 1))).toEqual([{filter: 'HSC-R', tract: 0, patch: '1,1'}]);
    expect(dataIdsOf([])).toEqual([]);
  });

  it('can be told of every dataset that can be shown', () => {
    expect(DATASETS).toContain('deepCoadd');
    expect(new Set(DATASETS).size).toBe(DATASETS.length);
  });
});
