import {mkdirSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Filter} from './camera.js';
import {CCD_WIDTH, CCDS, EXPOSURES, frameId} from './camera.js';
import {calibrationPath} from './calibration-path.js';
import {biasOf, darkOf, flatOf} from './detector.js';
import {writeFileIfChanged} from './file.js';
import type {Card} from './fits-file.js';
import {FitsFile} from './fits-file.js';
import {htmIndex} from './htm.js';
import {Random} from './random.js';
import {ORIGIN, simulateRaw} from './raw-image.js';
import {changeRegistry} from './registry.js';
import type {SkyObject} from './sky.js';
import {simulateSky} from './sky.js';

/** The name of the reference catalogue. */
export const REFERENCE_CATALOG = 'ps1_pv3_3pi_20170110';
/** The depth of the mesh that cuts the catalogue into files. */
export const HTM_DEPTH = 7;

/** A master calibration: its kind, and the day and the filter it was made for. */
interface Calibration {
  readonly kind: 'bias' | 'dark' | 'flat';
  readonly date: string;
  readonly filter: 'NONE' | Filter;
}

const CALIBRATIONS: readonly Calibration[] = [
  {kind: 'bias', date: '2013-11-03', filter: 'NONE'},
  {kind: 'dark', date: '2013-11-03', filter: 'NONE'},
  {kind: 'flat', date: '2013-06-17', filter: 'HSC-R'},
  {kind: 'flat', date: '2013-11-02', filter: 'HSC-I'},
];

/** Whether an object lies where the exposures look. */
function covered({ra, dec}: SkyObject): boolean {
  return ra > 320.62 && ra < 321.12 && dec > -0.55 && dec < -0.06;
}

/** Stars of the sky as a survey saw them: the brighter ones, each with a small error. */
function reference(sky: readonly SkyObject[], seed: string): readonly SkyObject[] {
  const random = new Random('reference', seed);
  return sky
    .filter(object => object.size === 0 && object.mag['HSC-R'] < 22.2 && covered(object))
    .map(object => {
      const error = (): number => 0.015 * random.normal();
      const mag = {'HSC-R': object.mag['HSC-R'] + error(), 'HSC-I': object.mag['HSC-I'] + error()};
      return {...object, ra: object.ra + 2e-5 * random.normal(), dec: object.dec + 2e-5 * random.normal(), mag};
    });
}

/** One file of the reference catalogue: places in radians, fluxes in janskys. */
function referenceFile(stars: readonly SkyObject[]): Uint8Array {
  const jansky = (filter: Filter): number[] => stars.map(star => 3631 * 10 ** (-0.4 * star.mag[filter]));
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  return new FitsFile()
    .primary([['ORIGIN', ORIGIN]])
    .table('SourceCatalog', stars.length, [
      {name: 'id', form: 'K', values: stars.map(({id}) => id)},
      {name: 'coord_ra', form: 'D', unit: 'rad', values: stars.map(({ra}) => radians(ra))},
      {name: 'coord_dec', form: 'D', unit: 'rad', values: stars.map(({dec}) => radians(dec))},
      {name: 'r_flux', form: 'D', unit: 'Jy', values: jansky('HSC-R')},
      {name: 'i_flux', form: 'D', unit: 'Jy', values: jansky('HSC-I')},
    ])
    .bytes();
}

/** Writes the master calibrations and their registry. */
function writeCalibrations(directory: string): void {
  mkdirSync(directory, {recursive: true});
  const scratch = mkdtempSync(join(directory, '.registry-'));
  const made = join(scratch, 'calibRegistry.sqlite3');
  changeRegistry(made, database => {
    for (const kind of ['bias', 'dark', 'flat']) {
      database.exec(
        `CREATE TABLE ${kind} (id INTEGER PRIMARY KEY, filter TEXT, ccd INT, calibDate TEXT, validStart TEXT, validEnd TEXT)`,
      );
    }
    for (const {kind, date, filter} of CALIBRATIONS) {
      for (const ccd of CCDS) {
        const pixels =
          kind === 'bias'
            ? biasOf(ccd)
            : kind === 'dark'
              ? darkOf(ccd)
              : flatOf(ccd, filter === 'NONE' ? 'HSC-R' : filter);
        const cards: Card[] = [
          ['ORIGIN', ORIGIN],
          ['OBSTYPE', kind],
          ['CALDATE', date],
          ['FILTER', filter],
          ['DET-ID', ccd],
        ];
        const bytes = new FitsFile().image(pixels, CCD_WIDTH, 'float32', cards).bytes();
        writeFileIfChanged(join(directory, calibrationPath(kind, date, filter, ccd)), bytes);
        const validity =
          filter === 'HSC-R'
            ? ['2013-01-01', '2013-09-30']
            : filter === 'HSC-I'
              ? ['2013-10-01', '2014-12-31']
              : ['2013-01-01', '2014-12-31'];
        database.run(`INSERT INTO ${kind} (filter, ccd, calibDate, validStart, validEnd) VALUES (?, ?, ?, ?, ?)`, [
          filter,
          ccd,
          date,
          ...validity,
        ]);
      }
    }
  });
  writeFileIfChanged(join(directory, 'calibRegistry.sqlite3'), readFileSync(made));
  rmSync(scratch, {recursive: true});
}

/**
 * Makes a simulated `ci_hsc` package in `directory`: 33 raw files, master calibrations and a reference catalogue.
 * The same seed gives the same bytes. The sky itself is not written.
 */
export function writeTestData(directory: string, seed = 'ci_hsc'): void {
  const sky = simulateSky(seed);
  for (const exposure of EXPOSURES) {
    writeFileIfChanged(join(directory, 'raw', `${frameId(exposure)}.fits`), simulateRaw(exposure, sky, seed));
  }
  writeCalibrations(join(directory, 'CALIB'));
  const shards = new Map<number, SkyObject[]>();
  for (const star of reference(sky, seed)) {
    const index = htmIndex(star, HTM_DEPTH);
    shards.set(index, [...(shards.get(index) ?? []), star]);
  }
  const catalog = join(directory, REFERENCE_CATALOG);
  for (const [index, stars] of shards) writeFileIfChanged(join(catalog, `${index}.fits`), referenceFile(stars));
  writeFileIfChanged(join(catalog, 'master_schema.fits'), referenceFile([]));
  writeFileIfChanged(
    join(catalog, 'config.py'),
    [
      'import lsst.meas.algorithms.ingestIndexReferenceTask',
      `config.dataset_config.ref_dataset_name='${REFERENCE_CATALOG}'`,
      "config.dataset_config.indexer.name='HTM'",
      `config.dataset_config.indexer['HTM'].depth=${HTM_DEPTH}`,
      '',
    ].join('\n'),
  );
  writeFileIfChanged(join(directory, 'ups', 'ci_hsc.table'), 'envPrepend(PATH, ${PRODUCT_DIR}/bin)\n');
  writeFileIfChanged(
    join(directory, 'README'),
    'Simulated data in the layout of ci_hsc. They come from no telescope.\n',
  );
}
