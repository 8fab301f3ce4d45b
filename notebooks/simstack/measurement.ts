import type {Peak} from './detection.js';
import type {MaskedImage} from './masked-image.js';
import {bit} from './masked-image.js';
import {median} from './statistics.js';

/** What is measured of one source; fluxes are in the unit of the image, places in pixels. */
export interface Source extends Peak {
  readonly psfFlux: number;
  readonly psfFluxErr: number;
  readonly apFlux: number;
  readonly apFluxErr: number;
  /** Mean square of the distance from the middle along one axis, weighted by the light. */
  readonly moment: number;
  readonly saturated: boolean;
  readonly interpolated: boolean;
  readonly edge: boolean;
}

const APERTURE = 3;
const BOX = 5;

/** Measures one peak by a Gaussian of deviation `sigma` and in an aperture. */
export function measure({width, height, image, mask, variance}: MaskedImage, peak: Peak, sigma: number): Source {
  let [top, bottom, apFlux, apVariance, light, spread] = [0, 0, 0, 0, 0, 0];
  let flags = 0;
  const [x0, y0] = [Math.round(peak.x), Math.round(peak.y)];
  const edge = x0 < BOX || y0 < BOX || x0 >= width - BOX || y0 >= height - BOX;
  for (let y = Math.max(0, y0 - BOX); y <= Math.min(height - 1, y0 + BOX); y++) {
    for (let x = Math.max(0, x0 - BOX); x <= Math.min(width - 1, x0 + BOX); x++) {
      const at = y * width + x;
      const [value, noise] = [image[at] ?? 0, variance[at] ?? 0];
      if (!(noise > 0) || Number.isNaN(value)) continue;
      const r2 = (x - peak.x) ** 2 + (y - peak.y) ** 2;
      const model = Math.exp(-r2 / (2 * sigma * sigma)) / (2 * Math.PI * sigma * sigma);
      top += value * model;
      bottom += model * model;
      if (r2 <= 2.25) flags |= mask[at] ?? 0;
      if (r2 <= APERTURE * APERTURE) {
        apFlux += value;
        apVariance += noise;
        light += value;
        spread += (value * r2) / 2;
      }
    }
  }
  const centre = variance[Math.min(height - 1, Math.max(0, y0)) * width + Math.min(width - 1, Math.max(0, x0))] ?? 0;
  return {
    ...peak,
    psfFlux: top / bottom,
    psfFluxErr: Math.sqrt(Math.max(centre, 0) / bottom),
    apFlux,
    apFluxErr: Math.sqrt(apVariance),
    moment: light > 0 ? spread / light : NaN,
    saturated: (flags & bit('SAT')) !== 0,
    interpolated: (flags & (bit('INTRP') | bit('CR'))) !== 0,
    edge,
  };
}

/**
 * The deviation of the point spread function: from the moments of bright, whole stars, corrected for what the aperture
 * cuts off. 1 pixel where there are too few.
 */
export function psfSigma(sources: readonly Source[]): number {
  const good = sources.filter(
    source => !source.saturated && !source.interpolated && !source.edge && source.significance > 25,
  );
  const moments = good.map(({moment}) => moment).filter(moment => moment > 0.2 && moment < 3);
  if (moments.length < 3) return 1;
  const seen = median(moments);
  let [low, high] = [0.5, 2.5];
  for (let step = 0; step < 40; step++) {
    const sigma = (low + high) / 2;
    const edge = APERTURE ** 2 / (2 * sigma * sigma);
    const inside = sigma * sigma * (1 - (edge * Math.exp(-edge)) / (1 - Math.exp(-edge)));
    if (inside < seen) low = sigma;
    else high = sigma;
  }
  return (low + high) / 2;
}

/** Whether a source is wider than a star: its aperture has clearly more light than the star's model takes. */
export function extendedness(source: Source): number {
  const excess = source.apFlux - 1.12 * source.psfFlux;
  return excess > 2 * Math.hypot(source.apFluxErr, source.psfFluxErr) ? 1 : 0;
}
