import {randomUUID} from 'node:crypto';
import {existsSync} from 'node:fs';
import {mkdir, readFile, rename, rm} from 'node:fs/promises';
import {dirname, join, resolve} from 'node:path';
import type {Fingerprint} from '../../fingerprint/fingerprint.js';
import type {Manifest} from '../../graph/manifest.js';
import {fingerprintOfRecipe} from '../../graph/recipe.js';
import {fail, ok, type Result} from '../../graph/result.js';
import {parseManifest} from '../manifest-schema.js';
import {writeProblem} from '../problem.js';
import {checkResult} from '../verify.js';
import {HEADER, TRAILER, readArchiveHeader, type ArchiveHeader, type ArchivePlace} from './archive-header.js';
import {tar} from './tar.js';

/** A checkpoint of an archive, whole and as it was recorded. */
export interface Unpacked {
  /** Its directory is where its files are now. */
  readonly manifest: Manifest;
  readonly place: ArchivePlace;
}

/** What is in an archive. `staging` is to be removed by whoever asked for it. */
export interface UnpackedArchive {
  readonly header: ArchiveHeader;
  readonly checkpoints: readonly Unpacked[];
  readonly staging: string;
}

/** Names that an archive may have. */
const MEMBER = new RegExp(`^(?:${HEADER}|${TRAILER}|[0-9a-f]{64}/(?:result\\.json|(?:files|copies)/.+))$`);

/**
 * Unpacks an archive beside the results of a store, and compares all of it with what its manifests say, byte for byte. One that was cut
 * off, or changed, is refused whole. The error is a sentence.
 * @param scratch a directory of the store
 */
export async function unpackArchive(file: string, scratch: string): Promise<Result<UnpackedArchive, string>> {
  const path = resolve(file);
  const staging = join(scratch, `.import-${randomUUID()}`);
  const refuse = async (why: string): Promise<Result<UnpackedArchive, string>> => {
    await rm(staging, {recursive: true, force: true}).catch(() => undefined);
    return fail(`${path} can't be used, and nothing of it was taken: ${why}`);
  };
  try {
    if (!existsSync(path)) return await refuse('there is no such file');
    await mkdir(staging, {recursive: true});
    const listed = await tar(['-tf', path, '--quoting-style=literal'], staging);
    if (!listed.ok) return await refuse(listed.error);
    const strange = listed.value.split('\n').find(name => !MEMBER.test(name) || name.split('/').includes('..'));
    // A name with a new line in it is seen as two.
    if (strange !== undefined && !/^[^/]*$/.test(strange)) return await refuse(`it has a member ${strange}`);
    const unpacked = await tar(['-xf', path, '--no-same-owner', '-C', staging], staging);
    if (!unpacked.ok) return await refuse(unpacked.error);
    const text = await readFile(join(staging, HEADER), 'utf8').catch(() => undefined);
    if (text === undefined) return await refuse('it is no archive of checkpoints');
    const header = readArchiveHeader(text);
    if (!header.ok) return await refuse(header.error);
    const end = await readFile(join(staging, TRAILER), 'utf8').catch(() => '');
    if (end !== `${TRAILER}\n`) return await refuse('it was cut off');
    const checkpoints: Unpacked[] = [];
    for (const {fingerprint, place} of header.value.checkpoints) {
      const read = await readCheckpoint(join(staging, fingerprint), fingerprint, place);
      if (!read.ok) return await refuse(`${fingerprint.slice(0, 12)}: ${read.error}`);
      checkpoints.push({manifest: read.value, place});
    }
    return ok({header: header.value, checkpoints, staging});
  } catch (error) {
    return refuse(writeProblem(staging, error).message);
  }
}

async function readCheckpoint(
  directory: string,
  fingerprint: Fingerprint,
  place: ArchivePlace,
): Promise<Result<Manifest, string>> {
  const text = await readFile(join(directory, 'result.json'), 'utf8').catch(() => undefined);
  if (text === undefined) return fail('it is missing: the archive was cut off');
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return fail('its manifest is no JSON');
  }
  const parsed = parseManifest(data);
  if (!parsed.ok) return fail(`its manifest can't be used: ${parsed.error}`);
  const manifest = parsed.value;
  if (manifest.fingerprint !== fingerprint || fingerprintOfRecipe(manifest.recipe) !== fingerprint)
    return fail('its manifest is that of another task');
  const {directory: _, ...rest} = manifest;
  if (place.is === 'journal')
    return manifest.outputs.length === 0 ? ok(rest) : fail('it has files, and no place for them');
  if (!place.name.endsWith(`-${fingerprint.slice(0, 12)}`)) return fail(`its place ${place.name} is another task's`);
  const files = join(directory, 'files');
  await mkdir(files, {recursive: true});
  for (const {path} of manifest.outputs) {
    const copy = join(directory, 'copies', path);
    if (!existsSync(copy)) continue;
    await mkdir(dirname(join(files, path)), {recursive: true});
    await rename(copy, join(files, path));
  }
  const whole = await checkResult({...manifest, directory: files}, 'content');
  return whole.ok ? ok({...manifest, directory: files}) : fail(whole.error.message);
}
