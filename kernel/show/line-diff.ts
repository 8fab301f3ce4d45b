/** A line of a diff. */
export interface DiffLine {
  readonly mark: ' ' | '-' | '+';
  readonly text: string;
}

/** The most entries of the table of common lines: what is larger is shown as replaced. */
const TABLE = 250_000;

/** The lines of both texts in one list, by the longest common subsequence. */
export function diffLines(before: readonly string[], after: readonly string[]): readonly DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start++;
  let end = 0;
  const most = Math.min(before.length, after.length) - start;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  const lines = (mark: DiffLine['mark'], texts: readonly string[]): DiffLine[] => texts.map(text => ({mark, text}));
  const middle = old.length * now.length > TABLE ? [...lines('-', old), ...lines('+', now)] : common(old, now);
  return [...lines(' ', before.slice(0, start)), ...middle, ...lines(' ', before.slice(before.length - end))];
}

function common(old: readonly string[], now: readonly string[]): readonly DiffLine[] {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i * width + j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const diff: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    const left = old[i];
    const right = now[j];
    if (left !== undefined && left === right) {
      diff.push({mark: ' ', text: left});
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      diff.push({mark: '-', text: left});
      i++;
    } else if (right !== undefined) {
      diff.push({mark: '+', text: right});
      j++;
    }
  }
  return diff;
}

/** How many lines of a diff were added, and how many taken away. */
export function countLines(diff: readonly DiffLine[]): {readonly added: number; readonly removed: number} {
  let added = 0;
  let removed = 0;
  for (const {mark} of diff) {
    if (mark === '+') added++;
    if (mark === '-') removed++;
  }
  return {added, removed};
}

/**
 * A diff in the unified form (POSIX `diff -u`, without the names of files): `@@ -1,3 +1,4 @@`, and each line behind its mark.
 * @param context how many lines are given around those that differ
 */
export function unifiedDiff(diff: readonly DiffLine[], context = 3): readonly string[] {
  const shown: string[] = [];
  const changed = diff.flatMap(({mark}, at) => (mark === ' ' ? [] : [at]));
  // Lines of either text before the place that was looked at last.
  let old = 0;
  let now = 0;
  let place = 0;
  const pass = (end: number): void => {
    for (; place < end; place++) {
      const mark = diff[place]?.mark;
      if (mark !== '+') old++;
      if (mark !== '-') now++;
    }
  };
  for (let first = 0; first < changed.length;) {
    let last = first;
    while ((changed[last + 1] ?? Infinity) - (changed[last] ?? 0) <= 2 * context + 1) last++;
    const start = Math.max(0, (changed[first] ?? 0) - context);
    const end = Math.min(diff.length, (changed[last] ?? 0) + context + 1);
    pass(start);
    const [oldStart, nowStart] = [old, now];
    pass(end);
    shown.push(`@@ -${range(oldStart, old - oldStart)} +${range(nowStart, now - nowStart)} @@`);
    for (const {mark, text} of diff.slice(start, end)) shown.push(`${mark}${text}`);
    first = last + 1;
  }
  return shown;
}

/** Of no lines, the number of the line before them. */
const range = (before: number, count: number): string =>
  count === 0 ? `${before},0` : count === 1 ? `${before + 1}` : `${before + 1},${count}`;
