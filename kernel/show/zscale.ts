/** The values shown as black and as white. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

const SAMPLES = 1000;
const CONTRAST = 0.25;
const REJECT = 2.5;
const ITERATIONS = 5;
const LEAST = 5;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Finite values from all over the image, sorted: about as many as asked for, at most twice that. */
export function sampleOf(data: Float32Array, samples = SAMPLES): Float64Array {
  const step = Math.max(1, Math.floor(data.length / samples));
  const kept: number[] = [];
  const keep = (value: number | undefined): void => {
    if (value !== undefined && Number.isFinite(value)) kept.push(value);
  };
  // Each step is entered at another place, by the golden ratio: a plain grid would see only some columns of an image.
  for (let at = 0, turn = 0; at < data.length; at += step, turn++)
    keep(data[at + Math.floor(step * ((turn * GOLDEN) % 1))]);
  if (kept.length < samples / 10 && step > 1) {
    kept.length = 0;
    data.forEach(keep);
  }
  const thin = Math.max(1, Math.floor(kept.length / samples));
  return Float64Array.from(kept.filter((_, at) => at % thin === 0)).sort();
}

/** The straight line through the good samples over their rank, by least squares. */
function fitLine(values: Float64Array, good: Uint8Array): {slope: number; at0: number} {
  let n = 0;
  let sumX = 0;
  let sumY = 0;
  for (let x = 0; x < values.length; x++) {
    if (good[x] !== 1) continue;
    n++;
    sumX += x;
    sumY += values[x] ?? 0;
  }
  const [meanX, meanY] = [sumX / n, sumY / n];
  let xy = 0;
  let xx = 0;
  for (let x = 0; x < values.length; x++) {
    if (good[x] !== 1) continue;
    xy += (x - meanX) * ((values[x] ?? 0) - meanY);
    xx += (x - meanX) ** 2;
  }
  const slope = xx === 0 ? 0 : xy / xx;
  return {slope, at0: meanY - slope * meanX};
}

/** Marks what lies too far from the line, and its neighbours, as bad; gives how many are good. */
function reject(values: Float64Array, good: Uint8Array, line: {slope: number; at0: number}): number {
  const flat = values.map((value, x) => value - (line.at0 + line.slope * x));
  let n = 0;
  let sum = 0;
  let squares = 0;
  flat.forEach((value, x) => {
    if (good[x] !== 1) return;
    n++;
    sum += value;
    squares += value * value;
  });
  const limit = REJECT * Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  const grow = Math.max(1, Math.floor(values.length * 0.01)) >> 1;
  const bad = flat.map((value, x) => (good[x] !== 1 || Math.abs(value) > limit ? 1 : 0));
  good.fill(1);
  bad.forEach((isBad, x) => {
    if (isBad === 1) good.fill(0, Math.max(0, x - grow), x + grow + 1);
  });
  return good.reduce((total, one) => total + one, 0);
}

/**
 * The range of values in which the sky and what is faint are seen: IRAF's zscale (the help page of its task `display`).
 * A line is fitted to the sorted samples, outliers are rejected, and its slope, divided by the contrast, gives the range
 * around the median. Values that are not finite are left out.
 * @returns undefined where the data have no finite value; `high` is greater than `low`
 */
export function zscale(data: Float32Array): Range | undefined {
  const values = sampleOf(data);
  const n = values.length;
  const [first, last] = [values[0], values[n - 1]];
  if (first === undefined || last === undefined) return undefined;
  if (first === last) return {low: first - 0.5, high: last + 0.5};
  const least = Math.max(LEAST, Math.floor(n / 2));
  const good = new Uint8Array(n).fill(1);
  let left = n;
  let before = n + 1;
  let slope = 0;
  for (let turn = 0; turn < ITERATIONS && left < before && left >= least; turn++) {
    const line = fitLine(values, good);
    slope = line.slope;
    before = left;
    left = reject(values, good, line);
  }
  if (left < least) return {low: first, high: last};
  const middle = (n - 1) >> 1;
  const upper = values[n >> 1] ?? first;
  const median = n % 2 === 1 ? (values[middle] ?? first) : ((values[middle] ?? first) + upper) / 2;
  const low = Math.max(first, median - (middle - 1) * (slope / CONTRAST));
  const high = Math.min(last, median + (n - middle) * (slope / CONTRAST));
  return high > low ? {low, high} : {low: first, high: last};
}
