import {describe, expect, it} from 'vitest';
import {FitsHeader, readFits, readImage} from '../../kernel/show/fits.js';
import {readTable} from '../../kernel/show/fits-table.js';
import {FitsFile} from '../../notebooks/simstack/fits-file.js';
import type {Storage} from '../../notebooks/simstack/fits-file.js';
import type {ExposureImage} from '../../notebooks/simstack/masked-image.js';
import {emptyWarp, warpingKernel, warpInto} from '../../notebooks/simstack/warp.js';
import {TanWcs} from '../../notebooks/simstack/wcs.js';

const scaled = (arcsec: number, x: number) =>
  new TanWcs({ra: 320.88, dec: -0.32}, {x, y: x}, [-arcsec / 3600, 0, 0, arcsec / 3600]);

describe('a warp', () => {
  it.each(['bilinear', 'lanczos3'])('keeps the light of the sky when its pixels are smaller: %s', name => {
    const side = 30;
    const exposure: ExposureImage = {
      width: side,
      height: side,
      image: new Float64Array(side * side).fill(100),
      mask: new Int32Array(side * side),
      variance: new Float64Array(side * side).fill(4),
      wcs: scaled(8, 14.5),
      header: new FitsHeader([]),
    };
    const warp = emptyWarp({width: 10, height: 10});
    expect(warpInto(warp, scaled(4, 4.5), exposure, 3, warpingKernel(name))).toBe(100);
    for (const value of warp.image) expect(value).toBeCloseTo((100 * 3) / 4, 6);
    expect([...warp.mask].every(flags => flags === 0)).toBe(true);
  });
});

describe('a projection', () => {
  it('leads back to the pixel it came from', () => {
    const wcs = scaled(6.72, 149.5);
    const {x, y} = wcs.toPixel(wcs.toSky({x: 3.25, y: 280.5}));
    expect([x, y].map(value => Number(value.toFixed(6)))).toEqual([3.25, 280.5]);
  });
});

describe('a FITS file', () => {
  it.each<Storage>(['uint16', 'int16', 'int32', 'float32', 'float64'])('keeps pixels as %s', storage => {
    const pixels = [0, 1, 2, 300, 32000, 7];
    const hdus = readFits(new FitsFile().image(pixels, 3, storage, []).bytes());
    const image = hdus.ok ? readImage(hdus.value[0]!) : hdus;
    expect(image).toEqual({ok: true, value: {width: 3, height: 2, pixels: Float64Array.from(pixels)}});
  });

  it('keeps text of any length, numbers and flags in its header', () => {
    const long = "it's ".repeat(60).trim();
    const bytes = new FitsFile()
      .primary([
        ['LONGTEXT', long],
        ['SMALL', 1.5e-7],
        ['FLAG', true],
        ['N', -3],
      ])
      .bytes();
    const hdus = readFits(bytes);
    if (!hdus.ok) throw new Error(hdus.error);
    const {header} = hdus.value[0]!;
    expect(bytes.length % 2880).toBe(0);
    expect(['LONGTEXT', 'SMALL', 'FLAG', 'N'].map(key => header.get(key))).toEqual([long, 1.5e-7, true, -3]);
  });

  it('reads blank pixels as NaN, and scales', () => {
    const cards = [
      ['BLANK', -1],
      ['BSCALE', 2],
      ['BZERO', 10],
    ] as const;
    const hdus = readFits(new FitsFile().image([-1, 5], 2, 'int32', cards).bytes());
    const image = hdus.ok ? readImage(hdus.value[0]!) : hdus;
    expect(image.ok && [...image.value.pixels]).toEqual([NaN, 20]);
  });

  it('keeps the columns of a table', () => {
    const values = [1, 2, 3];
    const columns = (['J', 'K', 'E', 'D'] as const).map(form => ({name: `c${form}`, form, values}));
    const flags = {name: 'flag', form: 'L', values: [true, false, true]} as const;
    const hdus = readFits(
      new FitsFile()
        .primary([])
        .table('T', 3, [...columns, flags])
        .bytes(),
    );
    const table = hdus.ok ? readTable(hdus.value[1]!) : hdus;
    if (!table.ok) throw new Error(table.error);
    for (const {name} of columns) expect(table.value.column(name)).toEqual({ok: true, value: values});
    expect(table.value.column('flag')).toEqual({ok: true, value: [true, false, true]});
    expect(table.value.column('none')).toEqual({ok: false, error: 'there is no column `none`'});
  });

  it('that is none, or cut short, is said to be so', () => {
    expect(readFits(Buffer.from('hello'))).toEqual({ok: false, error: 'not a FITS file'});
    const whole = new FitsFile().image(new Float64Array(4000), 40, 'float32', []).bytes();
    expect(readFits(whole.subarray(0, 5000))).toMatchObject({ok: false});
    expect(readFits(whole.subarray(0, 160))).toEqual({ok: false, error: 'the header has no END'});
  });
});
