import type {Pixel} from './wcs.js';
import {TanWcs} from './wcs.js';

/** The simulated camera: HSC with forty of its pixels to one. Sizes are pixels, scales arcseconds a pixel. */
export const CCD_WIDTH = 52;
/** Rows of a CCD, in pixels. */
export const CCD_HEIGHT = 104;
/** Arc seconds of a pixel: forty of the camera's. */
export const PIXEL_SCALE = 6.72;

/** The filters of the data set. */
export type Filter = 'HSC-R' | 'HSC-I';

/** One exposure of one ccd. */
export interface Exposure {
  readonly visit: number;
  readonly ccd: number;
  readonly filter: Filter;
  readonly dateObs: string;
  /** Whole part of the modified Julian date minus 55927. */
  readonly pointing: number;
}

/** Bounds of a footprint in degrees: low RA, high RA, low Dec, high Dec. */
type Footprint = readonly [number, number, number, number];

const VISITS: readonly (readonly [visit: number, filter: Filter, ccds: readonly number[]])[] = [
  [903334, 'HSC-R', [16, 22, 23, 100]],
  [903336, 'HSC-R', [17, 24]],
  [903338, 'HSC-R', [18, 25]],
  [903342, 'HSC-R', [4, 10, 100]],
  [903344, 'HSC-R', [0, 5, 11]],
  [903346, 'HSC-R', [1, 6, 12]],
  [903986, 'HSC-I', [16, 22, 23, 100]],
  [903988, 'HSC-I', [16, 17, 23, 24]],
  [903990, 'HSC-I', [18, 25]],
  [904010, 'HSC-I', [4, 10, 100]],
  [904014, 'HSC-I', [1, 6, 12]],
];

/** The 33 exposures, by visit and ccd. */
export const EXPOSURES: readonly Exposure[] = VISITS.flatMap(([visit, filter, ccds]) =>
  ccds.map(ccd => ({
    visit,
    ccd,
    filter,
    dateObs: filter === 'HSC-R' ? '2013-06-17' : '2013-11-02',
    pointing: filter === 'HSC-R' ? 533 : 671,
  })),
);

/** The ccds of the data set. */
export const CCDS: readonly number[] = [...new Set(EXPOSURES.map(({ccd}) => ccd))].sort((a, b) => a - b);

/** Bounding boxes of the real exposures. Source: `lsst/daf_butler:.../registry_data/ci_hsc-subset.yaml`. */
const FOOTPRINTS: Readonly<Record<string, Footprint>> = {
  '0': [320.6938, 320.9058, -0.4788, -0.3649],
  '1': [320.7414, 320.9546, -0.4806, -0.3695],
  '4': [320.6463, 320.8545, -0.3833, -0.2655],
  '5': [320.6953, 320.9084, -0.3881, -0.2722],
  '6': [320.7413, 320.9559, -0.3895, -0.2759],
  '10': [320.649, 320.858, -0.2911, -0.1725],
  '11': [320.6966, 320.9106, -0.295, -0.1779],
  '12': [320.7411, 320.9567, -0.2962, -0.1806],
  '16': [320.6412, 320.851, -0.4471, -0.3281],
  '17': [320.6873, 320.902, -0.4501, -0.3319],
  '18': [320.7309, 320.9474, -0.4509, -0.3342],
  '22': [320.8417, 321.0427, -0.3474, -0.2281],
  '23': [320.6427, 320.8529, -0.3515, -0.2325],
  '24': [320.688, 320.9032, -0.3537, -0.2352],
  '25': [320.7307, 320.9479, -0.3543, -0.2366],
  '100': [320.8354, 320.9515, -0.5364, -0.3268],
  '903988-16': [320.8912, 321.101, -0.4471, -0.3281],
  '903988-23': [320.8927, 321.1029, -0.3515, -0.2325],
  '903342-100': [320.8354, 320.9515, -0.2864, -0.0768],
  '904010-100': [320.8354, 320.9515, -0.2864, -0.0768],
};

/** The number that a raw file's name has for a ccd, counted from a hundred times the visit. */
// prettier-ignore
const FRAMES: Readonly<Record<number, number>> = {
  0: 153, 1: 154, 4: 142, 5: 143, 6: 144, 10: 136, 11: 137, 12: 138,
  16: 30, 17: 29, 18: 28, 22: 27, 23: 26, 24: 25, 25: 24, 100: 31,
};

/** The frame id of an exposure, which also names its raw file: `HSCA90333430`. */
export function frameId({visit, ccd}: Exposure): string {
  return `HSCA${visit * 100 + (FRAMES[ccd] ?? 0)}`;
}

/** The middle of the detector. */
export const CCD_CENTRE: Pixel = {x: (CCD_WIDTH - 1) / 2, y: (CCD_HEIGHT - 1) / 2};

/**
 * Which way an exposure's rectangle is turned in its box; 0 is not turned but stretched to fill it. The optics bends the
 * real edges in ways that a box does not tell; these make the exposures reach the patches that the real ones reach.
 */
const TURNS: Readonly<Record<string, -1 | 0>> = {'22': -1, '24': 0, '903988-16': -1, '903988-23': -1};

/**
 * The true projection of an exposure: a rectangle of the detector's size, turned and scaled so that its bounding
 * box is the real one. The long side lies along RA, but for ccd 100, which is mounted across.
 */
export function trueWcs({visit, ccd}: Exposure): TanWcs {
  const box = FOOTPRINTS[`${visit}-${ccd}`] ?? FOOTPRINTS[String(ccd)];
  if (box === undefined) throw new Error(`Internal error: no footprint for ccd ${ccd}`);
  const [low, high, bottom, top] = box;
  const [wide, tall] = [high - low, top - bottom];
  const [long, short] = wide > tall ? [wide, tall] : [tall, wide];
  const middle = {ra: (low + high) / 2, dec: (bottom + top) / 2};
  const direction = TURNS[`${visit}-${ccd}`] ?? TURNS[String(ccd)] ?? 1;
  if (direction === 0) return new TanWcs(middle, CCD_CENTRE, [0, long / CCD_HEIGHT, short / CCD_WIDTH, 0]);
  const aspect = (angle: number): number =>
    (CCD_HEIGHT * Math.cos(angle) + CCD_WIDTH * Math.sin(angle)) /
    (CCD_WIDTH * Math.cos(angle) + CCD_HEIGHT * Math.sin(angle));
  let [least, most] = [0, 0.5];
  for (let step = 0; step < 60; step++) {
    const half = (least + most) / 2;
    if (aspect(half) > long / short) least = half;
    else most = half;
  }
  const scale = long / (CCD_HEIGHT * Math.cos(least) + CCD_WIDTH * Math.sin(least));
  const turn = direction * least + (wide > tall ? Math.PI / 2 : 0);
  const [cosine, sine] = [scale * Math.cos(turn), scale * Math.sin(turn)];
  return new TanWcs(middle, CCD_CENTRE, [-cosine, sine, sine, cosine]);
}
