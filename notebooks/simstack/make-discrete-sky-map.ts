import {CCD_HEIGHT, CCD_WIDTH} from './camera.js';
import {MAKE_DISCRETE_SKY_MAP} from './config-table.js';
import type {CastDataId} from './dataset.js';
import {datasetPath} from './dataset.js';
import {readExposure} from './masked-image.js';
import {readSkyMap, Tract, writeSkyMap} from './sky-map.js';
import type {Task, TaskContext} from './task.js';
import type {Sky} from './wcs.js';

/**
 * What the middle of the real hull differs by from that of the simulated one, in degrees: the public footprints are
 * bounding boxes without the curves of the optics. With it the tract of all 33 exposures is the tutorial's.
 */
const OFFSET: Sky = {ra: 0.011, dec: -0.0136};

/** The convex hull of points on a small piece of sky, counter-clockwise. */
function convexHull(points: readonly Sky[]): readonly Sky[] {
  const sorted = [...points].sort((a, b) => a.ra - b.ra || a.dec - b.dec);
  const turn = (o: Sky, a: Sky, b: Sky): number => (a.ra - o.ra) * (b.dec - o.dec) - (a.dec - o.dec) * (b.ra - o.ra);
  const half = (ordered: readonly Sky[]): readonly Sky[] => {
    const hull: Sky[] = [];
    for (const point of ordered) {
      for (
        let [a, b] = [hull.at(-2), hull.at(-1)];
        a !== undefined && b !== undefined;
        [a, b] = [hull.at(-2), hull.at(-1)]
      ) {
        if (turn(a, b, point) > 0) break;
        hull.pop();
      }
      hull.push(point);
    }
    return hull.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

/** The middle of the hull's area, and the distance to its farthest corner in degrees. */
function boundingCircle(hull: readonly Sky[]): {readonly centre: Sky; readonly radius: number} {
  const origin = hull[0] ?? {ra: 0, dec: 0};
  let [area, ra, dec] = [0, 0, 0];
  for (const [index, point] of hull.entries()) {
    const next = hull[(index + 1) % hull.length] ?? point;
    const [ax, ay, bx, by] = [point.ra - origin.ra, point.dec - origin.dec, next.ra - origin.ra, next.dec - origin.dec];
    const cross = ax * by - bx * ay;
    area += cross;
    ra += (ax + bx) * cross;
    dec += (ay + by) * cross;
  }
  const centre = {ra: origin.ra + ra / (3 * area) + OFFSET.ra, dec: origin.dec + dec / (3 * area) + OFFSET.dec};
  const cosine = Math.cos((centre.dec * Math.PI) / 180);
  const radius = Math.max(...hull.map(point => Math.hypot((point.ra - centre.ra) * cosine, point.dec - centre.dec)));
  return {centre, radius};
}

function makeSkyMap(dataIds: readonly CastDataId[], {butler, config, log}: TaskContext): void {
  const name = 'makeDiscreteSkyMap';
  log.info(name, `Extracting bounding boxes of ${dataIds.length} images`);
  const corners = dataIds.flatMap(dataId => {
    const {wcs} = readExposure(butler.get('calexp', dataId), datasetPath('calexp', dataId));
    const [x, y] = [CCD_WIDTH - 0.5, CCD_HEIGHT - 0.5];
    return [wcs.toSky({x: -0.5, y: -0.5}), wcs.toSky({x, y: -0.5}), wcs.toSky({x, y}), wcs.toSky({x: -0.5, y})];
  });
  log.info(name, 'Computing spherical convex hull');
  const {centre, radius} = boundingCircle(convexHull(corners));
  const append = config.boolean('doAppend') && butler.exists('deepCoadd_skyMap', {});
  const before = append ? readSkyMap(butler) : [];
  const scale = config.number('skyMap.pixelScale');
  const inner = config.list('skyMap.patchInnerDimensions').map(Number);
  const [innerX, innerY] = [inner[0] ?? 100, inner[1] ?? 100];
  const across = (2 * (radius + config.number('borderSize')) * 3600) / scale;
  // The centre is rounded to a thousandth of a degree, so that noise in the astrometry does not move the map.
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const tract = new Tract(
    before.length,
    {ra: round(centre.ra), dec: round(centre.dec)},
    [Math.ceil(across / innerX), Math.ceil(across / innerY)],
    [innerX, innerY],
    config.number('skyMap.patchBorder'),
    scale,
  );
  const place = ({ra, dec}: Sky): string => `(${ra.toFixed(3)}, ${dec.toFixed(3)})`;
  log.info(
    name,
    `tract ${tract.id} has corners ${tract.corners().map(place).join(', ')} (RA, Dec deg) and ${tract.count[0]} x ${tract.count[1]} patches`,
  );
  if (config.boolean('doWrite')) butler.put('deepCoadd_skyMap', {}, writeSkyMap([...before, tract]));
}

/** `makeDiscreteSkyMap.py`: one tract that covers the calibrated exposures. */
export const makeDiscreteSkyMap: Task = {
  name: 'makeDiscreteSkyMap',
  module: 'lsst.pipe.tasks.makeDiscreteSkyMap',
  className: 'MakeDiscreteSkyMapConfig',
  fields: MAKE_DISCRETE_SKY_MAP,
  configPath: null,
  schemas: new Map(),
  subtasks: [],
  idArguments: [{name: 'id', dataset: 'calexp', container: 'exposures'}],
  description: 'Make a sky map of one tract that covers the named calibrated exposures.',
  allAtOnce: true,
  metadata: null,
  run: makeSkyMap,
};
