import {mkdirSync, readFileSync, renameSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest} from '../kernel/fingerprint/fingerprint.js';

/** Rises when a record means something else. */
const VERSION = 1;

/** What a set-up was found to make in a container. */
export interface ProbeRecord {
  readonly environment: Readonly<Record<string, string>>;
  /** What `eups list -s` printed. */
  readonly products: string;
  /** Paths of executables of Python's form on the PATH, in its order. */
  readonly programs: readonly string[];
}

const pathOf = (store: string, key: Digest): string => join(store, 'probes', `${key}.json`);

/** The record of a probe that an earlier kernel has made; undefined where there is none that can be read. */
export function readProbe(store: string, key: Digest): ProbeRecord | undefined {
  try {
    const read = JSON.parse(readFileSync(pathOf(store, key), 'utf8')) as unknown;
    return isRecord(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

const isTexts = (values: readonly unknown[]): boolean => values.every(value => typeof value === 'string');

function isRecord(value: unknown): value is ProbeRecord {
  if (typeof value !== 'object' || value === null) return false;
  const {version, environment, products, programs} = value as Readonly<Record<string, unknown>>;
  return (
    version === VERSION &&
    typeof environment === 'object' &&
    environment !== null &&
    isTexts(Object.values(environment)) &&
    typeof products === 'string' &&
    Array.isArray(programs) &&
    isTexts(programs)
  );
}

/** Keeps a record for the next kernel. A store that takes nothing more costs only that it is probed again. */
export function writeProbe(store: string, key: Digest, record: ProbeRecord): void {
  const path = pathOf(store, key);
  try {
    mkdirSync(join(store, 'probes'), {recursive: true});
    // Others may write it at this moment. A set-up may hold what is not for everybody's eyes.
    writeFileSync(`${path}.${process.pid}`, `${JSON.stringify({version: VERSION, ...record})}\n`, {mode: 0o600});
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    return;
  }
}
