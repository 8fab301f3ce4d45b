import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Task} from '../graph/work.js';
import {readManifest} from '../store/manifest-file.js';
import type {Store} from '../store/store.js';
import {checkResult, type Verify} from '../store/verify.js';
import type {Refused} from '../run/checkpoints.js';
import type {CachePort} from './cache-port.js';
import {StoredCheckpoints} from './stored-checkpoints.js';
import type {ClaimPorts} from './task-claims.js';

/** Looks at a result and changes nothing: what is no hit stays where it is, and no journal tells of it. */
export async function lookAtResult(manifest: Manifest, how: Verify): Promise<Result<Manifest, string>> {
  const checked = await checkResult(manifest, how);
  if (checked.ok) return ok(checked.value.manifest);
  const {directory, fingerprint, edition} = manifest;
  const read = directory === undefined ? undefined : await readManifest(directory);
  if (read?.ok !== true || read.value.fingerprint !== fingerprint || read.value.edition === edition)
    return fail(checked.error.message);
  // Another kernel has made it anew.
  const found = await checkResult({...read.value, ...(directory === undefined ? {} : {directory})}, how);
  return found.ok ? ok(found.value.manifest) : fail(checked.error.message);
}

/** A cache of which nothing goes, and into which nothing comes: what a notebook would clean up in a mere plan stays. */
export const unremoving = (cache: CachePort): CachePort => ({
  list: () => cache.list(),
  verify: (how, signal) => cache.verify(how, signal),
  pin: () => ok([]),
  plan: keep => cache.plan(keep),
  remove: () => Promise.resolve({results: 0, leftovers: 0}),
  rebuild: () => Promise.resolve(0),
  export: () => Promise.resolve(ok({results: 0, left: []})),
  import: (file, options) => cache.import(file, {...options, dry: true}),
});

/** The checkpoints of a mere plan: results are looked for, and everything is left as it is. */
export class PlannedCheckpoints extends StoredCheckpoints {
  readonly #how: () => Verify;

  constructor(store: Store, verify: () => Verify, ports?: ClaimPorts) {
    super(store, verify, ports, false);
    this.#how = verify;
  }

  override async check(manifest: Manifest): Promise<Result<Manifest, Refused>> {
    const looked = await lookAtResult(manifest, this.#how());
    return looked.ok ? looked : fail({message: looked.error});
  }

  override async find({work: {directory}, fingerprint}: Task): Promise<Manifest | undefined> {
    const read = directory === undefined ? undefined : await readManifest(directory);
    return read?.ok === true && read.value.fingerprint === fingerprint
      ? {...read.value, directory: directory ?? ''}
      : undefined;
  }
}
