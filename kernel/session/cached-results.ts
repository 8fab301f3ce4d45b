import {join} from 'node:path';
import type {Manifest} from '../graph/manifest.js';
import type {History} from '../store/history.js';
import {Pins} from '../store/pins.js';
import type {CachedResult} from './cache-port.js';

/** The results of a store as its history has them, the newest first. */
export async function listedResults(store: string, history: History): Promise<readonly CachedResult[]> {
  const results = await history.results();
  const pinned = new Pins(join(store, 'pins')).all();
  return results.map(result => ({...result, pinned: pinned.has(result.fingerprint)}));
}

/** Results in the order of lists. */
export const newestFirst = (results: readonly CachedResult[]): readonly CachedResult[] =>
  [...results].sort((a, b) =>
    a.endedAt === b.endedAt ? (a.fingerprint < b.fingerprint ? -1 : 1) : a.endedAt < b.endedAt ? 1 : -1,
  );

/** A result as lists show it. */
export const resultOf = (manifest: Manifest, pinned: boolean): CachedResult => ({
  fingerprint: manifest.fingerprint,
  label: manifest.label,
  endedAt: manifest.endedAt,
  took: Date.parse(manifest.endedAt) - Date.parse(manifest.startedAt),
  files: manifest.outputs.length,
  bytes: manifest.outputs.reduce((sum, {size}) => sum + size, 0),
  ...(manifest.directory === undefined ? {} : {directory: manifest.directory}),
  edition: manifest.edition,
  pinned,
});
