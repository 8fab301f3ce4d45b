import type {MaskedImage} from './masked-image.js';
import {bit} from './masked-image.js';

/** A peak of the smoothed image, in pixels, and how far it stands above the noise. */
export interface Peak {
  readonly x: number;
  readonly y: number;
  readonly significance: number;
}

/** The weights of a round Gaussian of this deviation, normalised; `reach` is the half width of the square. */
export function gaussianKernel(sigma: number): {readonly reach: number; readonly weights: Float64Array} {
  const reach = Math.max(1, Math.ceil(2.7 * sigma));
  const size = 2 * reach + 1;
  const weights = Float64Array.from({length: size * size}, (_, i) => {
    const [x, y] = [(i % size) - reach, Math.floor(i / size) - reach];
    return Math.exp(-(x * x + y * y) / (2 * sigma * sigma));
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {reach, weights: weights.map(weight => weight / total)};
}

/** The signal over the noise of a star of this size at each pixel. */
export function significanceImage({width, height, image, variance}: MaskedImage, sigma: number): Float64Array {
  const {reach, weights} = gaussianKernel(sigma);
  const size = 2 * reach + 1;
  const result = new Float64Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let [signal, noise] = [0, 0];
      for (let dy = -reach; dy <= reach; dy++) {
        const row = y + dy;
        if (row < 0 || row >= height) continue;
        for (let dx = -reach; dx <= reach; dx++) {
          const column = x + dx;
          if (column < 0 || column >= width) continue;
          const weight = weights[(dy + reach) * size + dx + reach] ?? 0;
          signal += weight * (image[row * width + column] ?? 0);
          noise += weight * weight * (variance[row * width + column] ?? 0);
        }
      }
      result[y * width + x] = noise > 0 ? signal / Math.sqrt(noise) : 0;
    }
  }
  return result;
}

/**
 * Peaks above a threshold in units of the noise. Pixels above it are marked DETECTED in the mask, in place.
 * The place of a peak is refined by a parabola through its neighbours.
 */
export function detect(exposure: MaskedImage, sigma: number, threshold: number): readonly Peak[] {
  const {width, height, mask} = exposure;
  const map = significanceImage(exposure, sigma);
  const peaks: Peak[] = [];
  for (let i = 0; i < mask.length; i++) mask[i] = (mask[i] ?? 0) & ~bit('DETECTED');
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const value = map[at] ?? 0;
      if (value < threshold) continue;
      mask[at] = (mask[at] ?? 0) | bit('DETECTED');
      if (x < 1 || y < 1 || x >= width - 1 || y >= height - 1) continue;
      let highest = true;
      for (let dy = -1; dy <= 1 && highest; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const other = map[at + dy * width + dx] ?? 0;
          // Of two equal neighbours the later one is the peak, so that one of them is.
          if (other > value || (other === value && dy * width + dx > 0)) highest = false;
        }
      }
      if (!highest) continue;
      const refine = (before: number, after: number): number => {
        const bend = before - 2 * value + after;
        return bend < 0 ? Math.max(-0.5, Math.min(0.5, (0.5 * (before - after)) / bend)) : 0;
      };
      peaks.push({
        x: x + refine(map[at - 1] ?? 0, map[at + 1] ?? 0),
        y: y + refine(map[at - width] ?? 0, map[at + width] ?? 0),
        significance: value,
      });
    }
  }
  return peaks;
}
