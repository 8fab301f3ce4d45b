import type {MaskedImage} from './masked-image.js';
import {bit} from './masked-image.js';
import {median} from './statistics.js';
import {emptyWarp} from './warp.js';

/** How the warps are put together. */
export interface StackOptions {
  readonly statistic: 'MEAN' | 'MEANCLIP' | 'MEDIAN';
  readonly sigma: number;
  readonly rounds: number;
  /** Bits of the mask that leave a pixel out. */
  readonly bad: number;
}

/** A coadd and the number of warps in each of its pixels. */
export interface Coadd {
  readonly coadd: MaskedImage;
  readonly counts: Uint16Array;
}

/** The weight of a warp: one over the mean variance of its pixels. */
function weightOf({variance, mask}: MaskedImage): number {
  const good = [...variance].filter((value, i) => ((mask[i] ?? 0) & bit('NO_DATA')) === 0 && Number.isFinite(value));
  return good.length === 0 ? 0 : 1 / median(good);
}

/** The weighted mean of the warps at each pixel, without those that stand out. The warps have one shape. */
export function stack(warps: readonly MaskedImage[], options: StackOptions): Coadd {
  const first = warps[0];
  if (first === undefined) throw new Error('Internal error: a coadd of nothing');
  const coadd = emptyWarp(first);
  const counts = new Uint16Array(coadd.image.length);
  const weights = warps.map(weightOf);
  for (let i = 0; i < coadd.image.length; i++) {
    const all = warps
      .map((warp, index) => ({
        value: warp.image[i] ?? NaN,
        variance: warp.variance[i] ?? Infinity,
        mask: warp.mask[i] ?? 0,
        weight: weights[index] ?? 0,
      }))
      .filter(({value, mask}) => (mask & options.bad) === 0 && !Number.isNaN(value));
    if (all.length === 0) continue;
    let kept = all;
    if (options.statistic === 'MEANCLIP' && all.length > 2) {
      for (let round = 0; round < options.rounds; round++) {
        const centre = median(kept.map(({value}) => value));
        const next = kept.filter(({value, variance}) => {
          // Bright stars differ by more than their noise from night to night: the seeing is another.
          const width = Math.hypot(Math.sqrt(variance), 0.15 * Math.abs(centre));
          return Math.abs(value - centre) <= options.sigma * width;
        });
        if (next.length === kept.length || next.length === 0) break;
        kept = next;
      }
    }
    const total = kept.reduce((sum, {weight}) => sum + weight, 0);
    const average = kept.reduce((sum, {weight, value}) => sum + weight * value, 0) / total;
    coadd.image[i] = options.statistic === 'MEDIAN' ? median(kept.map(({value}) => value)) : average;
    coadd.variance[i] = kept.reduce((sum, {weight, variance}) => sum + weight * weight * variance, 0) / (total * total);
    const flags = kept.reduce((sum, {mask}) => sum | mask, 0);
    coadd.mask[i] = kept.length < all.length ? flags | bit('CLIPPED') : flags;
    counts[i] = kept.length;
  }
  return {coadd, counts};
}
