import type {FitsHdu, FitsHeader} from '../../kernel/show/fits.js';
import {readFits, readImage} from '../../kernel/show/fits.js';
import type {Card} from './fits-file.js';
import {FitsFile} from './fits-file.js';
import {PythonError} from './python.js';
import {TanWcs} from './wcs.js';

/** Bits of the mask, in the order in which the stack numbers its planes. */
export const PLANES = {
  BAD: 0,
  SAT: 1,
  INTRP: 2,
  CR: 3,
  EDGE: 4,
  DETECTED: 5,
  DETECTED_NEGATIVE: 6,
  SUSPECT: 7,
  NO_DATA: 8,
  CLIPPED: 9,
} as const;

/** The mask value of one plane. */
export const bit = (plane: keyof typeof PLANES): number => 1 << PLANES[plane];

/** Pixels with their mask and variance, row by row from the bottom. The arrays are owned by whoever made it. */
export interface MaskedImage {
  readonly width: number;
  readonly height: number;
  readonly image: Float64Array;
  readonly mask: Int32Array;
  readonly variance: Float64Array;
}

/** A masked image on the sky. */
export interface ExposureImage extends MaskedImage {
  readonly wcs: TanWcs;
  /** The metadata of the primary header. */
  readonly header: FitsHeader;
}

/** The HDUs of a file; a broken file is the error of the FITS library. */
export function openFits(bytes: Uint8Array, path: string): readonly FitsHdu[] {
  const hdus = readFits(bytes);
  if (!hdus.ok)
    throw new PythonError('lsst.afw.fits.FitsError', `cfitsio error: ${hdus.error} : Opening file '${path}'`);
  return hdus.value;
}

/** The pixels of one HDU. */
export function pixelsOf(
  hdu: FitsHdu | undefined,
  path: string,
): {readonly width: number; readonly pixels: Float64Array} {
  const image = hdu === undefined ? undefined : readImage(hdu);
  if (image?.ok !== true) throw new PythonError('lsst.afw.fits.FitsError', `no image in '${path}'`);
  return image.value;
}

/** Reads an exposure: IMAGE, MASK and VARIANCE. */
export function readExposure(bytes: Uint8Array, path: string): ExposureImage {
  const hdus = openFits(bytes, path);
  const named = (name: string): FitsHdu | undefined => hdus.find(hdu => hdu.name === name);
  const {width, pixels: image} = pixelsOf(named('IMAGE'), path);
  const mask = Int32Array.from(pixelsOf(named('MASK'), path).pixels);
  const variance = pixelsOf(named('VARIANCE'), path).pixels;
  const header = hdus[0]?.header;
  const imageHeader = named('IMAGE')?.header;
  if (header === undefined || imageHeader === undefined) throw new Error('Internal error: an exposure without headers');
  return {width, height: image.length / width, image, mask, variance, wcs: TanWcs.fromHeader(imageHeader), header};
}

/** The file of an exposure. `metadata` go to the primary header, the projection to each image. */
export function exposureBytes(
  image: MaskedImage,
  wcs: TanWcs,
  metadata: readonly Card[],
  origin: readonly Card[] = [],
): Uint8Array {
  const sky = [...wcs.cards(), ...origin];
  const planes = Object.entries(PLANES).map(([name, number]): Card => [`MP_${name}`.slice(0, 20), number]);
  const extension = (name: string): Card => ['EXTNAME', name];
  return new FitsFile()
    .primary(metadata)
    .image(image.image, image.width, 'float32', [extension('IMAGE'), ...sky])
    .image(image.mask, image.width, 'int32', [extension('MASK'), ...sky, ...planes])
    .image(image.variance, image.width, 'float32', [extension('VARIANCE'), ...sky])
    .bytes();
}
