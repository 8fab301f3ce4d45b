/** One thing measured twice in the same run: as Weft does it, and as something well known does it. */
export interface Pair {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  readonly theirs: number;
  /** What `theirs` is. */
  readonly against: string;
  /** Whether a smaller number is the better one. */
  readonly smallerIsBetter: boolean;
}

/** How many times better than the other ours is: 2 is twice as good, 0.5 half as good. */
export function ratio({ours, theirs, smallerIsBetter}: Pair): number {
  return smallerIsBetter ? theirs / ours : ours / theirs;
}

/** The middle of some numbers, or the mean of the two in the middle; NaN of none. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** A line of the table for a person. */
export function line(pair: Pair): string {
  const number = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2)).padStart(9);
  const times = `${ratio(pair).toFixed(2)}×`;
  return `${pair.name.padEnd(34)} ${number(pair.ours)} ${number(pair.theirs)} ${pair.unit.padEnd(8)} ${times.padStart(8)}  ${pair.against}`;
}
