import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {FutureNode} from './node.js';
import type {SetNode} from './set-node.js';

/** A key's text: the string itself, else canonical JSON (LANGUAGE 6). */
export const keyText = (key: JsonValue): string => (typeof key === 'string' ? key : canonicalJson(key));

/** What some keys, outermost first, leave of a future: itself without keys, the elements of a set below them. */
export function elementsOf(node: FutureNode, keys: readonly string[]): readonly FutureNode[] {
  if (keys.length === 0) return [node];
  if (node.is === 'task') return [];
  return (node.members ?? [])
    .filter(({key}) => keys.every((text, i) => key[i] !== undefined && keyText(key[i]) === text))
    .map(member => member.node);
}

/** The keys that may come behind some keys of a set, each once, in its order. Makes no element of a long loop. */
export function nextKeys(set: SetNode, keys: readonly string[]): readonly JsonValue[] {
  const next = new Map<string, JsonValue>();
  for (const {key} of set.members ?? []) {
    const own = key[keys.length];
    if (own !== undefined && keys.every((text, i) => key[i] !== undefined && keyText(key[i]) === text))
      next.set(keyText(own), own);
  }
  return [...next.values()];
}

/** True where two futures are the same tasks, however they came to be. */
export function sameTasks(a: FutureNode, b: FutureNode): boolean {
  const all = (node: FutureNode): string =>
    node.is === 'task'
      ? (node.fingerprint ?? node.id)
      : (node.members ?? []).map(member => member.identity ?? member.node.fingerprint ?? member.node.id).join();
  return all(a) === all(b);
}
