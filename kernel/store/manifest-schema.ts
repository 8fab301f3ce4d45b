import * as v from 'valibot';
import {readDigest, readFingerprint, type Digest, type Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import {isObject} from './record.js';
import type {Manifest} from '../graph/manifest.js';
import type {Recipe} from '../graph/recipe.js';
import {fail, ok, type Result} from '../graph/result.js';

/** The only version that there is. A newer form gets a new number and a golden file of its own. */
export const MANIFEST_VERSION = 1;

const isFingerprint = (value: unknown): boolean => typeof value === 'string' && readFingerprint(value) !== undefined;
const isDigest = (value: unknown): boolean => typeof value === 'string' && readDigest(value) !== undefined;

const fingerprint = v.custom<Fingerprint>(isFingerprint, 'is no fingerprint');
const digest = v.custom<Digest>(isDigest, 'is no sha256');

/** A name that stays in the directory. */
const relative = v.pipe(
  v.string(),
  v.check(
    path => path !== '' && !path.startsWith('/') && !path.split('/').includes('..'),
    'leads out of the directory',
  ),
);

const output = v.object({
  path: relative,
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  mtimeNs: v.pipe(v.string(), v.regex(/^-?\d+$/, 'is no number of nanoseconds')),
  sha256: digest,
});

/** A recipe is data for `%why`: it is taken as it is, as dropping a field that is not known would change its hash. */
const isRecipe = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['kind'] === 'string' &&
  typeof value['name'] === 'string' &&
  isObject(value['arguments']) &&
  isObject(value['variables']) &&
  Array.isArray(value['inputs']);

const schema = v.object({
  version: v.literal(MANIFEST_VERSION),
  fingerprint,
  recipe: v.custom<Recipe>(isRecipe, 'is no recipe'),
  label: v.string(),
  edition: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  read: v.custom<Manifest['read']>(
    value =>
      isObject(value) &&
      Object.entries(value).every(([key, edition]) => isFingerprint(key) && Number.isSafeInteger(edition)),
    'is no list of editions',
  ),
  directory: v.exactOptional(v.string()),
  outputs: v.array(output),
  value: v.exactOptional(v.custom<JsonValue>(value => value !== undefined)),
  log: v.exactOptional(v.string()),
  exit: v.number(),
  startedAt: v.string(),
  endedAt: v.string(),
  host: v.string(),
  adopted: v.exactOptional(v.string()),
  adoptedFrom: v.exactOptional(fingerprint),
});

/** Takes what was parsed from a manifest's JSON, from a file or a journal. The error is a sentence for a person. */
export function parseManifest(data: unknown): Result<Manifest, string> {
  if (!isObject(data)) return fail('it is no manifest');
  const {version} = data;
  if (typeof version === 'number' && version !== MANIFEST_VERSION) {
    return fail(`it has version ${version} of the manifest's form; this Weft reads version ${MANIFEST_VERSION}`);
  }
  const parsed = v.safeParse(schema, data, {abortEarly: true});
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  return fail(`its field ${v.getDotPath(issue) ?? 'version'} is wrong: ${issue.message}`);
}
