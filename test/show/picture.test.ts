import {inflateSync} from 'node:zlib';
import {describe, expect, test} from 'vitest';
import {colourBundle, greyPixels, pictureBundle, rgbPixels, type Image} from '../../kernel/show/picture.js';
import {encodePng} from '../../kernel/show/png.js';
import {brightness} from '../../kernel/show/stretch.js';
import {zscale} from '../../kernel/show/zscale.js';

interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly colourType: number;
  at(x: number, y: number): readonly number[];
}

/** Reads the PNGs of our own encoder: filters 0 and 2 only. */
function decode(png: Uint8Array): Decoded {
  const buffer = Buffer.from(png);
  expect(buffer.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a');
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < buffer.length;) {
    const length = buffer.readUInt32BE(at);
    chunks.set(buffer.toString('latin1', at + 4, at + 8), buffer.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks.get('IHDR')!;
  const [width, height, colourType] = [header.readUInt32BE(0), header.readUInt32BE(4), header[9]!];
  const channels = colourType === 2 ? 3 : 1;
  const raw = inflateSync(chunks.get('IDAT')!);
  const row = width * channels;
  expect(raw.length).toBe(height * (row + 1));
  const data = new Uint8Array(height * row);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < row; x++) {
      const up = raw[y * (row + 1)] === 2 && y > 0 ? data[(y - 1) * row + x]! : 0;
      data[y * row + x] = raw[y * (row + 1) + 1 + x]! + up;
    }
  }
  return {
    width,
    height,
    colourType,
    at: (x, y) => [...data.subarray(y * row + x * channels, y * row + (x + 1) * channels)],
  };
}

/** Numbers that look random, the same each time; of a normal distribution by the sum of twelve. */
function noise(seed: number): () => number {
  let state = seed;
  const next = (): number => (state = (state * 1664525 + 1013904223) % 2 ** 32) / 2 ** 32;
  return () => Array.from({length: 12}, next).reduce((sum, value) => sum + value, -6);
}

const image = (width: number, height: number, value: (x: number, y: number) => number): Image => ({
  width,
  height,
  data: Float32Array.from({length: width * height}, (_, at) => value(at % width, Math.floor(at / width))),
});

describe('a PNG', () => {
  test('holds the pixels that were put in, with the right sums', () => {
    const data = Uint8Array.from({length: 5 * 4 * 3}, (_, at) => (at * 37) % 256);
    const png = encodePng({width: 5, height: 4, channels: 3, data});
    const decoded = decode(png);
    expect([decoded.width, decoded.height, decoded.colourType]).toEqual([5, 4, 2]);
    expect(decoded.at(3, 2)).toEqual([...data.subarray((2 * 5 + 3) * 3, (2 * 5 + 3) * 3 + 3)]);
    // The sum of an empty IEND chunk is the same in every PNG.
    expect(Buffer.from(png).subarray(-4).toString('hex')).toBe('ae426082');
    expect(Buffer.from(png).subarray(8, 16).toString('hex')).toBe('0000000d49484452');
  });

  test('of a wrong size is a bug', () => {
    expect(() => encodePng({width: 2, height: 2, channels: 1, data: new Uint8Array(3)})).toThrow('Internal error');
  });
});

describe('zscale', () => {
  test('of a straight ramp is all of it', () => {
    expect(zscale(Float32Array.from({length: 1000}, (_, at) => at))).toEqual({low: 0, high: 999});
  });

  test('of noise with stars is the sky', () => {
    const random = noise(1);
    const sky = image(200, 200, (x, y) => 100 + 5 * random() + (x % 20 === 3 && y % 10 === 3 ? 20_000 : 0));
    const range = zscale(sky.data)!;
    expect(range.low).toBeGreaterThan(70);
    expect(range.low).toBeLessThan(95);
    expect(range.high).toBeGreaterThan(110);
    expect(range.high).toBeLessThan(160);
  });

  test('leaves out what is not finite, and knows flat and empty data', () => {
    expect(
      zscale(Float32Array.from({length: 3000}, (_, at) => (at % 3 === 0 ? at : at % 3 === 1 ? NaN : Infinity)))?.low,
    ).toBe(0);
    expect(zscale(new Float32Array(100).fill(7))).toEqual({low: 6.5, high: 7.5});
    expect(zscale(new Float32Array(100).fill(NaN))).toBeUndefined();
    expect(zscale(new Float32Array(0))).toBeUndefined();
    expect(zscale(Float32Array.of(1, 2))).toEqual({low: 1, high: 2});
  });

  test('sees images whose width divides the step of its sample', () => {
    const random = noise(2);
    const striped = image(2000, 100, x => (x % 2 === 0 ? 0 : 100) + random());
    const range = zscale(striped.data)!;
    expect(range.low).toBeLessThan(5);
    expect(range.high).toBeGreaterThan(95);
  });
});

