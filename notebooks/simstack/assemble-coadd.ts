import {stack} from './coadd.js';
import {ASSEMBLE_COADD} from './config-table.js';
import type {CastDataId} from './dataset.js';
import {datasetPath} from './dataset.js';
import type {Card} from './fits-file.js';
import {FitsFile} from './fits-file.js';
import {COADD_ZERO_POINT, originCards, patchOf, selectExposures} from './make-coadd-temp-exp.js';
import {bit, exposureBytes, PLANES, readExposure} from './masked-image.js';
import {ORIGIN} from './raw-image.js';
import type {Task, TaskContext} from './task.js';
import {PythonError, repr, textOf} from './python.js';

/** The name of the task in the log: the camera's default way of making coadds. */
const NAME = 'safeClipAssembleCoadd';

function assemble(dataId: CastDataId, context: TaskContext): void {
  const {butler, config, log} = context;
  const {tract, patch} = patchOf(dataId, context);
  const wcs = tract.wcs.cropped(patch.x0, patch.y0);
  const chosen = selectExposures(dataId, context, wcs, patch);
  if (chosen.length === 0) {
    log.warn(NAME, 'No exposures to coadd');
    return;
  }
  log.info(NAME, `Coadding ${chosen.length} exposures`);
  const warpType = config.text('warpType');
  const dataset = warpType === 'direct' ? 'deepCoadd_directWarp' : 'deepCoadd_psfMatchedWarp';
  const visits = [...new Set(chosen.map(({id}) => Number(id['visit'])))];
  const ids = visits
    .map(visit => ({...dataId, visit}))
    .filter(id => {
      if (butler.exists(dataset, id)) return true;
      log.warn(NAME, `Could not find a ${dataset} ${repr(id)}; skipping it`);
      return false;
    });
  log.info(NAME, `Found ${ids.length} ${dataset}`);
  if (ids.length === 0) {
    log.warn(NAME, 'No coadd temporary exposures found');
    return;
  }
  const warps = ids.map(id => readExposure(butler.get(dataset, id), datasetPath(dataset, id)));
  const wrong = warps.findIndex(({width, height}) => width !== patch.width || height !== patch.height);
  if (wrong >= 0)
    throw new PythonError(
      'lsst.pex.exceptions.wrappers.LengthError',
      `Warp ${repr(ids[wrong] ?? {})} has other dimensions than the patch`,
    );
  const statistic = config.text('statistic') as 'MEAN' | 'MEANCLIP' | 'MEDIAN';
  const planes = config.list('badMaskPlanes').map(plane => textOf(plane));
  const bad = planes.reduce((bits, plane) => bits | (plane in PLANES ? bit(plane as keyof typeof PLANES) : 0), 0);
  const options = {statistic, sigma: config.number('sigmaClip'), rounds: config.number('clipIter'), bad};
  const {coadd, counts} = stack(warps, options);
  if (config.boolean('doMaskBrightObjects'))
    log.warn(NAME, 'No locations for get: datasetType:brightObjectMask; no bright objects are masked');
  if (!config.boolean('doWrite')) return;
  const metadata: Card[] = [
    ['ORIGIN', ORIGIN],
    ['FILTER', textOf(dataId['filter'])],
    ['FLUXMAG0', 10 ** (0.4 * COADD_ZERO_POINT)],
    ['PSFSIGMA', Math.max(...warps.map(({header}) => header.number('PSFSIGMA', 1)))],
    ['NINPUTS', warps.length],
  ];
  log.info(NAME, 'Persisting deepCoadd');
  butler.put('deepCoadd', dataId, exposureBytes(coadd, wcs, metadata, originCards(patch)));
  if (config.boolean('doNImage')) {
    const cards: Card[] = [['ORIGIN', ORIGIN], ...wcs.cards(), ...originCards(patch)];
    butler.put('deepCoadd_nImage', dataId, new FitsFile().image(counts, patch.width, 'uint16', cards).bytes());
  }
}

/** `assembleCoadd.py`: the warps of a patch put together. */
export const assembleCoadd: Task = {
  name: NAME,
  module: 'lsst.pipe.tasks.assembleCoadd',
  className: 'SafeClipAssembleCoaddConfig',
  fields: ASSEMBLE_COADD,
  configPath: 'config/deep_safeClipAssembleCoadd.py',
  schemas: new Map(),
  subtasks: [
    ['clipDetection', 'lsst.meas.algorithms.detection.SourceDetectionTask'],
    ['interpImage', 'lsst.pipe.tasks.interpImage.InterpImageTask'],
    ['scaleZeroPoint', 'lsst.pipe.tasks.scaleZeroPoint.ScaleZeroPointTask'],
    ['select', 'lsst.pipe.tasks.selectImages.PsfWcsSelectImagesTask'],
  ],
  idArguments: [
    {name: 'id', dataset: 'deepCoadd', container: 'patches'},
    {name: 'selectId', dataset: 'calexp', container: 'exposures'},
  ],
  description: 'Assemble a coadd from the warps of a patch.',
  allAtOnce: false,
  metadata: 'deep_assembleCoadd_metadata',
  run: (dataIds, context) => {
    for (const dataId of dataIds) assemble(dataId, context);
  },
};
