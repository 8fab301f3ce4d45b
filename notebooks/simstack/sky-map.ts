import type {Butler} from './butler.js';
import {readPickle, writePickle} from './pickle.js';
import type {PythonValue} from './python.js';
import {PythonError, PythonFloat} from './python.js';
import type {Sky} from './wcs.js';
import {TanWcs} from './wcs.js';

/** A patch of a tract; its pixels are those of the tract from (x0, y0), borders included. */
export interface Patch {
  readonly name: string;
  readonly x0: number;
  readonly y0: number;
  readonly width: number;
  readonly height: number;
}

/** A tract: a projection of its own, and a grid of patches. */
export class Tract {
  readonly id: number;
  readonly centre: Sky;
  /** Patches along x and y. */
  readonly count: readonly [number, number];
  /** Pixels of a patch without its border. */
  readonly inner: readonly [number, number];
  readonly border: number;
  /** Arcseconds a pixel. */
  readonly pixelScale: number;

  constructor(
    id: number,
    centre: Sky,
    count: readonly [number, number],
    inner: readonly [number, number],
    border: number,
    pixelScale: number,
  ) {
    this.id = id;
    this.centre = centre;
    this.count = count;
    this.inner = inner;
    this.border = border;
    this.pixelScale = pixelScale;
  }

  /** The size of the tract in pixels. */
  get size(): readonly [number, number] {
    return [this.count[0] * this.inner[0], this.count[1] * this.inner[1]];
  }

  /** RA falls with x, Dec grows with y. */
  get wcs(): TanWcs {
    const scale = this.pixelScale / 3600;
    return new TanWcs(this.centre, {x: (this.size[0] - 1) / 2, y: (this.size[1] - 1) / 2}, [-scale, 0, 0, scale]);
  }

  /** The sky at the four outer corners, counter-clockwise from the first pixel. */
  corners(): readonly Sky[] {
    const [x, y] = [this.size[0] - 0.5, this.size[1] - 0.5];
    const wcs = this.wcs;
    return [wcs.toSky({x: -0.5, y: -0.5}), wcs.toSky({x, y: -0.5}), wcs.toSky({x, y}), wcs.toSky({x: -0.5, y})];
  }

  /** All patches, x fastest. */
  patches(): readonly Patch[] {
    const names: string[] = [];
    for (let y = 0; y < this.count[1]; y++) for (let x = 0; x < this.count[0]; x++) names.push(`${x},${y}`);
    return names.map(name => this.patch(name));
  }

  /** The patch that is named by its column and row: `1,1`. */
  patch(name: string): Patch {
    const index = /^(\d+),(\d+)$/.exec(name);
    const [column, row] = [Number(index?.[1] ?? NaN), Number(index?.[2] ?? NaN)];
    if (!(column < this.count[0] && row < this.count[1])) {
      throw new PythonError('IndexError', `Patch index ${name} is not in range`);
    }
    const low = (at: number, inner: number): number => Math.max(0, at * inner - this.border);
    const high = (at: number, inner: number, size: number): number => Math.min(size, (at + 1) * inner + this.border);
    const [x0, y0] = [low(column, this.inner[0]), low(row, this.inner[1])];
    const width = high(column, this.inner[0], this.size[0]) - x0;
    return {name, x0, y0, width, height: high(row, this.inner[1], this.size[1]) - y0};
  }
}

/** The file of a sky map: a pickle of plain values. */
export function writeSkyMap(tracts: readonly Tract[]): string {
  return writePickle({
    skyMap: 'discrete',
    simulation: true,
    tracts: tracts.map(({id, centre, count, inner, border, pixelScale}) => ({
      id,
      ra: new PythonFloat(centre.ra),
      dec: new PythonFloat(centre.dec),
      numPatches: [...count],
      patchInnerDimensions: [...inner],
      patchBorder: border,
      pixelScale: new PythonFloat(pixelScale),
    })),
  });
}

/** The tracts of the sky map that the butler finds. */
export function readSkyMap(butler: Butler): readonly Tract[] {
  const text = Buffer.from(butler.get('deepCoadd_skyMap', {})).toString('latin1');
  const {tracts} = readPickle(text) as {readonly tracts: readonly Readonly<Record<string, PythonValue>>[]};
  const number = (value: PythonValue | undefined): number =>
    value instanceof PythonFloat ? value.value : Number(value);
  const pair = (value: PythonValue | undefined): [number, number] => {
    const [first, second] = value as readonly number[];
    return [first ?? 0, second ?? 0];
  };
  return tracts.map(
    each =>
      new Tract(
        number(each['id']),
        {ra: number(each['ra']), dec: number(each['dec'])},
        pair(each['numPatches']),
        pair(each['patchInnerDimensions']),
        number(each['patchBorder']),
        number(each['pixelScale']),
      ),
  );
}
