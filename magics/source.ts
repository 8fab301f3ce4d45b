import type {Reference} from '../kernel/cell/syntax.js';
import {canonicalJson, digestOf, type Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Variable} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {MagicContext, Problem, Row} from '../kernel/session/magic.js';
import type {FutureNode, Member, Stop, TaskNode} from '../kernel/session/node.js';
import type {Evaluated} from '../kernel/typescript/messages.js';

/** How a handle stands in JSON that comes from the user's process; the same text as the kernel's own constant. */
const HANDLE = '\u0000weft';

/** What a `--from`, a `--with` or a loop variable stands for. */
export type Source =
  | {readonly is: 'json'; readonly value: JsonValue}
  | {readonly is: 'task'; readonly node: TaskNode}
  /** A set, or what an index has left of one; `prefix` are the keys that were given already. */
  | {readonly is: 'set'; readonly label: string; readonly set: SetLike; readonly prefix: readonly string[]};

/** A set of futures, perhaps one whose members are not known yet. */
export interface SetLike {
  readonly name: string;
  readonly variables: readonly string[];
  readonly members: readonly Member[] | undefined;
  /** The set's own node; absent for a plain object of futures. */
  readonly node?: FutureNode;
  known(): Promise<Result<readonly Member[], Stop>>;
}

/** A key's text: the string itself, else canonical JSON (LANGUAGE 6). */
export const keyText = (key: JsonValue): string => (typeof key === 'string' ? key : canonicalJson(key));

/** The id of a handle that stands in JSON. */
export function handleOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const id = (value as Readonly<Record<string, JsonValue>>)[HANDLE];
  return typeof id === 'string' ? id : undefined;
}

const asSource = (node: FutureNode): Source => (node.is === 'task' ? {is: 'task', node} : {is: 'set', label: node.name, set: Object.assign(setOf(node), {node}), prefix: []});

function setOf(node: Extract<FutureNode, {is: 'set'}>): SetLike {
  return {
    name: node.name,
    variables: node.variables,
    get members() {
      return node.members;
    },
    known: () => node.known(),
  };
}

/** The source that JSON from the user's process stands for; a plain object or array of handles is a set. */
export function sourceOfJson(value: JsonValue, name: string, context: MagicContext): Result<Source, Problem> {
  const id = handleOf(value);
  if (id !== undefined) {
    const node = context.node(id);
    return node === undefined ? fail({code: 'W9001', severity: 'error', message: `the future of \`${name}\` is unknown`, hint: 'run the cell that makes it again'}) : ok(asSource(node));
  }
  const members: Member[] = [];
  if (!collect(value, [], members, context) || members.length === 0) return ok({is: 'json', value});
  const depth = Math.max(...members.map(({key}) => key.length));
  const variables = Array.from({length: depth}, (_, i) => `key${i + 1}`);
  return ok({is: 'set', label: name, set: {name, variables, members, known: () => Promise.resolve(ok(members))}, prefix: []});
}

/** Gathers the handles of nested objects and arrays; false where something else lies among them. */
function collect(value: JsonValue, key: readonly JsonValue[], into: Member[], context: MagicContext): boolean {
  const id = handleOf(value);
  if (id !== undefined) {
    const node = context.node(id);
    if (node?.is === 'task') into.push({key, node});
    else if (node?.is === 'set') for (const member of node.members ?? []) into.push({key: [...key, ...member.key], node: member.node});
    return node !== undefined;
  }
  if (typeof value !== 'object' || value === null) return false;
  const entries: readonly (readonly [JsonValue, JsonValue])[] = Array.isArray(value) ? value.map((item: JsonValue, i) => [i, item] as const) : Object.entries(value);
  return entries.every(([name, item]) => collect(item, [...key, name], into, context));
}

