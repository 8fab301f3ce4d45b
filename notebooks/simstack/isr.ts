import type {Butler} from './butler.js';
import {CCD_HEIGHT, CCD_WIDTH} from './camera.js';
import type {Config} from './config.js';
import type {CastDataId} from './dataset.js';
import {HOT, READ_NOISE, SATURATION} from './detector.js';
import type {ExposureImage, MaskedImage} from './masked-image.js';
import {bit, openFits, pixelsOf} from './masked-image.js';
import {TanWcs} from './wcs.js';

/** Replaces pixels that have one of these bits by the mean of their good neighbours, and marks them interpolated. */
export function interpolate({width, height, image, mask, variance}: MaskedImage, bits: number): void {
  const bad = Uint8Array.from(mask, value => ((value & bits) === 0 ? 0 : 1));
  for (let i = 0; i < image.length; i++) {
    if (bad[i] === 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    let [sum, spread, count] = [0, 0, 0];
    for (let reach = 1; reach <= 3 && count < 2; reach++) {
      [sum, spread, count] = [0, 0, 0];
      for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row++) {
        for (let column = Math.max(0, x - reach); column <= Math.min(width - 1, x + reach); column++) {
          const at = row * width + column;
          if (bad[at] === 1) continue;
          sum += image[at] ?? 0;
          spread += variance[at] ?? 0;
          count++;
        }
      }
    }
    if (count > 0) {
      image[i] = sum / count;
      variance[i] = spread / count;
    }
    mask[i] = (mask[i] ?? 0) | bit('INTRP');
  }
}

/** Takes the detector's signature out of a raw exposure, as the configuration says. The unit becomes electrons. */
export function removeSignature(butler: Butler, dataId: CastDataId, config: Config): ExposureImage {
  const hdu = openFits(butler.get('raw', dataId), 'raw')[0];
  if (hdu === undefined) throw new Error('Internal error: a raw file without HDU');
  const raw = pixelsOf(hdu, 'raw').pixels;
  const load = (kind: 'bias' | 'dark' | 'flat', flag: string): Float64Array | null =>
    config.boolean(flag) ? pixelsOf(openFits(butler.calibration(kind, dataId), kind)[0], kind).pixels : null;
  const [bias, dark, flat] = [load('bias', 'isr.doBias'), load('dark', 'isr.doDark'), load('flat', 'isr.doFlat')];
  const seconds = hdu.header.number('EXPTIME', 30);
  const size = CCD_WIDTH * CCD_HEIGHT;
  const image = new Float64Array(size);
  const variance = new Float64Array(size);
  const mask = new Int32Array(size);
  for (let i = 0; i < size; i++) {
    const read = (raw[i] ?? 0) - (bias?.[i] ?? 0);
    const response = flat?.[i] ?? 1;
    image[i] = (read - seconds * (dark?.[i] ?? 0)) / response;
    variance[i] = (Math.max(read, 1) + READ_NOISE ** 2) / response ** 2;
    if (config.boolean('isr.doSaturation') && read >= SATURATION - 1000) mask[i] = (mask[i] ?? 0) | bit('SAT');
    if (config.boolean('isr.doDefect') && (dark?.[i] ?? 0) > HOT) mask[i] = (mask[i] ?? 0) | bit('BAD');
    const [x, y] = [i % CCD_WIDTH, Math.floor(i / CCD_WIDTH)];
    if (x === 0 || y === 0 || x === CCD_WIDTH - 1 || y === CCD_HEIGHT - 1) mask[i] = (mask[i] ?? 0) | bit('EDGE');
  }
  const wcs = TanWcs.fromHeader(hdu.header);
  const exposure = {width: CCD_WIDTH, height: CCD_HEIGHT, image, variance, mask, wcs, header: hdu.header};
  interpolate(exposure, bit('BAD') | bit('SAT'));
  return exposure;
}
