import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {Candidate} from '../../kernel/session/completer.js';
import type {SeenId} from './repository.js';

/** Values that are offered of one key. */
const MOST_VALUES = 300;

/** The keys that data ids have, those of pictures first. */
const FIRST = ['visit', 'ccd', 'filter', 'tract', 'patch', 'field', 'dateObs', 'pointing'];

/** Keys, or behind a `key=` the values, that data ids have which fit what is typed before in the same `--id`. */
export function dataIdCandidates(
  text: string,
  before: readonly string[],
  seen: readonly SeenId[],
): readonly Candidate[] {
  const [, key, typed = ''] = /^([^=]+)=(.*)$/.exec(text) ?? [];
  const given = new Map(
    before.flatMap(word => {
      const [, name, values = ''] = /^([^=]+)=(.*)$/.exec(word) ?? [];
      return name === undefined ? [] : [[name, values.split('^')] as const];
    }),
  );
  if (key === undefined) return keysOf(seen, new Set(given.keys()));
  const fitting = seen.filter(id =>
    [...given].every(([name, values]) => {
      const value = id[name];
      // A range, or a key that others have: nothing is known of it.
      return value === undefined || values.some(each => each === textOf(value) || each.includes('..'));
    }),
  );
  const had = typed.split('^').slice(0, -1);
  const prefix = `${key}=${had.map(each => `${each}^`).join('')}`;
  const values = new Set(fitting.flatMap(id => (id[key] === undefined ? [] : [textOf(id[key])])));
  for (const each of had) values.delete(each);
  return [...values]
    .sort((a, b) => a.localeCompare(b, 'en', {numeric: true}))
    .slice(0, MOST_VALUES)
    .map(value => ({text: prefix + value, type: 'value'}));
}

const textOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** The keys that are seen, as `visit=`. */
function keysOf(seen: readonly SeenId[], had: ReadonlySet<string>): readonly Candidate[] {
  return keyNames(seen)
    .filter(key => !had.has(key))
    .map(key => ({text: `${key}=`, type: 'key', open: true}));
}

/** Names of keys; where nothing was seen, those that cameras have. */
export function keyNames(seen: readonly SeenId[]): readonly string[] {
  const names = new Set(seen.flatMap(id => Object.keys(id)));
  const order = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length);
  const all = names.size === 0 ? FIRST.slice(0, 5) : [...names, 'tract', 'patch'];
  return [...new Set(all)].sort((a, b) => order(a) - order(b) || (a < b ? -1 : 1));
}
