import type {Bundle} from '../wire/notebook.js';
import {oneLine, shorten} from './clean-text.js';
import {encodePng, type Pixels} from './png.js';
import {medianOf} from './median.js';
import {brightness, type Stretch} from './stretch.js';
import {sampleOf, zscale, type Range} from './zscale.js';

/** A plane of an image. Its first row is the lowest one on the sky, as in FITS; NaN is no data. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** `width * height` values, row by row. */
  readonly data: Float32Array;
}

/** How an image is shown. */
export interface PictureOptions {
  /** What it is, for the caption: `HSC-I 1,1`. */
  readonly title: string;
  /** Absent: zscale. */
  readonly range?: Range;
  readonly stretch?: Stretch;
}

/** A smaller picture is enlarged by whole pixels up to about this many, a larger one is averaged down to it. */
const SMALL = 400;
const LARGE = 1024;

/** The image with `factor` × `factor` pixels averaged into one; those without data do not count. */
function averaged(image: Image, factor: number): Image {
  if (factor === 1) return image;
  const width = Math.ceil(image.width / factor);
  const height = Math.ceil(image.height / factor);
  const sums = new Float64Array(width * height);
  const counts = new Uint32Array(width * height);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < image.width; x++) {
      const value = image.data[y * image.width + x] ?? NaN;
      if (!Number.isFinite(value)) continue;
      const to = Math.floor(y / factor) * width + Math.floor(x / factor);
      sums[to] = (sums[to] ?? 0) + value;
      counts[to] = (counts[to] ?? 0) + 1;
    }
  }
  return {width, height, data: Float32Array.from(sums, (sum, at) => sum / (counts[at] ?? 0))};
}

/** How often a pixel is repeated, so that a small picture can be seen. */
const enlargement = (image: Image): number => Math.max(1, Math.floor(SMALL / Math.max(image.width, image.height)));

/** Paints each pixel of the image as a square, upside up: FITS counts rows from below, PNG from above. */
function paint(image: Image, channels: 1 | 3, colourOf: (at: number) => readonly number[]): Pixels {
  const factor = enlargement(image);
  const [width, height] = [image.width * factor, image.height * factor];
  const data = new Uint8Array(width * height * channels);
  const row = width * channels;
  for (let y = 0; y < image.height; y++) {
    const top = (image.height - 1 - y) * factor;
    for (let x = 0; x < image.width; x++) {
      const colour = colourOf(y * image.width + x);
      for (let copy = 0; copy < factor; copy++) data.set(colour, top * row + (x * factor + copy) * channels);
    }
    for (let copy = 1; copy < factor; copy++) data.copyWithin((top + copy) * row, top * row, (top + 1) * row);
  }
  return {width, height, channels, data};
}

const byte = (light: number): number => Math.round(255 * light);

const shrunk = (image: Image): Image => averaged(image, Math.ceil(Math.max(image.width, image.height) / LARGE));

/** A grey picture of an image, y up; where it has no data it is black. */
export function greyPixels(image: Image, range: Range, stretch: Stretch = 'asinh'): Pixels {
  const small = shrunk(image);
  return paint(small, 1, at => {
    const value = small.data[at] ?? NaN;
    const place = (value - range.low) / (range.high - range.low);
    return [Number.isFinite(value) ? byte(brightness(place, stretch)) : 0];
  });
}

/** How many times the sky's range of values is white. */
const Q = 8;

/**
 * A colour picture of two or three images of the same size, the reddest first. Of two, green is their mean. The scheme is
 * that of Lupton et al. 2004 (PASP 116, 133): asinh is applied to the mean brightness, all three colours are multiplied
 * alike, and a colour that is too bright is scaled down as a whole, so that bright stars keep theirs. The sky of each is
 * nearly black; a pixel that lacks data in any of them is black.
 */
export function rgbPixels(images: readonly [Image, Image] | readonly [Image, Image, Image]): Pixels {
  const planes = images.map(shrunk);
  const [first] = planes;
  if (first === undefined || planes.some(plane => plane.width !== first.width || plane.height !== first.height)) {
    throw new Error('Internal error: images of different size make no colour picture');
  }
  const skies = planes.map(plane => {
    const {low, high} = zscale(plane.data) ?? {low: 0, high: 1};
    const sky = medianOf(Array.from(sampleOf(plane.data))) ?? low;
    return {zero: sky - 0.05 * (high - low), span: high - low};
  });
  const span = skies.reduce((sum, sky) => sum + sky.span, 0) / skies.length;
  const value = (plane: number, at: number): number => (planes[plane]?.data[at] ?? NaN) - (skies[plane]?.zero ?? 0);
  return paint(first, 3, at => {
    const red = value(0, at);
    const blue = value(planes.length - 1, at);
    const green = planes.length === 2 ? (red + blue) / 2 : value(1, at);
    const mean = (red + green + blue) / 3;
    if (!Number.isFinite(mean) || mean <= 0) return [0, 0, 0];
    const light = Math.asinh((Q * mean) / span) / Math.asinh(Q * Q);
    const colour = [red, green, blue].map(one => (Math.max(0, one) * light) / mean);
    const most = Math.max(1, ...colour);
    return colour.map(one => byte(one / most));
  });
}

function numberText(value: number): string {
  const size = Math.abs(value);
  const text = size >= 1e5 || (size < 0.01 && size > 0) ? value.toExponential(1) : String(Number(value.toPrecision(2)));
  return size >= 100 && size < 1e5 ? String(Math.round(value)).replace('-', '−') : text.replaceAll('-', '−');
}

const pngBundle = (pixels: Pixels, text: string): Bundle => ({
  'image/png': Buffer.from(encodePng(pixels)).toString('base64'),
  'text/plain': text,
});

/** An image as a PNG with a line of text: `HSC-I 1,1: 106×106, zscale −1.2 … 34`. */
export function pictureBundle(image: Image, options: PictureOptions): Bundle {
  const head = `${shorten(oneLine(options.title), 160)}: ${image.width}×${image.height}`;
  if (image.width < 1 || image.height < 1) return {'text/plain': `${head}, empty`};
  const range = options.range ?? zscale(image.data);
  if (range === undefined || sampleOf(image.data).length === 0) {
    return pngBundle(greyPixels(image, {low: 0, high: 1}), `${head}, no data`);
  }
  const name = options.range === undefined ? 'zscale' : 'range';
  const text = `${head}, ${name} ${numberText(range.low)} … ${numberText(range.high)}`;
  return pngBundle(greyPixels(image, range, options.stretch), text);
}

/**
 * Two or three images of one size as a colour PNG.
 * @param titles of the images, in their order, the reddest first
 */
export function colourBundle(
  images: readonly [Image, Image] | readonly [Image, Image, Image],
  titles: readonly string[],
): Bundle {
  const [first] = images;
  const names = titles.length === 2 ? ['red', 'blue'] : ['red', 'green', 'blue'];
  const parts = titles.map((title, at) => `${names[at] ?? ''} ${shorten(oneLine(title), 80)}`);
  return pngBundle(rgbPixels(images), `${parts.join(', ')}: ${first.width}×${first.height}, asinh`);
}
