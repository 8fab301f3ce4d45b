import {readFile, readdir} from 'node:fs/promises';
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {dirname, join} from 'node:path';
import {OWN} from '../kernel/graph/own-files.js';
import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';

/** A member of a join, whose result lies in `directory`. */
export interface JoinMember {
  readonly label: string;
  readonly fingerprint: Fingerprint;
  readonly directory: string;
  /** Its file holds where another differs. */
  readonly preferred: boolean;
}

/** A file of the union: which member it is taken from. */
export interface UnionFile {
  readonly path: string;
  readonly member: JoinMember;
}

/** Two different files of one name. */
export interface Conflict {
  readonly path: string;
  readonly members: readonly [JoinMember, JoinMember];
  /** For the second member it is a directory. */
  readonly directory?: true;
}

/** sha256 of a member's files by relative name. From its manifest, else from the files themselves. */
export async function digestsOf(directory: string): Promise<ReadonlyMap<string, string>> {
  try {
    const manifest = JSON.parse(await readFile(join(directory, '.weft.json'), 'utf8')) as {
      readonly outputs?: readonly {readonly path: string; readonly sha256: string}[];
    };
    if (Array.isArray(manifest.outputs))
      return new Map(
        (manifest.outputs as readonly {path: string; sha256: string}[]).map(({path, sha256}) => [path, sha256]),
      );
  } catch {
    // A result without a readable manifest is looked at itself.
  }
  const digests = new Map<string, string>();
  for (const path of await listFiles(directory)) digests.set(path, await hashFile(join(directory, path)));
  return digests;
}

async function listFiles(directory: string, below = ''): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await readdir(join(directory, below), {withFileTypes: true})) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (below === '' && name.startsWith(OWN)) continue;
    if (entry.isDirectory()) names.push(...(await listFiles(directory, name)));
    else names.push(name);
  }
  return names.sort();
}

function hashFile(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = createHash('sha256');
    createReadStream(path)
      .on('data', chunk => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')));
  });
}

/**
 * The union of the members' files, and the files of one name that differ. A preferred member's file holds; where a path is `soft`,
 * the first one's; `skip` leaves a path out.
 */
export async function unionOf(
  members: readonly JoinMember[],
  {
    soft = () => false,
    skip = () => false,
  }: {readonly soft?: (path: string) => boolean; readonly skip?: (path: string) => boolean} = {},
): Promise<{readonly files: readonly UnionFile[]; readonly conflicts: readonly Conflict[]}> {
  const union = new Map<string, {member: JoinMember; digest: string}>();
  const conflicts: Conflict[] = [];
  for (const member of members) {
    for (const [path, digest] of await digestsOf(member.directory)) {
      if (skip(path)) continue;
      const before = union.get(path);
      if (before === undefined) union.set(path, {member, digest});
      else if (before.digest === digest || soft(path)) continue;
      else if (member.preferred && !before.member.preferred) union.set(path, {member, digest});
      else if (!before.member.preferred || member.preferred) conflicts.push({path, members: [before.member, member]});
    }
  }
  conflicts.push(...belowFiles(union));
  const files = [...union].map(([path, {member}]) => ({path, member})).sort((a, b) => (a.path < b.path ? -1 : 1));
  return {files, conflicts};
}

/** Takes out what a preferred member has otherwise of names that are a file for one and a directory for another; the rest are conflicts. */
function belowFiles(union: Map<string, {readonly member: JoinMember}>): readonly Conflict[] {
  const conflicts = new Map<string, Conflict>();
  for (const [path, inner] of [...union])
    for (let above = dirname(path); above !== '.'; above = dirname(above)) {
      const file = union.get(above);
      if (file === undefined) continue;
      if (file.member.preferred === inner.member.preferred)
        conflicts.set(above, {path: above, members: [file.member, inner.member], directory: true});
      else union.delete(inner.member.preferred ? above : path);
    }
  return [...conflicts.values()];
}

/** The files that differ, for a message: the first few, each with its two members. */
export function conflictText(conflicts: readonly Conflict[]): string {
  const shown = conflicts
    .slice(0, 5)
    .map(({path, members: [one, other], directory}) =>
      directory === true
        ? `${path} (a file of ${one.label}, a directory of ${other.label})`
        : `${path} (${one.label} and ${other.label})`,
    );
  const more = conflicts.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
