import {fitBackground, subtract} from './background.js';
import {PROCESS_CCD} from './config-table.js';
import {findCosmicRays} from './cosmic-ray.js';
import type {CastDataId} from './dataset.js';
import {detect} from './detection.js';
import type {Card} from './fits-file.js';
import {FitsFile} from './fits-file.js';
import {interpolate, removeSignature} from './isr.js';
import {bit, exposureBytes} from './masked-image.js';
import type {Match} from './matching.js';
import {fitAstrometry, fitZeroPoint, matchSources} from './matching.js';
import type {Source} from './measurement.js';
import {measure, psfSigma} from './measurement.js';
import {PythonError, repr, textOf} from './python.js';
import {ORIGIN} from './raw-image.js';
import {loadReference} from './reference-catalog.js';
import type {Catalog} from './source-catalog.js';
import {catalogBytes, catalogSchema, matchBytes} from './source-catalog.js';
import type {Task, TaskContext} from './task.js';
import {TanWcs} from './wcs.js';

/** Background and detection go hand in hand a few times, since each needs the other. */
const ROUNDS = 3;

function processOne(dataId: CastDataId, {butler, config, log}: TaskContext): void {
  log.info('processCcd', `Processing ${repr(dataId)}`);
  log.info('processCcd.isr', 'Performing ISR on sensor (simulation).');
  const exposure = removeSignature(butler, dataId, config);
  const {width, image, mask} = exposure;
  const background = new Float64Array(image.length);
  const binSize = config.number('charImage.background.binSize');
  const bright = config.number('charImage.detection.thresholdValue');
  const include = config.number('charImage.detection.includeThresholdMultiplier');
  const flatten = (): void => {
    const more = fitBackground(exposure, binSize);
    subtract(image, more);
    for (let i = 0; i < more.length; i++) background[i] = (background[i] ?? 0) + (more[i] ?? 0);
  };
  flatten();
  if (config.boolean('charImage.repair.doCosmicRay')) {
    const minSigma = config.number('charImage.repair.cosmicray.minSigma');
    const rays = findCosmicRays(exposure, minSigma, config.number('charImage.repair.cosmicray.cond3_fac'));
    interpolate(exposure, bit('CR'));
    log.info('processCcd.charImage.repair', `Identified ${rays} cosmic-ray pixels.`);
  }
  let sigma = 1;
  let icSources: readonly Source[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    icSources = detect(exposure, sigma, bright).map(peak => measure(exposure, peak, sigma));
    flatten();
    if (config.boolean('charImage.doMeasurePsf')) sigma = psfSigma(icSources);
  }
  const candidates = icSources.filter(({significance}) => significance >= bright * include);
  const seeing = (2.3548 * sigma).toFixed(2);
  log.info(
    'processCcd.charImage.detection',
    `Detected ${candidates.length} positive sources to ${bright * include} sigma.`,
  );
  log.info(
    'processCcd.charImage.measurePsf',
    `PSF determination: FWHM ${seeing} pixels from ${candidates.length} candidates`,
  );
  const [visit, ccd] = [Number(dataId['visit']), Number(dataId['ccd'])];
  const firstId = (visit * 200 + ccd) * 100_000 + 1;
  const psfCandidates = new Set<Source>(candidates.filter(({saturated, edge}) => !saturated && !edge));
  const icCatalog: Catalog = {
    sources: candidates,
    wcs: exposure.wcs,
    firstId,
    psfCandidates,
    photometryUsed: new Set(),
  };
  butler.put('icSrc', dataId, catalogBytes(icCatalog));

  const metadata: Card[] = [
    ['ORIGIN', ORIGIN],
    ['FILTER', textOf(dataId['filter'])],
    ['VISIT', visit],
    ['CCD', ccd],
    ['DATE-OBS', textOf(dataId['dateObs'])],
    ['EXPTIME', exposure.header.number('EXPTIME', 30)],
    ['BGMEAN', background.reduce((sum, value) => sum + value, 0) / background.length],
    ['PSFSIGMA', sigma],
  ];
  let wcs = exposure.wcs;
  if (config.boolean('doCalibrate')) {
    const threshold = config.number('calibrate.detection.thresholdValue');
    const sources = detect(exposure, sigma, threshold).map(peak => measure(exposure, peak, sigma));
    log.info('processCcd.calibrate.detection', `Detected ${sources.length} positive sources to ${threshold} sigma.`);
    const stars = loadReference(
      butler,
      config.text('calibrate.astromRefObjLoader.ref_dataset_name'),
      wcs,
      textOf(dataId['filter']),
    );
    if (config.boolean('calibrate.doAstrometry')) {
      const fit = fitAstrometry(sources, stars, wcs);
      wcs = fit.wcs;
      log.info(
        'processCcd.calibrate.astrometry',
        `Matched and fit WCS to ${fit.count} sources; scatter = ${fit.scatter.toFixed(3)} arcsec`,
      );
    }
    const matches: readonly Match[] = matchSources(sources, stars, wcs, 1.2);
    let photometryUsed = new Set<Source>();
    if (config.boolean('calibrate.doPhotoCal')) {
      const number = (name: string): number => config.number(`calibrate.photoCal.${name}`);
      const fit = fitZeroPoint(matches, number('nSigma'), number('nIter'), number('magErrFloor'));
      if (fit === null) throw new PythonError('RuntimeError', 'No matches to use for photocal');
      photometryUsed = new Set(fit.used.map(({source}) => source));
      metadata.push(['FLUXMAG0', 10 ** (0.4 * fit.zero)], ['MAGZERO', fit.zero], ['MAGZERO_RMS', fit.scatter]);
      log.info(
        'processCcd.calibrate.photoCal',
        `Magnitude zero point: ${fit.zero.toFixed(6)} +/- ${fit.scatter.toFixed(6)} from ${fit.used.length} stars`,
      );
    }
    const catalog: Catalog = {sources, wcs, firstId, psfCandidates: nearest(sources, psfCandidates), photometryUsed};
    butler.put('src', dataId, catalogBytes(catalog));
    if (config.boolean('calibrate.doWriteMatches')) {
      butler.put('srcMatch', dataId, matchBytes(matches, catalog, false));
      butler.put('srcMatchFull', dataId, matchBytes(matches, catalog, true));
    }
  }
  butler.put(
    'calexpBackground',
    dataId,
    new FitsFile().image(background, width, 'float32', [['ORIGIN', ORIGIN]]).bytes(),
  );
  for (let i = 0; i < mask.length; i++) image[i] = Math.fround(image[i] ?? 0);
  butler.put('calexp', dataId, exposureBytes(exposure, wcs, metadata));
}

