import {resolve} from 'node:path';
import {complain, EXIT, print} from './command-output.js';
import type {CachePort} from './session/cache-port.js';
import {exportText, importText} from './show/archive-text.js';

/** What the commands are given on the command line. */
export interface ArchiveOptions {
  readonly pinned?: boolean;
  readonly root?: string;
  readonly dryRun?: boolean;
}

/** `weft cache export FILE [DIGITS…]`: results that begin with these digits, or all, with what they were made from. */
export async function exportCommand(
  port: CachePort,
  [file = '', ...digits]: readonly string[],
  {pinned = false}: ArchiveOptions,
): Promise<number> {
  const listed = await port.list();
  const unknown = digits.find(
    word => !/^[0-9a-f]{6,64}$/.test(word) || !listed.some(({fingerprint}) => fingerprint.startsWith(word)),
  );
  if (unknown !== undefined)
    return complain(`no result has a fingerprint that begins with ${unknown}: \`weft cache ls\` lists them`);
  const named = listed.filter(({fingerprint}) => digits.some(word => fingerprint.startsWith(word)));
  const wanted = digits.length === 0 && !pinned ? listed : [...named, ...listed.filter(one => pinned && one.pinned)];
  const done = await port.export(
    resolve(file),
    wanted.map(({fingerprint}) => fingerprint),
  );
  if (!done.ok) {
    complain(done.error);
    return EXIT.bad;
  }
  print(exportText(file, done.value));
  return done.value.left.length === 0 ? EXIT.ok : EXIT.bad;
}

/** `weft cache import FILE`: takes what can be used here. */
export async function importCommand(
  port: CachePort,
  [file = '']: readonly string[],
  {root, dryRun = false}: ArchiveOptions,
): Promise<number> {
  const done = await port.import(resolve(file), {dry: dryRun, ...(root === undefined ? {} : {root: resolve(root)})});
  if (!done.ok) {
    complain(done.error);
    return EXIT.bad;
  }
  print(importText(done.value, dryRun));
  return done.value.left.length === 0 ? EXIT.ok : EXIT.bad;
}
