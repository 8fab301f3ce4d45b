import type {JsonValue} from '../fingerprint/json.js';
import {heldBy} from './future.js';
import type {FutureRef} from './messages.js';
import {HANDLE_KEY} from './messages.js';
import {keyText, SetResult} from './results.js';

/** What turns handles into references. */
export interface Handles {
  refOf(value: unknown): FutureRef | undefined;
  part(ref: Pick<FutureRef, 'name' | 'variables' | 'members'>): unknown;
}

/** How a future stands in JSON. */
export function encodeHandle(id: string): JsonValue {
  return {[HANDLE_KEY]: id};
}

/**
 * A value as JSON, with the futures in it as handles; a map of futures becomes a set. Properties that are undefined are left out,
 * but for what a function's option names one by one, such as variables.
 * Throws a TypeError that names the place (`options.with.x[3]`) of what is no JSON.
 */
export function toJson(value: unknown, place: string, handles: Handles): JsonValue {
  return encode(value, place, handles, []);
}

function encode(value: unknown, place: string, handles: Handles, above: readonly object[]): JsonValue {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return wellFormed(value, place);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`${place} is ${value}, which is no JSON`);
    return value;
  }
  if (typeof value !== 'object') throw new TypeError(`${place} is ${described(value)}, which is no JSON`);
  if (value === null) return null;
  const ref = handles.refOf(value);
  if (ref) return encodeHandle(ref.id);
  if (above.includes(value)) throw new TypeError(`${place} contains itself, which is no JSON`);
  const inside = [...above, value];
  if (Array.isArray(value)) {
    return Array.from(value, (each: unknown, index) => encode(each, `${place}[${index}]`, handles, inside));
  }
  if (value instanceof Map) {
    const set = setOf(value, place, handles);
    const made = set === undefined ? undefined : handles.refOf(set);
    if (made) return encodeHandle(made.id);
    throw new TypeError(`${place} is a Map, which is no JSON (a Map of futures is a set)`);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  // Objects of another realm are plain too: their prototype has none itself.
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null || value instanceof SetResult;
  if (!plain) throw new TypeError(`${place} is ${described(value)}, which is no JSON`);
  const result: Record<string, JsonValue> = {};
  for (const [key, each] of Object.entries(value)) {
    if (each === undefined) {
      // An option that is undefined is not given; a variable or a key of a data id that is would be lost without a word.
      if (/^options\.\w+$/.test(place)) throw new TypeError(`${place}.${key} is undefined, which is no JSON`);
      continue;
    }
    wellFormed(key, `a key of ${place}`);
    const encoded = encode(
      each,
      /^[A-Za-z_$][\w$]*$/.test(key) ? `${place}.${key}` : `${place}[${JSON.stringify(key)}]`,
      handles,
      inside,
    );
    Object.defineProperty(result, key, {value: encoded, enumerable: true, configurable: true, writable: true});
  }
  return result;
}

/** A text that UTF-8 can carry, as it is; throws a TypeError of one that has half of a surrogate pair (RFC 8785, section 3.2.2.2). */
function wellFormed(text: string, place: string): string {
  if (text.isWellFormed()) return text;
  throw new TypeError(`${place} has half of a character in it (a lone surrogate), which is no JSON`);
}

/** The set that a plain object, an array or a map of futures is; undefined where something in it is no future. */
export function setOf(value: object, name: string, handles: Handles): unknown {
  const entries: [JsonValue, unknown][] =
    value instanceof Map
      ? [...(value as Map<unknown, unknown>)].map(([key, each]) => [toJson(key, `a key of ${name}`, handles), each])
      : Array.isArray(value)
        ? value.map((each: unknown, index): [JsonValue, unknown] => [index, each])
        : Object.entries(value);
  if (!entries.every(([, each]) => heldBy(each))) return undefined;
  const texts = new Set(entries.map(([key]) => keyText(key)));
  if (texts.size < entries.length) throw new TypeError(`two keys of ${name} are the same`);
  const members = entries.flatMap(([key, each]) => {
    const future = handles.refOf(each);
    return future ? [{key: [key], future}] : [];
  });
  return handles.part({name, variables: ['key'], members});
}

/** What a value is, for a message: `a function`, `undefined`, `a Date`. */
export function described(value: unknown): string {
  if (value === undefined) return 'undefined';
  if (typeof value !== 'object' || value === null) return `a ${typeof value}`;
  const maker: unknown = Reflect.get(value, 'constructor');
  return typeof maker === 'function' && maker.name !== '' ? `a ${maker.name}` : 'an object of a class';
}
