import {gaussianKernel} from './detection.js';
import type {ExposureImage, MaskedImage} from './masked-image.js';
import {bit} from './masked-image.js';
import type {Patch} from './sky-map.js';
import type {TanWcs} from './wcs.js';

/** A one-dimensional interpolation kernel: its half width, and its weight at a distance in pixels. */
export interface WarpingKernel {
  readonly reach: number;
  weight(distance: number): number;
}

/** The kernel that a configuration names: `bilinear`, or `lanczosN`. */
export function warpingKernel(name: string): WarpingKernel {
  const order = Number(/^lanczos(\d)$/.exec(name)?.[1] ?? 0);
  if (order === 0) return {reach: 1, weight: distance => Math.max(0, 1 - Math.abs(distance))};
  const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  return {reach: order, weight: distance => (Math.abs(distance) < order ? sinc(distance) * sinc(distance / order) : 0)};
}

/** An empty warp: no data anywhere. */
export function emptyWarp({width, height}: Pick<Patch, 'width' | 'height'>): MaskedImage {
  const size = width * height;
  return {
    width,
    height,
    image: new Float64Array(size).fill(NaN),
    mask: new Int32Array(size).fill(bit('NO_DATA')),
    variance: new Float64Array(size).fill(Infinity),
  };
}

/** The weights of the pixels around a place along one axis, made to sum to one. */
function taps(kernel: WarpingKernel, place: number): {readonly first: number; readonly weights: readonly number[]} {
  const first = Math.floor(place) - kernel.reach + 1;
  const weights = Array.from({length: 2 * kernel.reach}, (_, i) => kernel.weight(place - first - i));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return {first, weights: weights.map(weight => weight / sum)};
}

/**
 * Resamples an exposure onto a warp where that has no data yet; `scale` multiplies the flux. Gives the number of pixels
 * that were filled. `wcs` is the projection of the warp.
 */
export function warpInto(
  warp: MaskedImage,
  wcs: TanWcs,
  exposure: ExposureImage,
  scale: number,
  kernel: WarpingKernel,
): number {
  const {width, height, image, mask, variance} = exposure;
  // A pixel of the warp takes as much of the sky as its area says.
  const factor = scale * (wcs.scale / exposure.wcs.scale) ** 2;
  let filled = 0;
  for (let i = 0; i < warp.image.length; i++) {
    if (((warp.mask[i] ?? 0) & bit('NO_DATA')) === 0) continue;
    const place = exposure.wcs.toPixel(wcs.toSky({x: i % warp.width, y: Math.floor(i / warp.width)}));
    if (!(place.x >= -0.5 && place.y >= -0.5 && place.x <= width - 0.5 && place.y <= height - 0.5)) continue;
    const [across, up] = [taps(kernel, place.x), taps(kernel, place.y)];
    let [value, noise, flags] = [0, 0, 0];
    for (const [dy, wy] of up.weights.entries()) {
      const row = Math.max(0, Math.min(height - 1, up.first + dy));
      for (const [dx, wx] of across.weights.entries()) {
        const at = row * width + Math.max(0, Math.min(width - 1, across.first + dx));
        const weight = wx * wy;
        value += weight * (image[at] ?? 0);
        noise += weight * weight * (variance[at] ?? 0);
        if (Math.abs(weight) > 0.05) flags |= mask[at] ?? 0;
      }
    }
    warp.image[i] = value * factor;
    warp.variance[i] = noise * factor * factor;
    warp.mask[i] = flags;
    filled++;
  }
  return filled;
}

/** The warp blurred so that a star of deviation `from` becomes one of deviation `to`, in pixels of the warp. */
export function matchPsf(warp: MaskedImage, from: number, to: number): MaskedImage {
  const extra = Math.sqrt(Math.max(0, to * to - from * from));
  if (extra < 0.3) return warp;
  const {reach, weights} = gaussianKernel(extra);
  const {width, height} = warp;
  const size = 2 * reach + 1;
  const result = emptyWarp(warp);
  for (let i = 0; i < warp.image.length; i++) {
    if (((warp.mask[i] ?? 0) & bit('NO_DATA')) !== 0) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    let [sum, noise, total] = [0, 0, 0];
    for (let k = 0; k < weights.length; k++) {
      const [column, row] = [x + (k % size) - reach, y + Math.floor(k / size) - reach];
      if (column < 0 || row < 0 || column >= width || row >= height) continue;
      const at = row * width + column;
      if (((warp.mask[at] ?? 0) & bit('NO_DATA')) !== 0) continue;
      const weight = weights[k] ?? 0;
      sum += weight * (warp.image[at] ?? 0);
      noise += weight * weight * (warp.variance[at] ?? 0);
      total += weight;
    }
    result.image[i] = sum / total;
    result.variance[i] = noise / (total * total);
    result.mask[i] = warp.mask[i] ?? 0;
  }
  return result;
}
