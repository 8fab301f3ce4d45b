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

/**
 * The lines that differ, each with `context` lines around it; what lies between is one `…`.
 * @param limit the most lines that are given
 */
export function shortDiff(diff: readonly DiffLine[], context = 1, limit = 24): readonly string[] {
  const shown: string[] = [];
  let last = -1;
  diff.forEach(({mark, text}, at) => {
    const near = diff.slice(Math.max(0, at - context), at + context + 1).some(line => line.mark !== ' ');
    if (!near) return;
    if (last >= 0 && at > last + 1) shown.push('…');
    shown.push(`${mark} ${text}`);
    last = at;
  });
  return shown.length <= limit ? shown : [...shown.slice(0, limit), `… ${shown.length - limit} more lines`];
}
