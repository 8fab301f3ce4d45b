/** How brightness follows the value. */
export type Stretch = 'asinh' | 'linear';

/** How strongly asinh lifts the faint: the ratio of the slope at black to a straight line's is about 3. */
const SOFTNESS = 10;

/** Brightness from 0 to 1 of a value whose place in its range is `place`; outside of the range it is black or white. */
export function brightness(place: number, stretch: Stretch): number {
  const inside = Math.min(1, Math.max(0, place));
  return stretch === 'linear' ? inside : Math.asinh(SOFTNESS * inside) / Math.asinh(SOFTNESS);
}
