import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../fingerprint/fingerprint.js';
import type {JsonObject} from '../fingerprint/json.js';

/** Rises when a record means something else. */
const VERSION = 1;

const pathOf = (store: string, identity: Digest): string => join(store, 'setups', `${identity}.json`);

/**
 * Keeps what the identity of a set-up stands for, so that two of them can be compared by people: recipes have the identity only. What can't
 * be kept costs only that.
 */
export function writeSetup(store: string, identity: Digest, contents: JsonObject): void {
  const path = pathOf(store, identity);
  if (readSetup(store, identity) !== undefined) return;
  try {
    mkdirSync(join(store, 'setups'), {recursive: true});
    // Others may write it at this moment. A set-up may hold what is not for everybody's eyes.
    writeFileSync(`${path}.${process.pid}`, `${JSON.stringify({version: VERSION, contents})}\n`, {mode: 0o600});
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    return;
  }
}

/** What an identity stands for; undefined where nobody has kept it here, or it can't be read. */
export function readSetup(store: string, identity: string): JsonObject | undefined {
  if (!/^[0-9a-f]{64}$/.test(identity)) return undefined;
  try {
    const read = JSON.parse(readFileSync(pathOf(store, identity as Digest), 'utf8')) as unknown;
    if (typeof read !== 'object' || read === null) return undefined;
    const {version, contents} = read as Readonly<Record<string, unknown>>;
    return version === VERSION && typeof contents === 'object' && contents !== null
      ? (contents as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
