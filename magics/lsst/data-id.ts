import type {Result} from '../../kernel/graph/result.js';
import {fail, ok} from '../../kernel/graph/result.js';

/** A data id: key to value, both text, in the order in which the keys were written. */
export type DataId = Readonly<Record<string, string>>;

/** One `--id` before its cross product: each key with the values it may take. */
export type DataIdPattern = ReadonlyMap<string, readonly string[]>;

/** What is wrong with a token of a data id; `token` is its place in the list that was given. */
export interface DataIdProblem {
  readonly token: number;
  readonly kind: 'repeated-key' | 'no-value' | 'no-key' | 'bad-stride' | 'too-many';
  /** A phrase; for a repeated key it is the text of the real argument parser. */
  readonly message: string;
}

/** Keys whose values the butler of a Gen2 camera reads as whole numbers. */
export const INTEGER_KEYS: ReadonlySet<string> = new Set(['visit', 'ccd', 'tract', 'pointing', 'expId', 'snap']);

/** No list that a person means is longer; it keeps `0..999999999` from filling the memory. */
const MOST_IDS = 1_000_000;

const RANGE = /^(\d+)\.\.(\d+)(?::(\d+))?$/;

/**
 * The values that one piece between two `^` stands for: `903334..903338:2` is three visits, anything else is itself.
 * Both ends are included; a range that runs backwards is empty, as Python's is.
 * Source: `lsst/pipe_base:python/lsst/pipe/base/argumentParser.py`, IdValueAction.
 */
export function expandPiece(piece: string): Result<readonly string[], DataIdProblem['kind']> {
  const range = RANGE.exec(piece);
  if (range === null) return ok([piece]);
  const [first, last, stride] = [Number(range[1]), Number(range[2]), Number(range[3] ?? 1)];
  if (stride === 0) return fail('bad-stride');
  if ((last - first) / stride >= MOST_IDS) return fail('too-many');
  const values: string[] = [];
  for (let value = first; value <= last; value += stride) values.push(String(value));
  return ok(values);
}

/**
 * Reads the tokens of one `--id` or `--selectId`, each `K=V[^V...]`. No tokens is the wildcard: an empty pattern.
 * A token without `=` is a problem here; the real parser takes it as a key with an empty value.
 */
export function parseDataId(tokens: readonly string[]): Result<DataIdPattern, DataIdProblem> {
  const pattern = new Map<string, readonly string[]>();
  for (const [token, text] of tokens.entries()) {
    const equals = text.indexOf('=');
    const key = equals < 0 ? text : text.slice(0, equals);
    if (key === '') return fail({token, kind: 'no-key', message: `\`${text}\` has no key`});
    if (equals < 0) return fail({token, kind: 'no-value', message: `\`${text}\` has no value: write \`${text}=...\``});
    if (pattern.has(key)) {
      return fail({token, kind: 'repeated-key', message: `${key} appears multiple times in one ID argument`});
    }
    const values: string[] = [];
    for (const piece of text.slice(equals + 1).split('^')) {
      const expanded = expandPiece(piece);
      if (!expanded.ok) {
        const why = expanded.error === 'bad-stride' ? 'has a stride of zero' : 'stands for too many values';
        return fail({token, kind: expanded.error, message: `\`${piece}\` ${why}`});
      }
      for (const value of expanded.value) values.push(value);
    }
    pattern.set(key, values);
  }
  let count = 1;
  for (const values of pattern.values()) count *= values.length;
  if (count > MOST_IDS) {
    return fail({token: tokens.length - 1, kind: 'too-many', message: `the data id stands for ${count} combinations`});
  }
  return ok(pattern);
}

/** The cross product over the keys in their order, the last key fastest. An empty pattern gives one empty data id. */
export function expandDataId(pattern: DataIdPattern): readonly DataId[] {
  let ids: Record<string, string>[] = [{}];
  for (const [key, values] of pattern) ids = ids.flatMap(id => values.map(value => ({...id, [key]: value})));
  return ids;
}

/** The value in the one form that equal values share: a whole number without leading zeros where the key has such. */
function normalValue(key: string, value: string): string {
  return INTEGER_KEYS.has(key) && /^\d+$/.test(value) ? value.replace(/^0+(?=\d)/, '') : value;
}

/**
 * The normal form of a set of data ids, for hashing and comparing: keys sorted, numbers without leading zeros,
 * equal ids once, ids sorted (numbers by size). The order of ids on a command line does not change its result.
 */
export function normalizeDataIds(ids: readonly DataId[]): readonly DataId[] {
  const normal = new Map<string, DataId>();
  for (const id of ids) {
    const sorted = Object.keys(id).sort();
    const entry = Object.fromEntries(sorted.map(key => [key, normalValue(key, id[key] ?? '')]));
    normal.set(JSON.stringify(entry), entry);
  }
  return [...normal.values()].sort(compareDataIds);
}

/** Orders data ids key by key; whole numbers by size, other values by their text. */
export function compareDataIds(a: DataId, b: DataId): number {
  for (const key of [...new Set([...Object.keys(a), ...Object.keys(b)])].sort()) {
    const [left, right] = [a[key], b[key]];
    if (left === right) continue;
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const bySize = /^\d+$/.test(left) && /^\d+$/.test(right) ? Number(left) - Number(right) : 0;
    return bySize !== 0 ? bySize : left < right ? -1 : 1;
  }
  return 0;
}

/** The data id as the tokens of a command line: `visit=903334 ccd=16`. */
export function formatDataId(id: DataId): string {
  return Object.entries(id)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
}
