import type {Exposure} from './camera.js';
import {CCD_CENTRE, CCD_HEIGHT, CCD_WIDTH, frameId, PIXEL_SCALE, trueWcs} from './camera.js';
import {biasOf, darkOf, flatOf, READ_NOISE, SATURATION} from './detector.js';
import type {Card} from './fits-file.js';
import {FitsFile} from './fits-file.js';
import {Random} from './random.js';
import type {SkyObject} from './sky.js';

/** What every file says about where it comes from. */
export const ORIGIN = 'Weft simulated stack: a simulation, not data';

/** Seconds of each exposure. */
const EXPOSURE_TIME = 30;

/** The night of a visit: seeing as a deviation in pixels, zero point in magnitudes of one count, sky in counts. */
function conditions({visit, filter}: Exposure): {psf: number; zero: number; sky: number} {
  const random = new Random('visit', visit);
  const [zero, sky] = filter === 'HSC-R' ? [28.9, 220] : [28.7, 420];
  return {psf: random.between(0.85, 1.15), zero: zero + 0.06 * random.normal(), sky: sky * random.between(0.9, 1.15)};
}

/** Adds the light of one object, a round Gaussian. */
function addObject(image: Float64Array, x: number, y: number, sigma: number, flux: number): void {
  const reach = Math.ceil(5 * sigma) + 1;
  for (let row = Math.max(0, Math.round(y) - reach); row <= Math.min(CCD_HEIGHT - 1, Math.round(y) + reach); row++) {
    for (let col = Math.max(0, Math.round(x) - reach); col <= Math.min(CCD_WIDTH - 1, Math.round(x) + reach); col++) {
      const r2 = (col - x) ** 2 + (row - y) ** 2;
      const at = row * CCD_WIDTH + col;
      image[at] = (image[at] ?? 0) + (flux * Math.exp(-r2 / (2 * sigma * sigma))) / (2 * Math.PI * sigma * sigma);
    }
  }
}

/** Adds short tracks of cosmic rays, which the telescope does not blur. */
function addCosmicRays(image: Float64Array, random: Random): void {
  for (let ray = 0; ray < 12; ray++) {
    const [x, y] = [random.between(2, CCD_WIDTH - 2), random.between(2, CCD_HEIGHT - 2)];
    const [turn, length] = [random.between(0, Math.PI), Math.floor(random.between(1, 3))];
    const charge = random.between(400, 6000);
    for (let step = 0; step < length; step++) {
      const at = Math.round(y + step * Math.sin(turn)) * CCD_WIDTH + Math.round(x + step * Math.cos(turn));
      image[at] = (image[at] ?? 0) + charge;
    }
  }
}

/**
 * The raw file of an exposure: (sky + objects + cosmic rays, with noise) times flat, plus dark and bias, as unsigned
 * 16-bit integers. Its projection is that of a telescope which points a pixel or so beside where it says.
 */
export function simulateRaw(exposure: Exposure, sky: readonly SkyObject[], seed: string): Uint8Array {
  const {visit, ccd, filter} = exposure;
  const random = new Random('raw', seed, visit, ccd);
  const {psf, zero, sky: level} = conditions(exposure);
  const wcs = trueWcs(exposure);
  const [tiltX, tiltY] = [0.05 * random.normal(), 0.05 * random.normal()];
  const light = Float64Array.from({length: CCD_WIDTH * CCD_HEIGHT}, (_, i) => {
    const [x, y] = [(i % CCD_WIDTH) / CCD_WIDTH - 0.5, Math.floor(i / CCD_WIDTH) / CCD_HEIGHT - 0.5];
    return level * (1 + tiltX * x + tiltY * y);
  });
  const zeroOfCcd = zero + 0.03 * random.normal();
  for (const object of sky) {
    const {x, y} = wcs.toPixel(object);
    if (!(x > -12 && x < CCD_WIDTH + 12 && y > -12 && y < CCD_HEIGHT + 12)) continue;
    const sigma = Math.hypot(psf, object.size / PIXEL_SCALE);
    addObject(light, x, y, sigma, 10 ** (0.4 * (zeroOfCcd - object.mag[filter])));
  }
  addCosmicRays(light, random);
  const [bias, dark, flat] = [biasOf(ccd), darkOf(ccd), flatOf(ccd, filter)];
  const counts = light.map((value, i) => {
    const collected = value * (flat[i] ?? 1) + EXPOSURE_TIME * (dark[i] ?? 0);
    const read = collected + Math.sqrt(collected + READ_NOISE ** 2) * random.normal();
    return Math.min(read, SATURATION) + (bias[i] ?? 0);
  });
  const pointed = wcs.shifted(random.between(-0.9, 0.9), random.between(-0.9, 0.9));
  return new FitsFile().image(counts, CCD_WIDTH, 'uint16', [...rawCards(exposure), ...pointed.cards()]).bytes();
}

/** The header of a raw file, with the keywords from which the registry is made. */
function rawCards(exposure: Exposure): readonly Card[] {
  const {visit, ccd, filter, dateObs, pointing} = exposure;
  return [
    ['ORIGIN', ORIGIN],
    ['INSTRUME', 'Hyper Suprime-Cam'],
    ['OBJECT', 'STRIPE82L'],
    ['DATA-TYP', 'OBJECT'],
    ['EXP-ID', `HSCE00${visit}`],
    ['FRAMEID', frameId(exposure)],
    ['DET-ID', ccd],
    ['FILTER01', filter],
    ['DATE-OBS', dateObs],
    ['MJD', pointing + 55927 + 0.5],
    ['EXPTIME', EXPOSURE_TIME],
    ['PROP-ID', 'o13015'],
    ['INST-PA', 90],
    ['T_AG', false],
    ['T_CCDTV', -100],
    ['T_CFGFIL', '13'],
    ['XCEN', CCD_CENTRE.x],
    ['YCEN', CCD_CENTRE.y],
  ];
}
