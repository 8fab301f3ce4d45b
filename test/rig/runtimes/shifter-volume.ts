import {posix} from 'node:path';
import {seen, type Mount} from './enter.js';
import {View, isDirectory} from './view.js';

/** A volume as the user asked for it. */
export interface Volume {
  readonly from: string;
  readonly to: string;
  readonly readOnly: boolean;
}

/** What came out, or what shifter says on stderr about it. */
export type Outcome<T> = {readonly ok: true; readonly value: T} | {readonly ok: false; readonly error: string};

/** Reads what `-V` was given: `FROM:TO[:FLAG]…`, several with `;` between. */
export function parseVolumes(text: string): Outcome<readonly Volume[]> {
  const volumes: Volume[] = [];
  for (const part of text.split(';')) {
    if (part === '') continue;
    const bare = /^".*"$/s.test(part) ? part.slice(1, -1) : part;
    const [from, to, ...flags] = bare.split(':').map((token, i) => (i < 2 ? token.replaceAll(/\s/g, '') : token));
    const kinds: string[] = [];
    for (const flag of flags) {
      const kind = flagKind(flag);
      if (kind.error !== undefined) {
        return {ok: false, error: `${kind.error}Invalid mount flags specified: ${flag}\n`};
      }
      if (kind.name !== undefined) kinds.push(kind.name);
    }
    const code = refusal(from, to, kinds);
    if (code !== 0) return {ok: false, error: `Invalid Volume Map: ${part}, aborting! ${code}\n`};
    volumes.push({from: from ?? '', to: to ?? '', readOnly: kinds.includes('ro')});
  }
  return {ok: true, value: volumes};
}

function flagKind(flag: string): {name?: string; error?: string} {
  const [name = '', ...values] = flag.split('=');
  if (flag === '') return {};
  const lower = name.toLowerCase();
  if (lower === 'pernodecache') {
    return /(^|,)size=[1-9]\d*[bkmgtpe]?(,|$)/i.test(values.join('='))
      ? {name: lower}
      : {error: 'Invalid configuration for perNodeCache 2\n'};
  }
  if (!['ro', 'rec', 'slave', 'private'].includes(lower)) return {error: `Unknown flag: ${name}\n`};
  return values.length === 0 ? {name: lower} : {error: `Flag ${lower} takes no arguments, failed to parse.\n`};
}

/** Why shifter itself refuses a mapping, as its number; 0 if it does not. */
function refusal(from: string | undefined, to: string | undefined, kinds: readonly string[]): number {
  if (from === undefined || to === undefined) return 1;
  if (from.includes('..') || to.includes('..') || !from.startsWith('/') || !to.startsWith('/')) return 1;
  if (kinds.some(kind => kind !== 'ro' && kind !== 'pernodecache')) return 2;
  if (new Set(kinds).size !== kinds.length) return 3;
  // `/var/tmp` is let through although it begins as what is refused.
  const inVarTmp = to === '/var/tmp' || to.startsWith('/var/tmp/');
  if (!inVarTmp && ['/etc', '/var', '/opt/udiImage'].some(begin => to.startsWith(begin))) return 1;
  return to === '/opt' || to === '/' ? 1 : 0;
}

/** Makes mounts of volumes in a container that has `mounts` already. Both sides are looked up inside it. */
export function mountVolumes(
  tree: string,
  mounts: readonly Mount[],
  volumes: readonly Volume[],
): Outcome<readonly Mount[]> {
  const all = [...mounts];
  const fails = (line: string) => ({ok: false as const, error: `${line}\nFAILED to setup image.\n`});
  for (const {from, to, readOnly} of volumes) {
    const view = new View(tree, seen(all));
    const source = view.resolve(from);
    if (source === undefined) return fails(`shifter_realpath: failed to lstat ${from}: No such file or directory`);
    if (!isDirectory(source.host)) return fails(`FAILED "from" location is not directory: ${from}`);
    const clean = posix.normalize(to).replace(/(?<=.)\/$/, '');
    if (clean === '/tmp') return fails(`BIND MOUNT FAILED from ${from} to ${to}: already mounted`);
    const target = view.directory(clean)?.inside;
    if (target === undefined && (view.resolve(clean) !== undefined || posix.dirname(clean) !== '/')) {
      return fails(`FAILED to find mount point ${to}`);
    }
    all.push({kind: 'bind', from: source.host, to: target ?? clean, readOnly});
  }
  return {ok: true, value: all};
}
