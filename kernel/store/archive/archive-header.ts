import * as v from 'valibot';
import {readFingerprint, type Fingerprint} from '../../fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../../graph/result.js';

/** The version of an archive's form. A newer one gets a new number and a golden file of its own. */
export const ARCHIVE_VERSION = 1;

/** The name of the header in an archive, whose first member it is. */
export const HEADER = 'weft-checkpoints.json';

/** The name of the last member: without it, and its text, an archive was cut off. */
export const TRAILER = 'weft-end';

/** Where a result lay: what its place on another machine is made of. */
export type ArchivePlace =
  /** It is a value. */
  | {readonly is: 'journal'}
  /** `work/<aa>/NAME` of a store. */
  | {readonly is: 'store'; readonly name: string}
  /** `ROOT/rerun/weft/NAME`. */
  | {readonly is: 'rerun'; readonly root: string; readonly name: string};

/** An image that checkpoints were made in, as it was pinned where they were made. */
export interface ArchiveImage {
  /** The identity that recipes have, as canonical JSON. */
  readonly identity: string;
  /** The name that was typed. */
  readonly text: string;
  readonly architecture: string;
}

/** The first member of an archive: all that is in it, so that one that was cut off is known. */
export interface ArchiveHeader {
  readonly version: typeof ARCHIVE_VERSION;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly host: string;
  readonly checkpoints: readonly {readonly fingerprint: Fingerprint; readonly place: ArchivePlace}[];
  readonly images: readonly ArchiveImage[];
}

const name = v.pipe(v.string(), v.regex(/^[^/\0]+-[0-9a-f]{12}$/));

const schema = v.object({
  version: v.literal(ARCHIVE_VERSION),
  at: v.string(),
  host: v.string(),
  checkpoints: v.array(
    v.object({
      fingerprint: v.custom<Fingerprint>(
        value => typeof value === 'string' && readFingerprint(value) !== undefined,
        'is no fingerprint',
      ),
      place: v.variant('is', [
        v.object({is: v.literal('journal')}),
        v.object({is: v.literal('store'), name}),
        v.object({is: v.literal('rerun'), root: v.string(), name}),
      ]),
    }),
  ),
  images: v.array(v.object({identity: v.string(), text: v.string(), architecture: v.string()})),
});

/** Reads a header. The error is a phrase. */
export function readArchiveHeader(text: string): Result<ArchiveHeader, string> {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return fail('its header is no JSON');
  }
  const version = typeof data === 'object' && data !== null && 'version' in data ? data.version : undefined;
  if (typeof version === 'number' && version > ARCHIVE_VERSION)
    return fail(`a newer Weft wrote it: its form is ${version}, this Weft reads ${ARCHIVE_VERSION}`);
  const parsed = v.safeParse(schema, data, {abortEarly: true});
  return parsed.success ? ok(parsed.output) : fail('its header is not what Weft writes');
}
