import {readdir} from 'node:fs/promises';
import {join} from 'node:path';
import {Slice} from '../fingerprint/slice.js';
import type {Manifest} from '../graph/manifest.js';
import {readManifest} from './manifest-file.js';

/** The results that lie in directories of results, by their manifests: what journals that were lost had said. */
export async function* manifestsIn(directories: Iterable<string>): AsyncGenerator<Manifest> {
  const slice = new Slice();
  for (const directory of directories) {
    for (const name of await readdir(directory).catch(() => [])) {
      if (slice.over) await slice.rest();
      if (name.startsWith('.')) continue;
      const read = await readManifest(join(directory, name));
      if (read.ok) yield read.value;
    }
  }
}
