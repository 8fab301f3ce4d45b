import {MAKE_COADD_TEMP_EXP} from './config-table.js';
import type {CastDataId} from './dataset.js';
import {datasetPath} from './dataset.js';
import type {Card} from './fits-file.js';
import type {ExposureImage} from './masked-image.js';
import {exposureBytes, readExposure} from './masked-image.js';
import {PythonError, repr, textOf} from './python.js';
import {ORIGIN} from './raw-image.js';
import type {Patch, Tract} from './sky-map.js';
import {readSkyMap} from './sky-map.js';
import type {Task, TaskContext} from './task.js';
import {emptyWarp, matchPsf, warpingKernel, warpInto} from './warp.js';
import type {TanWcs} from './wcs.js';

/** The zero point of warps and coadds: magnitude 27 is one count. */
export const COADD_ZERO_POINT = 27;

/** Where the first pixel of an image lies in its tract, as afw says it. */
export function originCards({x0, y0}: Patch): readonly Card[] {
  return [
    ['LTV1', -x0],
    ['LTV2', -y0],
    ['CRVAL1A', x0],
    ['CRVAL2A', y0],
  ];
}

/** The tract and the patch of a data id. */
export function patchOf(dataId: CastDataId, {butler}: TaskContext): {readonly tract: Tract; readonly patch: Patch} {
  const tract = readSkyMap(butler).find(({id}) => id === dataId['tract']);
  if (tract === undefined)
    throw new PythonError('LookupError', `Tract ${textOf(dataId['tract'])} is not in the sky map`);
  return {tract, patch: tract.patch(textOf(dataId['patch']))};
}

/** Whether an exposure touches a patch: by the corners and middles of a fine grid of its pixels. */
export function overlaps(exposure: ExposureImage, wcs: TanWcs, patch: Patch): boolean {
  const steps = 16;
  for (let i = 0; i <= steps; i++) {
    for (let j = 0; j <= steps; j++) {
      const sky = exposure.wcs.toSky({
        x: (i / steps) * exposure.width - 0.5,
        y: (j / steps) * exposure.height - 0.5,
      });
      const {x, y} = wcs.toPixel(sky);
      if (x >= -0.5 && y >= -0.5 && x <= patch.width - 0.5 && y <= patch.height - 0.5) return true;
    }
  }
  return false;
}

/** The selected exposures of the patch's filter that touch it, in order. */
export function selectExposures(
  dataId: CastDataId,
  {butler, selected}: TaskContext,
  wcs: TanWcs,
  patch: Patch,
): readonly {readonly id: CastDataId; readonly exposure: ExposureImage}[] {
  return selected
    .filter(id => id['filter'] === dataId['filter'])
    .map(id => ({id, exposure: readExposure(butler.get('calexp', id), datasetPath('calexp', id))}))
    .filter(({exposure}) => overlaps(exposure, wcs, patch));
}

function makeWarps(dataId: CastDataId, context: TaskContext): void {
  const {butler, config, log} = context;
  const name = 'makeCoaddTempExp';
  const {tract, patch} = patchOf(dataId, context);
  const wcs = tract.wcs.cropped(patch.x0, patch.y0);
  const chosen = selectExposures(dataId, context, wcs, patch);
  if (chosen.length === 0) {
    log.warn(name, `No exposures to coadd for patch ${repr(dataId)}`);
    return;
  }
  log.info(name, `Selected ${chosen.length} calexps for patch ${repr(dataId)}`);
  const visits = [...new Set(chosen.map(({id}) => Number(id['visit'])))];
  log.info(name, `Processing ${visits.length} warp exposures for patch ${repr(dataId)}`);
  const kernel = warpingKernel(config.text('warpAndPsfMatch.warp.warpingKernelName'));
  for (const [index, visit] of visits.entries()) {
    const warpId = {...dataId, visit};
    log.info(name, `Processing Warp ${index + 1}/${visits.length}: id=${repr(warpId)}`);
    const warp = emptyWarp(patch);
    const members = chosen.filter(({id}) => id['visit'] === visit);
    let [filled, sigma] = [0, 0];
    for (const [member, {id, exposure}] of members.entries()) {
      log.info(name, `Processing calexp ${member + 1} of ${members.length} for this Warp: id=${repr(id)}`);
      const missing = config.boolean('doApplyUberCal')
        ? 'jointcal_photoCalib'
        : config.boolean('doApplySkyCorr')
          ? 'skyCorr'
          : null;
      if (missing !== null) {
        const why = `No locations for get: datasetType:${missing} dataId:DataId(initialdata=${repr(id)}, tag=set())`;
        log.warn(name, `Error processing calexp ${repr(id)} (skipping it): ${why}`);
        continue;
      }
      const scale = 10 ** (0.4 * COADD_ZERO_POINT) / exposure.header.number('FLUXMAG0', 1);
      filled += warpInto(warp, wcs, exposure, scale, kernel);
      const pixels = exposure.wcs.scale / wcs.scale;
      sigma = Math.max(sigma, pixels * exposure.header.number('PSFSIGMA', 1));
    }
    log.info(name, `directWarp has ${filled} good pixels (${((100 * filled) / warp.image.length).toFixed(1)}%)`);
    if (filled === 0 || !config.boolean('doWrite')) continue;
    const metadata: Card[] = [
      ['ORIGIN', ORIGIN],
      ['FILTER', textOf(dataId['filter'])],
      ['VISIT', visit],
      ['FLUXMAG0', 10 ** (0.4 * COADD_ZERO_POINT)],
    ];
    const write = (
      dataset: 'deepCoadd_directWarp' | 'deepCoadd_psfMatchedWarp',
      image: typeof warp,
      psf: number,
    ): void => {
      log.info(name, `Persisting ${dataset}`);
      butler.put(dataset, warpId, exposureBytes(image, wcs, [...metadata, ['PSFSIGMA', psf]], originCards(patch)));
    };
    if (config.boolean('makeDirect')) write('deepCoadd_directWarp', warp, sigma);
    const target = config.number('modelPsf.defaultFwhm') / 2.3548;
    if (config.boolean('makePsfMatched'))
      write('deepCoadd_psfMatchedWarp', matchPsf(warp, sigma, target), Math.max(sigma, target));
  }
}

/** `makeCoaddTempExp.py`: the exposures of each visit resampled onto a patch. */
export const makeCoaddTempExp: Task = {
  name: 'makeCoaddTempExp',
  module: 'lsst.pipe.tasks.makeCoaddTempExp',
  className: 'MakeCoaddTempExpConfig',
  fields: MAKE_COADD_TEMP_EXP,
  configPath: 'config/deep_makeCoaddTempExp.py',
  schemas: new Map(),
  subtasks: [
    ['select', 'lsst.pipe.tasks.selectImages.PsfWcsSelectImagesTask'],
    ['warpAndPsfMatch', 'lsst.pipe.tasks.warpAndPsfMatch.WarpAndPsfMatchTask'],
    ['warpAndPsfMatch.psfMatch', 'lsst.ip.diffim.modelPsfMatch.ModelPsfMatchTask'],
  ],
  idArguments: [
    {name: 'id', dataset: 'deepCoadd', container: 'patches'},
    {name: 'selectId', dataset: 'calexp', container: 'exposures'},
  ],
  description: 'Warp calibrated exposures onto the patches of a sky map.',
  allAtOnce: false,
  metadata: 'deep_makeCoaddTempExp_metadata',
  run: (dataIds, context) => {
    for (const dataId of dataIds) makeWarps(dataId, context);
  },
};