/** The source that a name of the scope stands for. */
export function sourceOfEvaluated(evaluated: Evaluated, name: string, context: MagicContext): Result<Source, Problem> {
  switch (evaluated.is) {
    case 'future':
      return sourceOfJson({[HANDLE]: evaluated.ref.id}, name, context);
    case 'json':
      return sourceOfJson(evaluated.value, name, context);
    case 'error':
      return fail({code: 'W2031', severity: 'error', message: `\`${name}\`: ${evaluated.error.ename}: ${evaluated.error.evalue}`});
    case 'other':
      return fail({code: 'W2032', severity: 'error', message: `\`${name}\` is ${evaluated.type}: neither JSON nor a future`});
    case 'deferred':
      return fail({code: 'W2032', severity: 'error', message: `\`${name}\` waits for a value`, hint: 'await it in a cell of its own first'});
  }
}

/**
 * Applies the indexes of a reference (LANGUAGE 7). A bare index is a loop variable in force, else a key.
 * A bare name of a set inside a loop over one of its variables is an error that shows both meanings.
 */
export function indexed(source: Source, reference: Reference, row: Row): Result<Source, Problem> {
  const {span} = reference;
  const whole = reference.indexes.at(-1)?.is === 'all';
  const keys = reference.indexes.filter(index => index.is !== 'all');
  if (source.is !== 'set') {
    if (keys.length === 0) return ok(source);
    return fail({code: 'W4010', severity: 'error', span, message: `\`${reference.name}\` is no set: it can't be indexed`, hint: `write \`${reference.name}\``});
  }
  const {set} = source;
  if (keys.length === 0 && !whole) {
    const variable = set.variables.find(name => name in row);
    if (variable !== undefined) {
      const message = `\`${reference.name}\` is a whole set inside a loop over its variable \`${variable}\``;
      const hint = `write \`${reference.name}[${variable}]\` for the element of this round, or \`${reference.name}[*]\` for the whole set`;
      return fail({code: 'W4011', severity: 'error', span, message, hint});
    }
  }
  if (keys.length > set.variables.length) {
    return fail({code: 'W4012', severity: 'error', span, message: `\`${reference.name}\` has ${set.variables.length} variable${set.variables.length === 1 ? '' : 's'} (${set.variables.join(', ')}), but ${keys.length} indexes stand here`});
  }
  const prefix = keys.map(index => (index.is === 'bare' && index.text in row ? keyText(row[index.text] ?? null) : index.text));
  const label = prefix.length === 0 ? reference.name : `${reference.name}[${prefix.join('][')}]`;
  const narrowed: Source = {is: 'set', label, set, prefix};
  if (set.members === undefined) return ok(narrowed);
  const found = select(set.members, prefix);
  if (found.length === 0 && set.members.length > 0) {
    const at = keys.length - 1;
    const some = [...new Set(set.members.map(({key}) => keyText(key[at] ?? null)))].slice(0, 12);
    return fail({code: 'W4013', severity: 'error', span: keys[at]?.span ?? span, message: `\`${label}\` has no element`, hint: `\`${set.variables[at] ?? ''}\` is one of ${some.join(', ')}`});
  }
  const [only] = found;
  if (only !== undefined && prefix.length === set.variables.length) return ok({is: 'task', node: only.node});
  return ok(narrowed);
}

/** The members below a prefix of keys, each with the rest of its key. */
export function select(members: readonly Member[], prefix: readonly string[]): readonly Member[] {
  return members
    .filter(({key}) => prefix.every((text, i) => key[i] !== undefined && keyText(key[i]) === text))
    .map(({key, node}) => ({key: key.slice(prefix.length), node}));
}

/** The futures that a source waits for. */
export const nodesOf = (source: Source): readonly FutureNode[] =>
  source.is === 'task' ? [source.node] : source.is === 'set' ? (source.set.node === undefined ? (source.set.members ?? []).map(({node}) => node) : [source.set.node]) : [];

/** A source whose futures are known: what the recipe holds, and the tasks that must be done first. */
export interface Resolved {
  readonly variable: Variable;
  readonly needs: readonly Fingerprint[];
}