describe('brightness', () => {
  test('goes from black to white and lifts the faint', () => {
    for (const stretch of ['asinh', 'linear'] as const) {
      expect([-1, 0, 1, 5].map(place => brightness(place, stretch))).toEqual([0, 0, 1, 1]);
    }
    expect(brightness(0.1, 'asinh')).toBeGreaterThan(0.25);
    expect(brightness(0.1, 'linear')).toBe(0.1);
  });
});

describe('a picture', () => {
  test('has its first row at the bottom, whole pixels enlarged, and no data black', () => {
    const small = image(2, 2, (x, y) => (x === 1 && y === 1 ? NaN : y === 0 && x === 0 ? 1 : 0));
    const png = decode(encodePng(greyPixels(small, {low: 0, high: 1}, 'linear')));
    expect([png.width, png.height]).toEqual([400, 400]);
    expect(png.at(0, 399)).toEqual([255]);
    expect(png.at(199, 200)).toEqual([255]);
    expect(png.at(200, 200)).toEqual([0]);
    expect(png.at(0, 199)).toEqual([0]);
    expect(png.at(399, 0)).toEqual([0]);
  });

  test('of a large image is averaged down', () => {
    const png = decode(
      encodePng(
        greyPixels(
          image(3000, 2, x => (x % 3 === 0 ? 3 : 0)),
          {low: 0, high: 2},
          'linear',
        ),
      ),
    );
    expect([png.width, png.height]).toEqual([1000, 1]);
    expect(png.at(500, 0)).toEqual([128]);
  });

  test('comes with a line that says what it is', () => {
    const random = noise(3);
    const bundle = pictureBundle(
      image(106, 106, () => 10 * random()),
      {title: 'HSC-I 1,1'},
    );
    expect(bundle['text/plain']).toMatch(/^HSC-I 1,1: 106×106, zscale −\d+ … \d+$/);
    const png = decode(Buffer.from(bundle['image/png'] as string, 'base64'));
    expect([png.width, png.height, png.colourType]).toEqual([318, 318, 0]);
    expect(
      pictureBundle(
        image(3, 3, () => NaN),
        {title: 'x'},
      )['text/plain'],
    ).toBe('x: 3×3, no data');
    expect(
      pictureBundle(
        image(3, 3, () => 1),
        {title: 'x', range: {low: -1.2, high: 34}},
      )['text/plain'],
    ).toBe('x: 3×3, range −1.2 … 34');
  });

  test('in colour keeps the colours of stars, the first image red', () => {
    const random = noise(4);
    const star = (x: number, y: number, height: number): number => (x === 50 && y === 20 ? height : 0);
    const red = image(100, 100, (x, y) => 100 + random() + star(x, y, 5000));
    const blue = image(100, 100, (x, y) => 300 + random() + star(x, y, 1000) + star(x, y - 40, 5000));
    const two = decode(encodePng(rgbPixels([red, blue])));
    const [r, g, b] = two.at(50 * 4, (99 - 20) * 4) as [number, number, number];
    expect(r).toBe(255);
    expect(g).toBeGreaterThan(b);
    expect(b / r).toBeCloseTo(0.2, 1);
    const [r2, , b2] = two.at(50 * 4, (99 - 60) * 4) as [number, number, number];
    expect(b2).toBe(255);
    expect(r2).toBeLessThan(20);
    const sky = two.at(8, 8);
    expect(Math.max(...sky)).toBeLessThan(130);
    const three = colourBundle([red, red, blue], ['i', 'r', 'g']);
    expect(three['text/plain']).toBe('red i, green r, blue g: 100×100, asinh');
    const holed = decode(encodePng(rgbPixels([red, image(100, 100, () => NaN)])));
    expect(holed.at(200, 316)).toEqual([0, 0, 0]);
    expect(() => rgbPixels([red, image(2, 2, () => 1)])).toThrow('different size');
  });
});