/** Those sources that are the candidates of the first, shallower detection. */
function nearest(sources: readonly Source[], candidates: ReadonlySet<Source>): ReadonlySet<Source> {
  return new Set(sources.filter(({x, y}) => [...candidates].some(each => Math.hypot(each.x - x, each.y - y) < 1)));
}

const SCHEMA = catalogSchema(new TanWcs({ra: 0, dec: 0}, {x: 0, y: 0}, [1, 0, 0, 1]));

/** `processCcd.py`: raw exposures become calibrated ones with their catalogues. */
export const processCcd: Task = {
  name: 'processCcd',
  module: 'lsst.pipe.tasks.processCcd',
  className: 'ProcessCcdConfig',
  fields: PROCESS_CCD,
  configPath: 'config/processCcd.py',
  schemas: new Map([
    ['schema/icSrc.fits', SCHEMA],
    ['schema/src.fits', SCHEMA],
  ]),
  subtasks: [
    ['calibrate', 'lsst.pipe.tasks.calibrate.CalibrateTask'],
    ['calibrate.astrometry', 'lsst.meas.astrom.astrometry.AstrometryTask'],
    ['calibrate.detection', 'lsst.meas.algorithms.detection.SourceDetectionTask'],
    ['calibrate.photoCal', 'lsst.pipe.tasks.photoCal.PhotoCalTask'],
    ['charImage', 'lsst.pipe.tasks.characterizeImage.CharacterizeImageTask'],
    ['charImage.background', 'lsst.meas.algorithms.subtractBackground.SubtractBackgroundTask'],
    ['charImage.detection', 'lsst.meas.algorithms.detection.SourceDetectionTask'],
    ['charImage.repair', 'lsst.pipe.tasks.repair.RepairTask'],
    ['isr', 'lsst.obs.subaru.isr.SubaruIsrTask'],
  ],
  idArguments: [{name: 'id', dataset: 'raw', container: 'exposures'}],
  description: 'Assemble raw data into calibrated exposures with source catalogues.',
  allAtOnce: false,
  metadata: 'processCcd_metadata',
  run: (dataIds, context) => {
    for (const dataId of dataIds) processOne(dataId, context);
  },
};
