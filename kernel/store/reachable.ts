import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';

/**
 * What some results were made from, and they themselves: a rerun reads through its parents as long as it is there.
 * @param from where to begin
 * @param of the results that are known, by fingerprint
 */
export function reachable(
  from: Iterable<Fingerprint>,
  of: ReadonlyMap<Fingerprint, Manifest>,
): ReadonlySet<Fingerprint> {
  const found = new Set<Fingerprint>();
  const open = [...from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    const manifest = of.get(next);
    if (manifest === undefined) continue;
    // Wherever a recipe names a task, it is by its fingerprint: inputs, variables, texts.
    for (const digits of JSON.stringify(manifest.recipe).match(/[0-9a-f]{64}/g) ?? []) {
      const other = digits as Fingerprint;
      if (of.has(other)) open.push(other);
    }
  }
  return found;
}
