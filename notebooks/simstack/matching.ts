import {extendedness} from './measurement.js';
import type {Source} from './measurement.js';
import type {ReferenceStar} from './reference-catalog.js';
import {clipped, mean, median} from './statistics.js';
import type {TanWcs} from './wcs.js';

/** A source with the reference star that it is; the distance is in pixels. */
export interface Match {
  readonly source: Source;
  readonly star: ReferenceStar;
  readonly dx: number;
  readonly dy: number;
}

/** The nearest reference star of each source within `reach` pixels. */
export function matchSources(
  sources: readonly Source[],
  stars: readonly ReferenceStar[],
  wcs: TanWcs,
  reach: number,
): readonly Match[] {
  const places = stars.map(star => ({star, ...wcs.toPixel(star)}));
  return sources.flatMap(source => {
    let best: Match | undefined;
    for (const {star, x, y} of places) {
      const [dx, dy] = [source.x - x, source.y - y];
      if (Math.hypot(dx, dy) < Math.min(reach, best === undefined ? Infinity : Math.hypot(best.dx, best.dy))) {
        best = {source, star, dx, dy};
      }
    }
    return best === undefined ? [] : [best];
  });
}

/** The projection moved so that the reference stars fall on their sources, and the scatter in arcseconds. */
export function fitAstrometry(
  sources: readonly Source[],
  stars: readonly ReferenceStar[],
  start: TanWcs,
): {readonly wcs: TanWcs; readonly scatter: number; readonly count: number} {
  const bright = [...sources]
    .filter(source => !source.saturated && !source.edge)
    .sort((a, b) => b.psfFlux - a.psfFlux)
    .slice(0, 40);
  let wcs = start;
  let matches: readonly Match[] = [];
  for (const reach of [3, 2, 1, 1]) {
    matches = matchSources(bright, stars, wcs, reach);
    if (matches.length < 2) break;
    wcs = wcs.shifted(median(matches.map(({dx}) => dx)), median(matches.map(({dy}) => dy)));
  }
  const scatter = 3600 * start.scale * Math.sqrt(mean(matches.map(({dx, dy}) => (dx * dx + dy * dy) / 2)));
  return {wcs, scatter, count: matches.length};
}

/** Zero point: the magnitude of a source of one electron, from matched stars; null where there are too few. */
export function fitZeroPoint(
  matches: readonly Match[],
  sigma: number,
  rounds: number,
  errorFloor: number,
): {readonly zero: number; readonly scatter: number; readonly used: readonly Match[]} | null {
  const error = ({source}: Match): number => Math.hypot((1.086 * source.psfFluxErr) / source.psfFlux, errorFloor);
  const usable = matches.filter(
    match =>
      match.source.psfFlux > 0 &&
      !match.source.saturated &&
      !match.source.edge &&
      extendedness(match.source) === 0 &&
      error(match) < 0.1,
  );
  const zeroOf = ({star, source}: Match): number => star.mag + 2.5 * Math.log10(source.psfFlux);
  const kept = clipped(usable.map(zeroOf), sigma, rounds);
  const used = usable.filter(match => kept.includes(zeroOf(match)));
  if (used.length < 2) return null;
  let [sum, weights] = [0, 0];
  for (const match of used) {
    const weight = 1 / (error(match) ** 2 + 0.02 ** 2);
    sum += weight * zeroOf(match);
    weights += weight;
  }
  const zero = sum / weights;
  return {zero, scatter: Math.sqrt(mean(used.map(match => (zeroOf(match) - zero) ** 2))), used};
}
