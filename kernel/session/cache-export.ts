import {hostname} from 'node:os';
import {basename, dirname, join, sep} from 'node:path';
import {canonicalJson, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {LockFile, type Pin} from '../run/containers/lock-file.js';
import {ARCHIVE_VERSION, type ArchiveHeader, type ArchivePlace} from '../store/archive/archive-header.js';
import {packArchive} from '../store/archive/pack.js';
import {reachable} from '../store/reachable.js';
import type {Store} from '../store/store.js';
import {checkResult} from '../store/verify.js';
import type {Exported, Unusable} from './cache-port.js';

/**
 * Writes results, and what they were made from, into one file. What can't be carried, or is not as it was recorded, is left out and said.
 * @param from the results that are wanted
 * @param manifests all that the store knows
 */
export async function exportResults(
  store: Store,
  file: string,
  from: Iterable<Fingerprint>,
  manifests: ReadonlyMap<Fingerprint, Manifest>,
): Promise<Result<Exported, string>> {
  const left: Unusable[] = [];
  const taken: {readonly manifest: Manifest; readonly place: ArchivePlace}[] = [];
  for (const fingerprint of [...reachable(from, manifests)].sort()) {
    const manifest = manifests.get(fingerprint);
    if (manifest === undefined) continue;
    const {label} = manifest;
    const place = placeOf(manifest, store.directory);
    const good = place === undefined ? undefined : await checkResult(manifest, 'mtime');
    if (place === undefined) left.push({fingerprint, label, why: `it belongs to ${manifest.directory ?? ''} alone`});
    else if (good?.ok === true) taken.push({manifest: good.value.manifest, place});
    else if (good !== undefined) left.push({fingerprint, label, why: good.error.message});
  }
  if (taken.length === 0) return fail('there is no result to be exported');
  const header: ArchiveHeader = {
    version: ARCHIVE_VERSION,
    at: new Date().toISOString(),
    host: hostname(),
    checkpoints: taken.map(({manifest: {fingerprint}, place}) => ({fingerprint, place})),
    images: imagesOf(taken, store.notebooks),
  };
  const written = await packArchive(
    file,
    header,
    taken.map(({manifest}) => manifest),
    join(store.directory, 'scratch'),
  );
  return written.ok ? ok({results: taken.length, left}) : written;
}

/** Where a result lies, in words that mean something elsewhere; undefined for what changes a root, and is nothing without it. */
function placeOf({directory}: Manifest, store: string): ArchivePlace | undefined {
  if (directory === undefined) return {is: 'journal'};
  const name = basename(directory);
  if (directory.startsWith(join(store, 'work') + sep)) return {is: 'store', name};
  const reruns = join(sep, 'rerun', 'weft');
  if (!dirname(directory).endsWith(reruns)) return undefined;
  return {is: 'rerun', root: dirname(directory).slice(0, -reruns.length), name};
}

/** The identity of the image that a result was made in, as canonical JSON; undefined for one of the host. */
export function imageOf({recipe}: Manifest): string | undefined {
  const image = recipe.code?.['image'];
  return image === undefined ? undefined : canonicalJson(image);
}

/** The pins of a notebook's directory; none where its lock can't be read. */
export function pinsIn(directory: string): readonly Pin[] {
  const pins = new LockFile(directory).read();
  return pins.ok ? pins.value : [];
}

function imagesOf(taken: readonly {readonly manifest: Manifest}[], directory: string): ArchiveHeader['images'] {
  const used = new Set(taken.map(({manifest}) => imageOf(manifest)));
  return pinsIn(directory).flatMap(({text, architecture, identity}) => {
    const key = canonicalJson({...identity});
    return used.has(key) ? [{identity: key, text, architecture}] : [];
  });
}
