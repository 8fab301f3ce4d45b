/** The middle of the values; NaN for none. The list is not changed. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** Mean of the values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Those values that lie within `sigma` deviations of the median, after `rounds` of clipping by the quartiles' width. */
export function clipped(values: readonly number[], sigma: number, rounds: number): readonly number[] {
  let kept = values;
  for (let round = 0; round < rounds && kept.length > 2; round++) {
    const centre = median(kept);
    const width = 1.4826 * median(kept.map(value => Math.abs(value - centre)));
    if (!(width > 0)) break;
    const next = kept.filter(value => Math.abs(value - centre) <= sigma * width);
    if (next.length === kept.length) break;
    kept = next;
  }
  return kept;
}
