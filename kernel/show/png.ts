import {crc32, deflateSync} from 'node:zlib';

/** Pixels of 8 bits: one channel is grey, three are red, green and blue. The first row is the top one. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  /** `width * height * channels` bytes, row by row. */
  readonly data: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

function chunk(type: string, data: Uint8Array): Buffer {
  const buffer = Buffer.alloc(12 + data.length);
  buffer.writeUInt32BE(data.length, 0);
  buffer.write(type, 4, 'latin1');
  buffer.set(data, 8);
  buffer.writeUInt32BE(crc32(buffer.subarray(4, 8 + data.length)), 8 + data.length);
  return buffer;
}

/** A PNG file of the pixels (PNG specification, third edition, sections 5 and 9; every row has filter 2, "Up"). */
export function encodePng(pixels: Pixels): Uint8Array {
  const {width, height, channels, data} = pixels;
  if (width < 1 || height < 1 || data.length !== width * height * channels) {
    throw new Error(`Internal error: ${data.length} bytes are no picture of ${width}×${height}×${channels}`);
  }
  const row = width * channels;
  const filtered = new Uint8Array(height * (row + 1));
  for (let y = 0; y < height; y++) {
    const to = y * (row + 1);
    filtered[to] = 2;
    for (let x = 0; x < row; x++) {
      const from = y * row + x;
      // The array keeps the difference modulo 256, as the filter asks.
      filtered[to + 1 + x] = (data[from] ?? 0) - (y === 0 ? 0 : (data[from - row] ?? 0));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = channels === 1 ? 0 : 2;
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(filtered)),
    chunk('IEND', new Uint8Array(0)),
  ]);
}
