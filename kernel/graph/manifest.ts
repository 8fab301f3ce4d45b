import type {Digest, Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Recipe} from './recipe.js';

/** A file of a result: its name relative to the result's directory, and the stamps a hit is checked against. */
export interface OutputFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Nanoseconds since the epoch, as decimal text: more than a double can hold. */
  readonly mtimeNs: string;
  readonly sha256: Digest;
}

/** The proof that a task succeeded: `.weft.json` of its directory, and its line in the journal. Immutable. */
export interface Manifest {
  /** Version of this record's form. */
  readonly version: 1;
  readonly fingerprint: Fingerprint;
  /** The data behind the hash, for `%why`. */
  readonly recipe: Recipe;
  /** `processCcd visit=903334 ccd=16`: for people only. */
  readonly label: string;
  /** 1, raised by a `%force` whose bytes differ (LANGUAGE 17). */
  readonly edition: number;
  /** The editions of the results that it read, by fingerprint. */
  readonly read: Readonly<Record<Fingerprint, number>>;
  /** Where the result lies; absent for a value without files. */
  readonly directory?: string;
  /** Sorted by path. */
  readonly outputs: readonly OutputFile[];
  /** Of a value future. `null` is a value; absent means that it has none. */
  readonly value?: JsonValue;
  /** The log's text where it has no file of its own: at most 4 kB, the end of it. */
  readonly log?: string;
  readonly exit: number;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly host: string;
  /** Who accepted it, for a result that `%adopt` took over; absent for one that was run. */
  readonly adopted?: string;
  /** The task whose result that was, with what it ran and where. */
  readonly adoptedFrom?: Fingerprint;
}

/** A record of which nothing is known: for a value that no task has made, or where the record is gone. Kept in no journal. */
export function noManifest(fingerprint: Fingerprint, at = 0): Manifest {
  const time = new Date(at).toISOString();
  return {
    version: 1,
    fingerprint,
    recipe: {kind: 'map', name: 'map', arguments: {}, variables: {}, inputs: []},
    label: '',
    edition: 1,
    read: {},
    outputs: [],
    exit: 0,
    startedAt: time,
    endedAt: time,
    host: '',
  };
}

/** The record of a value that was made in the user's process: by code, at milliseconds since the epoch. */
export const valueManifest = (label: string, value: JsonValue, at: number): Manifest => ({
  ...noManifest('' as Fingerprint, at),
  label,
  value,
});
