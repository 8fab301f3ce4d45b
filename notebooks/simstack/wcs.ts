import type {FitsHeader} from '../../kernel/show/fits.js';
import type {Card} from './fits-file.js';

const DEGREE = Math.PI / 180;

/** A place on the sky, in degrees. */
export interface Sky {
  readonly ra: number;
  readonly dec: number;
}

/** A place on a detector or a map, in pixels; the middle of the first pixel is (0, 0). */
export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** A gnomonic (TAN) projection. `cd` is in degrees a pixel: [cd11, cd12, cd21, cd22]. */
export class TanWcs {
  readonly crval: Sky;
  readonly crpix: Pixel;
  readonly cd: readonly [number, number, number, number];

  constructor(crval: Sky, crpix: Pixel, cd: readonly [number, number, number, number]) {
    this.crval = crval;
    this.crpix = crpix;
    this.cd = cd;
  }

  /** The projection that a header states. */
  static fromHeader(header: FitsHeader): TanWcs {
    return new TanWcs(
      {ra: header.number('CRVAL1', 0), dec: header.number('CRVAL2', 0)},
      {x: header.number('CRPIX1', 1) - 1, y: header.number('CRPIX2', 1) - 1},
      [header.number('CD1_1', 1), header.number('CD1_2', 0), header.number('CD2_1', 0), header.number('CD2_2', 1)],
    );
  }

  /** Degrees a pixel: the square root of the area of one. */
  get scale(): number {
    return Math.sqrt(Math.abs(this.cd[0] * this.cd[3] - this.cd[1] * this.cd[2]));
  }

  /** The sky at a pixel. */
  toSky({x, y}: Pixel): Sky {
    const [dx, dy] = [x - this.crpix.x, y - this.crpix.y];
    const xi = (this.cd[0] * dx + this.cd[1] * dy) * DEGREE;
    const eta = (this.cd[2] * dx + this.cd[3] * dy) * DEGREE;
    const dec0 = this.crval.dec * DEGREE;
    const down = Math.cos(dec0) - eta * Math.sin(dec0);
    const ra = this.crval.ra + Math.atan2(xi, down) / DEGREE;
    const dec = Math.atan2(Math.sin(dec0) + eta * Math.cos(dec0), Math.hypot(xi, down)) / DEGREE;
    return {ra, dec};
  }

  /** The pixel at a place on the sky; NaN on the other half of the sphere. */
  toPixel({ra, dec}: Sky): Pixel {
    const [a, d, d0] = [(ra - this.crval.ra) * DEGREE, dec * DEGREE, this.crval.dec * DEGREE];
    const cosine = Math.sin(d0) * Math.sin(d) + Math.cos(d0) * Math.cos(d) * Math.cos(a);
    if (cosine <= 0) return {x: NaN, y: NaN};
    const xi = (Math.cos(d) * Math.sin(a)) / cosine / DEGREE;
    const eta = (Math.cos(d0) * Math.sin(d) - Math.sin(d0) * Math.cos(d) * Math.cos(a)) / cosine / DEGREE;
    const [c11, c12, c21, c22] = this.cd;
    const det = c11 * c22 - c12 * c21;
    return {
      x: this.crpix.x + (c22 * xi - c12 * eta) / det,
      y: this.crpix.y + (c11 * eta - c21 * xi) / det,
    };
  }

  /** The same projection of an image whose first pixel is (x0, y0) of this one. */
  cropped(x0: number, y0: number): TanWcs {
    return new TanWcs(this.crval, {x: this.crpix.x - x0, y: this.crpix.y - y0}, this.cd);
  }

  /** The same projection after the image moved by (dx, dy) pixels. */
  shifted(dx: number, dy: number): TanWcs {
    return this.cropped(-dx, -dy);
  }

  /** Header cards; CRPIX counts from one, as FITS does. */
  cards(): readonly Card[] {
    return [
      ['CTYPE1', 'RA---TAN'],
      ['CTYPE2', 'DEC--TAN'],
      ['CUNIT1', 'deg'],
      ['CUNIT2', 'deg'],
      ['CRVAL1', this.crval.ra],
      ['CRVAL2', this.crval.dec],
      ['CRPIX1', this.crpix.x + 1],
      ['CRPIX2', this.crpix.y + 1],
      ['CD1_1', this.cd[0]],
      ['CD1_2', this.cd[1]],
      ['CD2_1', this.cd[2]],
      ['CD2_2', this.cd[3]],
      ['EQUINOX', 2000],
      ['RADESYS', 'ICRS'],
    ];
  }
}
