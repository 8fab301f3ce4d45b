import type {JsonObject, JsonValue} from '../kernel/fingerprint/json.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {MagicContext} from '../kernel/session/magic.js';
import type {TaskNode} from '../kernel/session/node.js';
import {entryName, keyText} from './entry-name.js';
import {mapStrings, stringsOf} from './placed-text.js';
import type {ScriptCall} from './script-call.js';
import {select, stopText, type Source} from './source.js';

/** What a `%%py` cell is given, all of it awaited. */
export interface PyInputs {
  readonly values: JsonObject;
  /** Directories of results. */
  readonly paths: Readonly<Record<string, string>>;
  /** Sets of directories: entries by name. */
  readonly sets: Readonly<Record<string, readonly (readonly [entry: string, path: string])[]>>;
}

/** Waits for all that variables stand for. The error says which of them failed. */
export async function awaitInputs(
  variables: ScriptCall['variables'],
  context: MagicContext,
): Promise<Result<PyInputs, string>> {
  const values: Record<string, JsonValue> = {};
  const paths: Record<string, string> = {};
  const sets: Record<string, (readonly [string, string])[]> = {};
  for (const [name, {source}] of variables) {
    const given = await awaited(source, context);
    if (!given.ok) return given;
    const {value} = given;
    if (value.is === 'value') values[name] = value.value;
    else if (value.is === 'path') paths[name] = value.path;
    else sets[name] = [...value.entries];
  }
  return ok({values, paths, sets});
}

type Given =
  | {readonly is: 'value'; readonly value: JsonValue}
  | {readonly is: 'path'; readonly path: string}
  | {readonly is: 'set'; readonly entries: readonly (readonly [string, string])[]};

async function awaited(source: Source, context: MagicContext): Promise<Result<Given, string>> {
  if (source.is === 'json') return filled(source.value, context);
  if (source.is === 'task') return ofTask(source.node);
  const known = await source.set.known();
  if (!known.ok) return fail(stopText(source.label, known.error));
  const members = select(known.value, source.prefix);
  const [only] = members;
  if (only !== undefined && members.length === 1 && only.key.length === 0) return ofTask(only.node);
  const entries: (readonly [string, string])[] = [];
  const values: Record<string, JsonValue> = {};
  for (const {key, node} of members) {
    const given = await ofTask(node);
    if (!given.ok) return given;
    if (given.value.is === 'value') put(values, key.map(keyText), given.value.value);
    else if (given.value.is === 'path') entries.push([entryName(key), given.value.path]);
  }
  if (entries.length > 0 && Object.keys(values).length > 0)
    return fail(`\`${source.label}\` has values and files in it: take its elements one by one`);
  const isValue = entries.length === 0 && (Object.keys(values).length > 0 || source.set.member === 'value');
  return ok(isValue ? {is: 'value', value: values} : {is: 'set', entries});
}

function put(into: Record<string, JsonValue>, key: readonly string[], value: JsonValue): void {
  const [first = '', ...rest] = key;
  if (rest.length === 0) into[first] = value;
  else put((into[first] ??= {}) as Record<string, JsonValue>, rest, value);
}

async function ofTask(node: TaskNode): Promise<Result<Given, string>> {
  const settled = await node.settled();
  switch (settled.is) {
    case 'value':
      return ok({is: 'value', value: settled.value});
    case 'files':
    case 'repo':
      return ok({is: 'path', path: settled.path});
    case 'failed':
      return fail(settled.message);
    case 'set':
      return fail(`\`${node.label}\` is a set`);
  }
}

/** A value in whose texts futures may stand by their placeholders: they become paths, or a value's text. */
async function filled(value: JsonValue, context: MagicContext): Promise<Result<Given, string>> {
  const {nodes} = context.placeholders(stringsOf(value).join('\n'));
  const texts = new Map<string, string>();
  for (const node of nodes) {
    const given = await ofTask(node);
    if (!given.ok) return given;
    const {value: is} = given;
    texts.set(node.id, is.is === 'path' ? is.path : is.is === 'value' ? textOf(is.value) : '');
  }
  const fill = (text: string): string =>
    text.replace(/\/weft:[^:/\s'"]*:([0-9a-f]{12})/g, (whole, id: string) => texts.get(id) ?? whole);
  return ok({is: 'value', value: mapStrings(value, fill)});
}

const textOf = (value: JsonValue): string => (typeof value === 'string' ? value : JSON.stringify(value));
