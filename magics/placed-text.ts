import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {MagicContext} from '../kernel/session/magic.js';
import type {Stop, TaskNode} from '../kernel/session/node.js';
import {bashText} from './bash-variables.js';
import {mutableFailure} from './mutable.js';
import {stopText} from './source.js';

/** What a script's text can hold of a path without quotes (LANGUAGE 13). */
export const UNSAFE_IN_PATH = /[^A-Za-z0-9_./,+=:@%^-]/;

/** Texts in which futures stand, by placeholder or by the final path of a result that was awaited (LANGUAGE 5). */
export interface PlacedText {
  readonly nodes: readonly TaskNode[];
  /** A placeholder that was cut or joined. */
  readonly mangled: string | undefined;
}

/** What the futures in texts have come to. */
export interface KnownText {
  /** Those of them that must be done before: values are none, their text stands in the recipe. */
  readonly needs: readonly Fingerprint[];
  /** Puts `/weft::<fingerprint>` in place of directories, and the text of values. */
  fill(text: string): string;
}

/** Finds the futures in some texts. */
export function placedIn(texts: readonly string[], context: MagicContext): PlacedText {
  const {nodes, mangled} = context.placeholders(texts.join('\n'));
  return {nodes, mangled};
}

/** Every string that stands somewhere in a value, names of properties too. */
export function stringsOf(value: JsonValue): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return (value as readonly JsonValue[]).flatMap(stringsOf);
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)]);
}

/** A value with all of its strings replaced, names of properties too. */
export function mapStrings(value: JsonValue, change: (text: string) => string): JsonValue {
  if (typeof value === 'string') return change(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(inner => mapStrings(inner, change));
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [change(key), mapStrings(inner, change)]));
}

/** Waits until the futures in texts are known: directories by their fingerprint, values by what they are, and the futures in these too. */
export async function knownText({nodes}: PlacedText, context: MagicContext): Promise<Result<KnownText, Stop>> {
  const fingerprints = new Map<TaskNode, Fingerprint>();
  const values: (readonly [RegExp, string])[] = [];
  const all = new Set(nodes);
  for (const node of all) {
    if (node.kind === 'value') {
      const settled = await node.settled();
      if (settled.is !== 'value')
        return fail({
          is: 'blocked',
          blocked: {because: settled.is === 'failed' ? `${node.label} failed` : `${node.label} is no value`},
        });
      // A value that has files too stands for its directory where a path goes on behind it.
      const end = node.draft.files === true ? '(?!/)' : '';
      const text = bashText(settled.value);
      values.push([new RegExp(`/weft:[^:/\\s'"]*:${node.id}${end}`, 'g'), text]);
      for (const inner of placedIn([text], context).nodes) all.add(inner);
      if (node.draft.files !== true) continue;
    }
    const known = await node.known();
    if (!known.ok) return fail({is: 'blocked', blocked: {because: stopText(node.label, known.error)}});
    const failure = mutableFailure(node, known.value);
    if (failure !== undefined) return fail({is: 'failed', failure});
    fingerprints.set(node, known.value.fingerprint);
  }
  return ok({
    needs: [...fingerprints.values()],
    fill: text => {
      const valued = values.reduce((done, [pattern, value]) => done.replace(pattern, () => value), text);
      return context.placeholders(valued).replace(fingerprints);
    },
  });
}