/** Waits until a source can stand in a recipe: its fingerprints are known, and values are there. */
export async function resolveSource(source: Source): Promise<Result<Resolved, Stop>> {
  if (source.is === 'json') return ok({variable: {is: 'json', value: source.value}, needs: []});
  if (source.is === 'task') return resolveTask(source.node);
  const known = await source.set.known();
  if (!known.ok) return known;
  const members = select(known.value, source.prefix);
  const [only] = members;
  if (only !== undefined && members.length === 1 && only.key.length === 0) return resolveTask(only.node);
  if (members.length === 0 && source.prefix.length > 0 && known.value.length > 0) {
    return fail({is: 'failed', failure: {reason: 'start', message: `\`${source.label}\` has no element`}});
  }
  const all = await Promise.all(members.map(async ({key, node}) => ({key, resolved: await resolveTask(node)})));
  const stopped = all.find(({resolved}) => !resolved.ok)?.resolved;
  if (stopped !== undefined && !stopped.ok) return stopped;
  const done = all.flatMap(({key, resolved}) => (resolved.ok ? [{key, ...resolved.value}] : []));
  if (done.length > 0 && done.every(({variable}) => variable.is === 'json')) {
    return ok({variable: {is: 'json', value: nested(done.map(({key, variable}) => ({key, value: variable.is === 'json' ? variable.value : null})))}, needs: []});
  }
  const entries = done.map(({key, variable}) => [entryName(key), variable.is === 'task' ? variable.fingerprint : ('' as Fingerprint)] as const);
  return ok({variable: {is: 'set', entries}, needs: done.flatMap(({needs}) => needs)});
}

async function resolveTask(node: TaskNode): Promise<Result<Resolved, Stop>> {
  const known = await node.known();
  if (!known.ok) return fail({is: 'blocked', blocked: {because: stopText(node.label, known.error)}});
  if (node.kind !== 'value') return ok({variable: {is: 'task', fingerprint: known.value.fingerprint}, needs: [known.value.fingerprint]});
  const settled = await node.settled();
  if (settled.is === 'value') return ok({variable: {is: 'json', value: settled.value}, needs: []});
  return fail({is: 'blocked', blocked: {because: `${node.label} failed`, fingerprint: known.value.fingerprint}});
}

/** Why something that reads `label` can't go on. */
export const stopText = (label: string, stop: Stop): string => (stop.is === 'failed' ? `${label} failed` : stop.blocked.because.includes(label) ? stop.blocked.because : `${label} is blocked`);

function nested(entries: readonly {readonly key: readonly JsonValue[]; readonly value: JsonValue}[]): JsonValue {
  const result: Record<string, JsonValue> = {};
  const groups = new Map<string, {key: readonly JsonValue[]; value: JsonValue}[]>();
  for (const {key, value} of entries) {
    const [first, ...rest] = key;
    const name = keyText(first ?? null);
    if (rest.length === 0) result[name] = value;
    else groups.set(name, [...(groups.get(name) ?? []), {key: rest, value}]);
  }
  for (const [name, group] of groups) result[name] = nested(group);
  return result;
}

/** The name of a member's entry in a set's directory (LANGUAGE 4): keys joined by commas, encoded where a path would mean something else. */
export function entryName(key: readonly JsonValue[]): string {
  const encode = (text: string): string => {
    if (text === '') return '%';
    // eslint-disable-next-line no-control-regex -- control characters are what is replaced
    const encoded = text.replace(/[/\u0000-\u001f\u007f%,]/g, percent);
    return encoded.startsWith('.') ? `%2E${encoded.slice(1)}` : encoded;
  };
  return shortened(key.map(part => encode(keyText(part))).join(','));
}

const percent = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= 200) return name;
  let cut = name.slice(0, 160);
  while (Buffer.byteLength(cut) > 180) cut = cut.slice(0, -8);
  return `${cut}~${digestOf(name).slice(0, 12)}`;
}
