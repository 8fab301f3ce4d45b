/**
 * The number of insertions, deletions, replacements and exchanges of neighbours that make `b` of `a`
 * (Damerau-Levenshtein, in its restricted form: no part is edited twice).
 */
export function editDistance(a: string, b: string): number {
  let twoBack: number[] = [];
  let oneBack = Array.from({length: b.length + 1}, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((oneBack[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (oneBack[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (twoBack[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    twoBack = oneBack;
    oneBack = row;
  }
  return oneBack[b.length] ?? 0;
}

/**
 * The candidate that was most likely meant, or undefined where none is near: at most a third of the letters may differ,
 * case does not count, and a beginning of three letters or more is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase();
  // A pasted page is no misspelt name, and comparing it would take long.
  if (typed.length === 0 || typed.length > 80) return undefined;
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    const other = candidate.toLowerCase();
    const limit = Math.max(1, Math.floor(Math.max(typed.length, other.length) / 3));
    if (Math.abs(typed.length - other.length) > limit && !other.startsWith(typed)) continue;
    let distance = editDistance(typed, other);
    if (typed.length >= 3 && other.startsWith(typed)) distance = Math.min(distance, 1);
    // Of two letters nothing is left to recognise when one is wrong.
    if (distance > limit || distance >= typed.length) continue;
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** The hint that proposes the nearest candidate, as `--as` for a `prefix` of `--`; undefined where none is near. */
export function didYouMean(word: string, candidates: Iterable<string>, prefix = ''): string | undefined {
  const found = nearest(word, candidates);
  return found === undefined ? undefined : `did you mean \`${prefix}${found}\`?`;
}
