import type {PythonValue} from './python.js';
import {PythonFloat} from './python.js';

/** A field of a task's configuration. */
export interface ConfigField {
  readonly name: string;
  readonly type: 'bool' | 'int' | 'float' | 'str' | 'list';
  readonly value: PythonValue;
  readonly doc: string;
  readonly choices?: readonly string[];
}

const field = (
  name: string,
  type: ConfigField['type'],
  value: PythonValue,
  doc: string,
  choices?: readonly string[],
): ConfigField => ({name, type, value, doc, ...(choices === undefined ? {} : {choices})});

const float = (value: number): PythonFloat => new PythonFloat(value);

/** Fields of `processCcd.py` with the defaults of the camera; sizes in simulated pixels. */
export const PROCESS_CCD: readonly ConfigField[] = [
  field('isr.doBias', 'bool', true, 'Apply bias frame correction?'),
  field('isr.doDark', 'bool', true, 'Apply dark frame correction?'),
  field('isr.doFlat', 'bool', true, 'Apply flat field correction?'),
  field('isr.doDefect', 'bool', true, 'Apply correction for CCD defects, e.g. hot pixels?'),
  field('isr.doSaturation', 'bool', true, 'Mask saturated pixels?'),
  field('isr.doBrighterFatter', 'bool', false, 'Apply the brighter fatter correction? (no effect in the simulation)'),
  field('isr.doAttachTransmissionCurve', 'bool', true, 'Attach the transmission curves to the exposure?'),
  field('charImage.doMeasurePsf', 'bool', true, 'Measure PSF? If False then a PSF of 1 pixel is used.'),
  field(
    'charImage.background.binSize',
    'int',
    26,
    'how large a region of the sky should be used for each background point',
  ),
  field('charImage.repair.doCosmicRay', 'bool', true, 'Find and mask out cosmic rays?'),
  field('charImage.repair.cosmicray.minSigma', 'float', float(6), 'CRs must be > this many sky-sig above sky'),
  field(
    'charImage.repair.cosmicray.cond3_fac',
    'float',
    float(0.3),
    'used in condition 3 for CR; a neighbour over the peak',
  ),
  field('charImage.detection.thresholdValue', 'float', float(5), 'Threshold for footprints'),
  field(
    'charImage.detection.includeThresholdMultiplier',
    'float',
    float(10),
    'Include threshold relative to thresholdValue',
  ),
  field('doCalibrate', 'bool', true, 'Perform calibration?'),
  field('calibrate.doAstrometry', 'bool', true, 'Perform astrometric calibration?'),
  field('calibrate.doPhotoCal', 'bool', true, 'Perform phometric calibration?'),
  field('calibrate.doWriteMatches', 'bool', true, 'Write reference matches (ignored if doWrite false)?'),
  field('calibrate.detection.thresholdValue', 'float', float(5), 'Threshold for footprints'),
  field(
    'calibrate.astromRefObjLoader.ref_dataset_name',
    'str',
    'ps1_pv3_3pi_20170110',
    'Name of the ingested reference dataset',
  ),
  field('calibrate.photoCal.nSigma', 'float', float(3), 'clip at nSigma'),
  field('calibrate.photoCal.nIter', 'int', 3, 'number of iterations'),
  field(
    'calibrate.photoCal.magErrFloor',
    'float',
    float(0),
    'Additional magnitude uncertainty to be added in quadrature',
  ),
];

/** Fields of `makeDiscreteSkyMap.py`. */
export const MAKE_DISCRETE_SKY_MAP: readonly ConfigField[] = [
  field('coaddName', 'str', 'deep', 'coadd name, e.g. deep, goodSeeing, chiSquared'),
  field('doAppend', 'bool', false, 'append another tract to an existing DiscreteSkyMap on disk, if present?'),
  field('doWrite', 'bool', true, 'persist the skyMap?'),
  field('borderSize', 'float', float(0), 'additional border added to the bounding box of the calexps, in degrees'),
  field('skyMap.projection', 'str', 'TAN', 'one of the FITS WCS projection codes', ['TAN']),
  field('skyMap.pixelScale', 'float', float(6.72), 'nominal pixel scale (arcsec/pixel)'),
  field('skyMap.patchInnerDimensions', 'list', [100, 100], 'dimensions of inner region of patches (x,y pixels)'),
  field('skyMap.patchBorder', 'int', 3, 'border between patch inner and outer bbox (pixels)'),
  field('skyMap.tractOverlap', 'float', float(0), 'minimum overlap between adjacent sky tracts, on the sky (deg)'),
];

const COADD_BASE: readonly ConfigField[] = [
  field('coaddName', 'str', 'deep', 'Coadd name: typically one of deep or goodSeeing.'),
  field('badMaskPlanes', 'list', ['NO_DATA'], 'Mask planes that, if set, the associated pixel should not be included.'),
];

/** Fields of `makeCoaddTempExp.py`; the camera's own defaults want calibrations that the tutorial does not make. */
export const MAKE_COADD_TEMP_EXP: readonly ConfigField[] = [
  ...COADD_BASE,
  field('makeDirect', 'bool', true, 'Make direct Warp/Coadds'),
  field('makePsfMatched', 'bool', true, 'Make Psf-Matched Warp/Coadd?'),
  field('doWrite', 'bool', true, 'persist <coaddName>Coadd_<warpType>Warp'),
  field('bgSubtracted', 'bool', true, 'Work with a background subtracted calexp?'),
  field('doApplyUberCal', 'bool', true, 'Apply meas_mosaic ubercal results to input calexps?'),
  field('doApplySkyCorr', 'bool', true, 'Apply sky correction?'),
  field('modelPsf.defaultFwhm', 'float', float(3), 'Default FWHM of Gaussian model of core of star (pixels)'),
  field('warpAndPsfMatch.warp.warpingKernelName', 'str', 'lanczos3', 'Warping kernel', [
    'bilinear',
    'lanczos3',
    'lanczos4',
    'lanczos5',
  ]),
];

/** Fields of `assembleCoadd.py`. */
export const ASSEMBLE_COADD: readonly ConfigField[] = [
  ...COADD_BASE,
  field('warpType', 'str', 'direct', 'Warp name: one of direct or psfMatched', ['direct', 'psfMatched']),
  field('statistic', 'str', 'MEANCLIP', 'Main stacking statistic for aggregating over the epochs.', [
    'MEAN',
    'MEANCLIP',
    'MEDIAN',
  ]),
  field('sigmaClip', 'float', float(3), 'Sigma for outlier rejection'),
  field('clipIter', 'int', 2, 'Number of iterations of outlier rejection'),
  field('doWrite', 'bool', true, 'Persist coadd?'),
  field('doNImage', 'bool', true, 'Create image of number of contributing exposures for each pixel'),
  field('doMaskBrightObjects', 'bool', true, 'Set mask and flag bits for bright objects?'),
  field(
    'minClipFootOverlap',
    'float',
    float(0.6),
    'Minimum fractional overlap of clipped footprint with visit DETECTED',
  ),
];
