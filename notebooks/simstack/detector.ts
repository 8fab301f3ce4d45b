import {CCD_HEIGHT, CCD_WIDTH} from './camera.js';
import type {Filter} from './camera.js';
import {Random} from './random.js';

/** Electrons of read-out noise; the gain is one electron a count. */
export const READ_NOISE = 4;
/** Counts at which a pixel is full. */
export const SATURATION = 60000;
/** Counts a second of dark current above which a pixel is a defect. */
export const HOT = 5;

/** The read-out level of each pixel, in counts: four amplifiers with levels and columns of their own. */
export function biasOf(ccd: number): Float64Array {
  const random = new Random('bias', ccd);
  const levels = Array.from({length: 4}, () => 1000 + 40 * random.normal());
  const columns = Array.from({length: CCD_WIDTH}, () => 3 * random.normal());
  return Float64Array.from({length: CCD_WIDTH * CCD_HEIGHT}, (_, i) => {
    const x = i % CCD_WIDTH;
    return Math.fround((levels[Math.floor((4 * x) / CCD_WIDTH)] ?? 0) + (columns[x] ?? 0));
  });
}

/** The dark current of each pixel, in counts a second, with a few hot pixels. */
export function darkOf(ccd: number): Float64Array {
  const random = new Random('dark', ccd);
  const dark = Float64Array.from({length: CCD_WIDTH * CCD_HEIGHT}, () => Math.fround(0.05 + 0.02 * random.uniform()));
  for (let n = 0; n < 6; n++) dark[Math.floor(random.uniform() * dark.length)] = Math.fround(random.between(20, 150));
  return dark;
}

/** The sensitivity of each pixel, about 1: vignetting, a filter's own gradient, and the pixels' scatter. */
export function flatOf(ccd: number, filter: Filter): Float64Array {
  const random = new Random('flat', ccd, filter);
  const [tiltX, tiltY, bowl] = [0.12 * random.normal(), 0.12 * random.normal(), random.between(0.05, 0.2)];
  return Float64Array.from({length: CCD_WIDTH * CCD_HEIGHT}, (_, i) => {
    const x = (i % CCD_WIDTH) / CCD_WIDTH - 0.5;
    const y = Math.floor(i / CCD_WIDTH) / CCD_HEIGHT - 0.5;
    return Math.fround((1 + tiltX * x + tiltY * y - bowl * (x * x + y * y)) * (1 + 0.015 * random.normal()));
  });
}
