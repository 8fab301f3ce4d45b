import {textOf, walk} from './oracle-files.js';
import {taskOf, type From, type Json, type Model} from './model.js';
import type {Expected} from './oracle.js';
import type {Row} from './oracle-tasks.js';

/** A key of a set as a name in a directory. */
const entryOf = (key: readonly (string | number)[]): string => key.map(String).join(',');

/** A variable's content, for the identity and for the text that a script gathers. */
export interface Seen {
  readonly identity: Json;
  readonly text: (name: string) => readonly string[];
  /** Identities of the directories behind it. */
  readonly reads: readonly string[];
}

/** An element of a set, with the rest of its key. */
export interface Element {
  readonly rest: readonly (string | number)[];
  readonly one: Expected;
}

/** The elements that a `--from` means, and what is missing of them; undefined where more is than may be. */
export function elementsOf(
  {task, at}: From,
  row: Row,
  all: readonly Expected[],
  allowed = 0,
): {readonly elements: readonly Element[]; readonly missing: readonly string[]} | undefined {
  const prefix = at.map(index => String(index.is === 'loop' ? row.get(index.variable) : index.key));
  const members = all.filter(({id, key}) => id === task && prefix.every((text, i) => String(key[i]) === text));
  const missing = members.filter(({state}) => state !== 'done');
  if (missing.length > allowed || (missing.length > 0 && missing.length === members.length)) return undefined;
  return {
    elements: members.filter(({state}) => state === 'done').map(one => ({rest: one.key.slice(prefix.length), one})),
    missing: missing.map(({identity, key}) => identity ?? entryOf(key)).sort(),
  };
}

/** A variable of a `--from`. */
export function seen(model: Model, from: From, elements: readonly Element[]): Seen {
  const producer = taskOf(model, from.task);
  const single = elements.length === 1 && elements[0]?.rest.length === 0;
  if (producer.is === 'script' && producer.value) {
    const value: Json = single
      ? (elements[0]?.one.value ?? null)
      : elements.reduce<Json>((into, {rest, one}) => placed(into, rest, one.value), {});
    return {identity: {json: value}, text: name => [`${name}=${textOf(value)}`], reads: []};
  }
  const reads = elements.map(({one}) => one.identity ?? '');
  if (single) return {identity: {task: reads[0] ?? ''}, text: name => walk(name, elements[0]?.one.files ?? {}), reads};
  const entries = Object.fromEntries(elements.map(({rest, one}) => [entryOf(rest), one.identity ?? '']));
  return {
    identity: {set: entries},
    text: name =>
      walk(
        name,
        Object.fromEntries(
          elements.flatMap(({rest, one}) =>
            Object.entries(one.files).map(([file, text]) => [`${entryOf(rest)}/${file}`, text]),
          ),
        ),
      ),
    reads,
  };
}

const placed = (into: Json, [first, ...rest]: readonly (string | number)[], value: Json): Json => {
  const object = into as Readonly<Record<string, Json>>;
  const name = String(first);
  return {...object, [name]: rest.length === 0 ? value : placed(object[name] ?? {}, rest, value)};
};
