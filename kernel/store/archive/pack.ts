import {randomUUID} from 'node:crypto';
import {constants} from 'node:fs';
import {copyFile, link, lstat, mkdir, open, rm, stat, symlink, writeFile} from 'node:fs/promises';
import {basename, dirname, join, resolve} from 'node:path';
import {codeOf} from '../../fingerprint/file-problem.js';
import type {Manifest} from '../../graph/manifest.js';
import {fail, ok, type Result} from '../../graph/result.js';
import {manifestText} from '../manifest-file.js';
import {writeProblem} from '../problem.js';
import {HEADER, TRAILER, type ArchiveHeader} from './archive-header.js';
import {tar} from './tar.js';

/**
 * Writes results into one file, a tar archive: the header, and for each its manifest, its files and its log. The file has its name once
 * it is whole; what is there is not overwritten.
 * @param manifests in the order of the header; each with the directory that it lies in
 * @param scratch a directory of the store, for what is only needed meanwhile
 */
export async function packArchive(
  file: string,
  header: ArchiveHeader,
  manifests: readonly Manifest[],
  scratch: string,
): Promise<Result<undefined, string>> {
  const path = resolve(file);
  let staging = join(scratch, `.export-${randomUUID()}`);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    try {
      await mkdir(staging, {recursive: true});
    } catch {
      // The store is somebody else's, to be read only.
      staging = `${temporary}.d`;
      await mkdir(staging);
    }
    const names = [HEADER];
    await writeFile(join(staging, HEADER), `${JSON.stringify(header)}\n`);
    for (const manifest of manifests) names.push(...(await stage(staging, manifest)));
    names.push(TRAILER);
    await writeFile(join(staging, TRAILER), `${TRAILER}\n`);
    const words = ['-cf', temporary, '-C', staging, '--null', '-T', '-'];
    const packed = await tar(words, staging, names.map(name => `${name}\0`).join(''));
    if (!packed.ok) return fail(`${path} could not be written: ${packed.error}`);
    const archive = await open(temporary, 'r+');
    try {
      await archive.sync();
    } finally {
      await archive.close();
    }
    await link(temporary, path);
    return ok(undefined);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return fail(`${path} is there already: nothing is overwritten`);
    return fail(writeProblem(path, error).message);
  } finally {
    await rm(temporary, {force: true}).catch(() => undefined);
    await rm(staging, {recursive: true, force: true}).catch(() => undefined);
  }
}

/** Puts links to a result where tar finds it. Gives the names of what is to be packed. */
async function stage(staging: string, manifest: Manifest): Promise<readonly string[]> {
  const {fingerprint, directory, outputs} = manifest;
  const own = join(staging, fingerprint);
  await mkdir(own);
  const names = [`${fingerprint}/result.json`];
  await writeFile(join(own, 'result.json'), manifestText(manifest));
  if (directory === undefined) return names;
  await symlink(directory, join(own, 'files'));
  for (const {path} of outputs) {
    const from = join(directory, path);
    const isLinkToFile = (await lstat(from)).isSymbolicLink() && (await isFile(from));
    if (isLinkToFile) {
      // What it leads to may not be there where the archive is read.
      const to = join(own, 'copies', path);
      await mkdir(dirname(to), {recursive: true});
      await copyFile(from, to, constants.COPYFILE_FICLONE);
      names.push(`${fingerprint}/copies/${path}`);
    } else names.push(`${fingerprint}/files/${path}`);
  }
  if (await isFile(join(directory, '.weft.log'))) names.push(`${fingerprint}/files/.weft.log`);
  return names;
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isFile() === true;
}
