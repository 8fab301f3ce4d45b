import type {MaskedImage} from './masked-image.js';
import {bit} from './masked-image.js';

/**
 * Marks pixels that are too sharp for a star: above `minSigma` of the noise, with neighbours across that have less than
 * `fraction` of their light. A second pass takes what is left beside a ray. Gives the number of pixels.
 */
export function findCosmicRays(exposure: MaskedImage, minSigma: number, fraction: number): number {
  const {width, height, image, mask, variance} = exposure;
  let count = 0;
  for (let pass = 0; pass < 2; pass++) {
    for (let y = 1; y < height - 1; y++) {
      for (let x = 1; x < width - 1; x++) {
        const at = y * width + x;
        const value = image[at] ?? 0;
        const marked = mask[at] ?? 0;
        if ((marked & (bit('CR') | bit('SAT') | bit('BAD'))) !== 0) continue;
        if (value < minSigma * Math.sqrt(variance[at] ?? 1)) continue;
        const around = [at - 1, at + 1, at - width, at + width].map(each =>
          ((mask[each] ?? 0) & bit('CR')) === 0 ? (image[each] ?? 0) : 0,
        );
        const sum = around.reduce((total, each) => total + each, 0);
        const most = Math.max(...around);
        // A ray of two pixels has one bright neighbour; all the others see only sky.
        if (sum / 4 < fraction * value && (sum - most) / 3 < 0.12 * value) {
          mask[at] = marked | bit('CR');
          count++;
        }
      }
    }
  }
  return count;
}
