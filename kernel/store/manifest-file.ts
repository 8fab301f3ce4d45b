import {renameSync, rmSync, writeFileSync} from 'node:fs';
import {open, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {codeOf, fileProblem} from '../fingerprint/file-problem.js';
import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Manifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {parseManifest} from './manifest-schema.js';
import {writeProblem, type StoreProblem} from './problem.js';

/** The manifest's name in the directory of its result. */
export const MANIFEST = '.weft.json';

/** Why no manifest was read. */
export interface ManifestProblem {
  /** `missing`: there is none. `broken`: it is not what Weft writes. `version`: a newer Weft wrote it. */
  readonly is: 'missing' | 'broken' | 'version';
  readonly message: string;
}

/** A manifest as text: canonical JSON, but with a line of its own for each output, so that bash can read it line by line. */
export function manifestText(manifest: Manifest): string {
  const {outputs, ...rest} = manifest;
  const members = new Map(
    Object.entries(rest as unknown as JsonObject).map(([name, value]) => [name, canonicalJson(value)] as const),
  );
  const lines = outputs.map(output => canonicalJson(output as unknown as JsonValue));
  members.set('outputs', lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n]`);
  const names = [...members.keys()].sort();
  return `{${names.map(name => `"${name}":${members.get(name) ?? 'null'}`).join(',')}}\n`;
}

/**
 * Bytes of a manifest that is one block: a crash of the machine leaves it whole, or nothing of it, which is no manifest. What is known of a
 * result within 50 ms is the line of the journal; to wait for each manifest, too, would be the largest part of what a short task costs.
 */
const BLOCK = 4096;

/**
 * Writes the manifest into a directory, whole or not at all.
 * @param sync false leaves it to the system when it reaches the disk; that of one of a block is always left to it
 */
export async function writeManifest(
  directory: string,
  manifest: Manifest,
  sync = true,
): Promise<Result<undefined, StoreProblem>> {
  const path = join(directory, MANIFEST);
  const temporary = `${path}.tmp`;
  try {
    const text = manifestText(manifest);
    if (Buffer.byteLength(text) <= BLOCK) {
      writeSmall(path, temporary, text);
      return ok(undefined);
    }
    const file = await open(temporary, 'w');
    try {
      await file.writeFile(text);
      if (sync) await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    return ok(undefined);
  } catch (error) {
    await rm(temporary, {force: true}).catch(() => undefined);
    return fail(writeProblem(path, error));
  }
}

/** Where there is none, a half of it is no manifest either; one that is there stays until the new one is whole. */
function writeSmall(path: string, temporary: string, text: string): void {
  try {
    writeFileSync(path, text, {flag: 'wx'});
    return;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') {
      rmSync(path, {force: true});
      throw error;
    }
  }
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** Reads the manifest of a result. Its `directory` is the one that it was found in, wherever that was moved to. */
export async function readManifest(directory: string): Promise<Result<Manifest, ManifestProblem>> {
  const path = join(directory, MANIFEST);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    const is = code === 'ENOENT' || code === 'ENOTDIR' ? 'missing' : 'broken';
    return fail({is, message: fileProblem(path, error).message});
  }
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    return fail({is: 'broken', message: `${path} is no JSON: it was cut or changed`});
  }
  const parsed = parseManifest(data);
  if (parsed.ok) return ok({...parsed.value, directory});
  const is = parsed.error.startsWith('it has version') ? 'version' : 'broken';
  return fail({is, message: `${path} cannot be used: ${parsed.error}`});
}
