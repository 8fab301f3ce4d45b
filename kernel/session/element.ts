import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {FutureNode} from './node.js';

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

/** True where two futures are the same tasks, however they came to be. */
export function sameTasks(a: FutureNode, b: FutureNode): boolean {
  const all = (node: FutureNode): string =>
    node.is === 'task'
      ? (node.fingerprint ?? node.id)
      : (node.members ?? []).map(member => member.identity ?? member.node.fingerprint ?? member.node.id).join();
  return all(a) === all(b);
}
