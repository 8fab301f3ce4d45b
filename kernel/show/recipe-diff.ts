import type {JsonValue} from '../fingerprint/json.js';
import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {Recipe} from '../graph/recipe.js';

/** A place where two recipes differ. `old` is absent for what was added, `new` for what was taken away. */
export interface RecipeChange {
  /** The way to the place, from the recipe down: `['arguments', 'config', 'doApplyUberCal']`. */
  readonly at: readonly string[];
  /** The same as text: `arguments.config.doApplyUberCal`. */
  readonly path: string;
  readonly old?: JsonValue;
  readonly new?: JsonValue;
}

const isObject = (value: JsonValue): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** The name and value of an entry of an ordered list of options: `['doWrite', 'False']` or `doWrite=False`. */
function pairOf(entry: JsonValue): readonly [string, JsonValue] | undefined {
  if (isList(entry)) {
    const [name, value] = entry;
    return entry.length === 2 && typeof name === 'string' && value !== undefined ? [name, value] : undefined;
  }
  const found = typeof entry === 'string' ? /^([\w.]+)=(.*)$/s.exec(entry) : null;
  return found === null ? undefined : [found[1] ?? '', found[2] ?? ''];
}

/** A list of options by their names, where each name is there once; else undefined. */
function byName(list: readonly JsonValue[]): Readonly<Record<string, JsonValue>> | undefined {
  const pairs = list.map(pairOf).filter(pair => pair !== undefined);
  const names = new Set(pairs.map(([name]) => name));
  return pairs.length === list.length && names.size === list.length ? Object.fromEntries(pairs) : undefined;
}

/** What is the same in both is dropped; the rest is taken away or added. Undefined if only the order differs. */
function listChanges(
  at: readonly string[],
  old: readonly JsonValue[],
  now: readonly JsonValue[],
): RecipeChange[] | undefined {
  const counts = new Map<string, number>();
  for (const entry of old) counts.set(canonicalJson(entry), (counts.get(canonicalJson(entry)) ?? 0) + 1);
  const added = now.filter(entry => {
    const text = canonicalJson(entry);
    const left = counts.get(text) ?? 0;
    counts.set(text, left - 1);
    return left <= 0;
  });
  const removed = old.filter(entry => {
    const text = canonicalJson(entry);
    const left = counts.get(text) ?? 0;
    if (left <= 0) return false;
    counts.set(text, left - 1);
    return true;
  });
  if (added.length === 0 && removed.length === 0) return undefined;
  const path = at.join('.');
  return Array.from({length: Math.max(added.length, removed.length)}, (_, index) => {
    const before = removed[index];
    const after = added[index];
    return {at, path, ...(before === undefined ? {} : {old: before}), ...(after === undefined ? {} : {new: after})};
  });
}

/** Not what every object of JavaScript has: a configuration may be called `constructor`. */
const own = (value: Readonly<Record<string, JsonValue>>, key: string): JsonValue | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined;

/** Tagged unions of a recipe (variables, inputs) are compared whole: their parts mean nothing alone. */
const isWhole = (value: JsonValue): boolean => isObject(value) && typeof value['is'] === 'string';

function walk(at: readonly string[], old: JsonValue | undefined, now: JsonValue | undefined): RecipeChange[] {
  if (old !== undefined && now !== undefined) {
    if (canonicalJson(old) === canonicalJson(now)) return [];
    if (isObject(old) && isObject(now) && !isWhole(old) && !isWhole(now)) {
      const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].sort();
      return keys.flatMap(key => walk([...at, key], own(old, key), own(now, key)));
    }
    if (isList(old) && isList(now)) {
      const [before, after] = [byName(old), byName(now)];
      if (before !== undefined && after !== undefined) {
        const changes = walk(at, before, after);
        if (changes.length > 0) return changes;
      }
      const changes = listChanges(at, old, now);
      if (changes !== undefined) return changes;
    }
  }
  return [{at, path: at.join('.'), ...(old === undefined ? {} : {old}), ...(now === undefined ? {} : {new: now})}];
}

const EMPTY: Readonly<Record<string, JsonValue>> = {
  code: {},
  sources: {},
  environment: {},
  files: {},
};

/** Finds what the identity of a set-up stands for. */
export type SetupOf = (identity: string) => JsonValue | undefined;

/** Where two set-ups differ; undefined where it is not known what one of them is. */
function setupChanges({old, new: now}: RecipeChange, setupOf: SetupOf): readonly RecipeChange[] | undefined {
  if (typeof old !== 'string' || typeof now !== 'string') return undefined;
  const [before, after] = [setupOf(old), setupOf(now)];
  if (before === undefined || after === undefined) return undefined;
  const parts = ['products', 'local', 'assigned', 'files'];
  const full = (value: JsonValue): JsonValue =>
    isObject(value) ? {...Object.fromEntries(parts.map(part => [part, {}])), ...value} : value;
  const changes = walk(['setup'], full(before), full(after));
  const products = new Set(changes.filter(({at}) => at[1] === 'products').map(({at}) => at[2]));
  // That it has become a directory of one's own, or is no more, is said of the product.
  const said = changes.filter(({at}) => at[1] !== 'local' || !products.has(at[2]));
  return said.length > 0 ? said : undefined;
}

/** What a variable stands for is an input, too: of one that changed the variable tells. */
function saidOnce(changes: readonly RecipeChange[]): readonly RecipeChange[] {
  const taskOf = (value: JsonValue | undefined): JsonValue | undefined =>
    value !== undefined && isObject(value) && value['is'] === 'task' ? value['fingerprint'] : undefined;
  const variables = changes.filter(({at}) => at[0] === 'variables');
  const told = {
    old: new Set(variables.map(change => taskOf(change.old))),
    new: new Set(variables.map(change => taskOf(change.new))),
  };
  const isTold = (change: RecipeChange): boolean =>
    (['old', 'new'] as const).every(side => {
      const task = taskOf(change[side]);
      return change[side] === undefined || (task !== undefined && told[side].has(task));
    });
  return changes.filter(change => change.at[0] !== 'inputs' || !isTold(change));
}

/**
 * Where two recipes differ, in the order of their fields' names. Equal recipes, and only these, have no changes.
 * @param setupOf tells set-ups apart by what they set up; absent: they differ as a whole
 */
export function diffRecipes(old: Recipe, now: Recipe, setupOf?: SetupOf): readonly RecipeChange[] {
  const plain = (recipe: Recipe): JsonValue => recipe as unknown as JsonValue;
  const [before, after] = [plain(old), plain(now)];
  if (canonicalJson(before) === canonicalJson(after)) return [];
  const full = (value: JsonValue): JsonValue => (isObject(value) ? {...EMPTY, ...value} : value);
  const changes = saidOnce(walk([], full(before), full(after)));
  // A map that is empty and one that is absent are hashed differently, though they mean the same.
  if (changes.length === 0) return [{at: [], path: '', old: before, new: after}];
  if (setupOf === undefined) return changes;
  return changes.flatMap(change => (change.path === 'setup' ? setupChanges(change, setupOf) : undefined) ?? [change]);
}
