import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Unpacked} from '../store/archive/unpack.js';
import {sameBytes} from '../store/edition.js';
import type {Store} from '../store/store.js';

/** The checkpoints of an archive, each behind what it has read of them. */
export function needsFirst(checkpoints: readonly Unpacked[]): readonly Unpacked[] {
  const all = new Map(checkpoints.map(checkpoint => [checkpoint.manifest.fingerprint, checkpoint]));
  const sorted = new Set<Unpacked>();
  const open = [...checkpoints].reverse();
  const begun = new Set<Unpacked>();
  for (let next = open.at(-1); next !== undefined; next = open.at(-1)) {
    const needs = Object.keys(next.manifest.read).flatMap(need => all.get(need as Fingerprint) ?? []);
    const missing = begun.has(next) ? [] : needs.filter(need => !begun.has(need));
    begun.add(next);
    open.push(...missing);
    if (missing.length === 0) {
      open.pop();
      sorted.add(next);
    }
  }
  return [...sorted];
}

/**
 * The editions that a checkpoint of an archive has read, as they are counted here: each place begins at 1. The error says why it is none of
 * this store: it was made of other bytes than lie here.
 * @param theirs what else is in the archive
 */
export function readHere(
  store: Store,
  {read, label}: Manifest,
  theirs: ReadonlyMap<Fingerprint, Manifest>,
): Result<Manifest['read'], string> {
  const here: Record<Fingerprint, number> = {};
  for (const [need, edition] of Object.entries(read) as [Fingerprint, number][]) {
    const [their, own] = [theirs.get(need), store.lookup(need)];
    if (their !== undefined && their.edition !== edition)
      return fail(`${their.label} was made again since ${label} has read it`);
    if (their !== undefined && own !== undefined && !sameBytes(own, their))
      return fail(`it was made from another result of ${own.label} than the one here: its cell makes it from that`);
    // Of what did not come with it nothing better is known.
    here[need] = (their === undefined ? undefined : own?.edition) ?? edition;
  }
  return ok(here);
}
