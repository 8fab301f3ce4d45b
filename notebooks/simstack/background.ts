import type {MaskedImage} from './masked-image.js';
import {bit} from './masked-image.js';
import {clipped, mean} from './statistics.js';

/**
 * The sky of an image: the clipped mean in boxes of about `binSize` pixels, interpolated between their middles.
 * Detected and bad pixels are left out.
 */
export function fitBackground({width, height, image, mask}: MaskedImage, binSize: number): Float64Array {
  const [columns, rows] = [Math.max(1, Math.round(width / binSize)), Math.max(1, Math.round(height / binSize))];
  const ignored = bit('DETECTED') | bit('BAD') | bit('SAT') | bit('CR');
  const boxes = Array.from({length: columns * rows}, (_, box): number => {
    const [column, row] = [box % columns, Math.floor(box / columns)];
    const [x0, x1] = [Math.floor((column * width) / columns), Math.floor(((column + 1) * width) / columns)];
    const [y0, y1] = [Math.floor((row * height) / rows), Math.floor(((row + 1) * height) / rows)];
    const [good, all]: [number[], number[]] = [[], []];
    for (let y = y0; y < y1; y++) {
      for (let x = x0; x < x1; x++) {
        const value = image[y * width + x] ?? 0;
        all.push(value);
        if (((mask[y * width + x] ?? 0) & ignored) === 0) good.push(value);
      }
    }
    return mean(clipped(good.length > 20 ? good : all, 2.5, 5));
  });
  const position = (at: number, size: number, count: number): [number, number, number] => {
    const place = Math.max(0, Math.min(count - 1, ((at + 0.5) * count) / size - 0.5));
    const low = Math.min(Math.floor(place), Math.max(0, count - 2));
    return [low, Math.min(low + 1, count - 1), place - low];
  };
  return Float64Array.from({length: width * height}, (_, i) => {
    const [left, right, fx] = position(i % width, width, columns);
    const [low, high, fy] = position(Math.floor(i / width), height, rows);
    const box = (column: number, row: number): number => boxes[row * columns + column] ?? 0;
    return (
      (1 - fy) * ((1 - fx) * box(left, low) + fx * box(right, low)) +
      fy * ((1 - fx) * box(left, high) + fx * box(right, high))
    );
  });
}

/** Takes a background out of an image, in place. */
export function subtract(image: Float64Array, background: Float64Array): void {
  for (let i = 0; i < image.length; i++) image[i] = (image[i] ?? 0) - (background[i] ?? 0);
}
