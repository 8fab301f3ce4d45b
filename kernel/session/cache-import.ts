import {existsSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {stampOf} from '../machine/process-life.js';
import {architectureOf} from '../run/containers/images.js';
import type {ArchiveHeader, ArchivePlace} from '../store/archive/archive-header.js';
import {unpackArchive, type Unpacked} from '../store/archive/unpack.js';
import {Claims} from '../store/claim.js';
import {editionOf, sameBytes} from '../store/edition.js';
import {readManifest} from '../store/manifest-file.js';
import {publish} from '../store/publish.js';
import type {Store} from '../store/store.js';
import {linkResult} from '../store/take-over.js';
import {checkResult} from '../store/verify.js';
import {imageOf, pinsIn} from './cache-export.js';
import type {Imported, Unusable} from './cache-port.js';
import {needsFirst, readHere} from './import-read.js';
import {newAttemptId} from './attempt-id.js';

/** How checkpoints are imported. */
export interface ImportOptions {
  /** The root repository that reruns are put into; absent: the one that they come from, if it is here. */
  readonly root?: string;
  /** The root that takes its place where it is not here. */
  readonly repo?: string;
  /** Only says what would be done. */
  readonly dry?: boolean;
}

/**
 * Takes the checkpoints of an archive into a store, each as a kernel publishes a result: claimed, in an attempt, by one rename. Nothing that
 * is there is replaced. What can't be used here is left out, and said.
 */
export async function importResults(
  store: Store,
  file: string,
  options: ImportOptions,
): Promise<Result<Imported, string>> {
  const scratch = join(store.directory, 'scratch');
  const opened = await unpackArchive(file, scratch);
  if (!opened.ok) return opened;
  const {header, checkpoints, staging} = opened.value;
  const left: Unusable[] = [];
  const labels: string[] = [];
  const claims: (() => void)[] = [];
  let there = 0;
  try {
    await store.refresh();
    const theirs = new Map(checkpoints.map(({manifest}) => [manifest.fingerprint, manifest]));
    for (const checkpoint of needsFirst(checkpoints)) {
      const {manifest, place} = checkpoint;
      const {fingerprint, label} = manifest;
      const final = finalOf(store, manifest, place, options);
      const why = final.ok ? wrongImage(manifest, header, store.notebooks) : final.error;
      if (why !== undefined || !final.ok) left.push({fingerprint, label, why: why ?? ''});
      else if (await isThere(store, manifest, final.value)) there += 1;
      else {
        const read = readHere(store, manifest, theirs);
        const mine = read.ok ? {...checkpoint, manifest: {...manifest, read: read.value}} : undefined;
        const taken = mine === undefined || options.dry === true ? read : await take(store, mine, final.value, claims);
        if (taken.ok) labels.push(label);
        else left.push({fingerprint, label, why: taken.error});
      }
    }
    const flushed = await store.flush();
    return flushed.ok ? ok({labels, there, left}) : fail(flushed.error.message);
  } finally {
    for (const release of claims) release();
    await rm(staging, {recursive: true, force: true}).catch(() => undefined);
  }
}

/** Where a result is to lie; undefined for a value. The error says why there is no place for it. */
function finalOf(
  store: Store,
  {fingerprint}: Manifest,
  place: ArchivePlace,
  {root, repo}: ImportOptions,
): Result<string | undefined, string> {
  if (place.is === 'journal') return ok(undefined);
  if (place.is === 'store') return ok(store.workDirectory(place.name.slice(0, -13), fingerprint));
  const candidates = root === undefined ? [place.root, ...(repo === undefined ? [] : [repo])] : [root];
  const here = candidates.find(one => ['_mapper', 'repositoryCfg.yaml'].some(name => existsSync(join(one, name))));
  if (here !== undefined) return ok(join(here, 'rerun', 'weft', place.name));
  const hint = root === undefined ? ': `--root DIR` names the one that takes its place' : '';
  return fail(`its root repository ${root ?? place.root} is not here${hint}`);
}

/** Why the image of a checkpoint is none of this notebook; undefined where nothing speaks against it. */
function wrongImage(manifest: Manifest, {images}: ArchiveHeader, directory: string): string | undefined {
  const identity = imageOf(manifest);
  if (identity === undefined) return undefined;
  const pins = pinsIn(directory);
  if (pins.some(pin => canonicalJson({...pin.identity}) === identity)) return undefined;
  for (const image of images.filter(one => one.identity === identity)) {
    const pin = pins.find(({text, architecture}) => text === image.text && architecture === image.architecture);
    if (pin !== undefined)
      return `it was made in ${image.text} as ${short(identity)}, which weft.lock here pins to ${short(canonicalJson({...pin.identity}))}`;
    const own = architectureOf(process.arch);
    if (image.architecture !== own)
      return `it was made in ${image.text} for ${image.architecture}, and this machine is ${own}`;
  }
  return undefined;
}

const short = (identity: string): string => identity.replace(/[0-9a-f]{52}(?=")/g, '…').replace(/["{}]/g, '');

async function isThere(store: Store, {fingerprint}: Manifest, final: string | undefined): Promise<boolean> {
  const known = store.lookup(fingerprint);
  if (known !== undefined && (await checkResult(known, 'mtime')).ok) return true;
  if (final === undefined) return false;
  const found = await readManifest(final);
  if (!found.ok || found.value.fingerprint !== fingerprint || !(await checkResult(found.value, 'mtime')).ok)
    return false;
  store.recordResult(found.value);
  return true;
}

async function take(
  store: Store,
  {manifest}: Unpacked,
  final: string | undefined,
  held: (() => void)[],
): Promise<Result<undefined, string>> {
  const {fingerprint} = manifest;
  const attempts = final === undefined ? join(store.directory, 'scratch') : dirname(final);
  const attempt = newAttemptId();
  const stem = final === undefined ? fingerprint.slice(0, 12) : final.slice(attempts.length + 1);
  const directory = join(attempts, `.${stem}.${attempt}`);
  const inReruns = final !== undefined && !final.startsWith(join(store.directory, 'work'));
  const places = inReruns ? new Claims(join(attempts, '.claims')) : store.claims;
  const kernel = stampOf() ?? {pid: process.pid, startTime: '', host: '', bootId: ''};
  const claimed = places.claim(fingerprint, {attempt, directory, kernel, at: new Date().toISOString()});
  if (!claimed.ok) return fail(claimed.error.message);
  const {is, claim} = claimed.value;
  if (is === 'theirs') return fail('another kernel has claimed it, and may be making it');
  // It goes when others can read what was recorded.
  held.push(() => places.release(claim));
  try {
    // Somebody may have made it since it was looked for.
    if (await isThere(store, manifest, final)) return ok(undefined);
    return await place(store, manifest, final, directory);
  } finally {
    await rm(directory, {recursive: true, force: true}).catch(() => undefined);
  }
}

async function place(
  store: Store,
  manifest: Manifest,
  final: string | undefined,
  attempt: string,
): Promise<Result<undefined, string>> {
  const {edition: theirs, directory: from, outputs, version: _, ...known} = manifest;
  // Readers that came with it know its edition; those that were made here know the one that was here.
  const local = store.previous(manifest.fingerprint);
  const before =
    local === undefined || sameBytes(local, manifest) ? {...manifest, edition: local?.edition ?? theirs} : local;
  if (final === undefined || from === undefined) {
    store.recordResult({...manifest, edition: editionOf(manifest, outputs, before, true)});
    return ok(undefined);
  }
  const linked = await linkResult({outputs, directory: from}, attempt);
  if (!linked.ok) return fail(linked.error.message);
  const published = await publish({
    attempt,
    final,
    manifest: known,
    outputs: outputs.map(({path}) => path),
    previous: before,
    force: before === local,
  });
  if (!published.ok) return fail(published.error.message);
  store.recordResult(published.value.manifest);
  return ok(undefined);
}
