import type {Reference} from '../kernel/cell/syntax.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {MagicContext, Problem, Row} from '../kernel/session/magic.js';
import {keyText} from './entry-name.js';
import type {FutureNode, Member, Stop, TaskNode} from '../kernel/session/node.js';
import type {Evaluated, FutureKind} from '../kernel/typescript/messages.js';

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
  /** What its members give, where that is known before they are. */
  readonly member?: FutureKind | undefined;
  /** The set's own node; of a plain object of futures, these and the sets in it. */
  readonly nodes: readonly FutureNode[];
  known(): Promise<Result<readonly Member[], Stop>>;
}

export {keyText} from './entry-name.js';

/** The id of a handle that stands in JSON. */
export function handleOf(value: JsonValue | undefined): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const id = (value as Readonly<Record<string, JsonValue>>)[HANDLE];
  return typeof id === 'string' ? id : undefined;
}

const asSource = (node: FutureNode): Source =>
  node.is === 'task' ? {is: 'task', node} : {is: 'set', label: node.name, set: setOf(node), prefix: []};

function setOf(node: Extract<FutureNode, {is: 'set'}>): SetLike {
  return {
    name: node.name,
    variables: node.variables,
    member: node.member,
    get members() {
      return node.members;
    },
    nodes: [node],
    known: () => node.known(),
  };
}

/** The source that JSON from the user's process stands for; a plain object or array of handles is a set. */
export function sourceOfJson(value: JsonValue, name: string, context: MagicContext): Result<Source, Problem> {
  const id = handleOf(value);
  if (id !== undefined) {
    const node = context.node(id);
    return node === undefined
      ? fail({
          code: 'W9001',
          severity: 'error',
          message: `the future of \`${name}\` is unknown`,
          hint: 'run the cell that makes it again',
        })
      : ok(asSource(node));
  }
  const leaves: Leaf[] = [];
  if (!collect(value, [], leaves, context) || leaves.length === 0) return textual(value, name, context);
  const set = objectOf(name, leaves);
  return set.members?.length === 0 ? textual(value, name, context) : ok({is: 'set', label: name, set, prefix: []});
}

/** A future in a plain object, and the keys that lead to it. */
interface Leaf {
  readonly key: readonly JsonValue[];
  readonly node: FutureNode;
}

/** A plain object of futures as a set. The list of a set in it may not be known yet. */
function objectOf(name: string, leaves: readonly Leaf[]): SetLike {
  const depth = Math.max(...leaves.map(({key, node}) => key.length + (node.is === 'set' ? node.variables.length : 0)));
  return {
    name,
    variables: Array.from({length: depth}, (_, i) => `key${i + 1}`),
    nodes: leaves.map(({node}) => node),
    member: leaves.map(({node}) => (node.is === 'task' ? node.kind : node.member)).find(kind => kind !== undefined),
    get members() {
      return leaves.some(({node}) => node.is === 'set' && node.members === undefined) ? undefined : membersOf(leaves);
    },
    known: async () => {
      for (const {node} of leaves) {
        const known = node.is === 'set' ? await node.known() : undefined;
        if (known?.ok === false) return known;
      }
      return ok(membersOf(leaves));
    },
  };
}

const membersOf = (leaves: readonly Leaf[]): readonly Member[] =>
  leaves.flatMap(({key, node}) =>
    node.is === 'task'
      ? [{key, node}]
      : (node.members ?? []).map(member => ({key: [...key, ...member.key], node: member.node})),
  );

/** JSON with futures somewhere in it: each stands as its placeholder, which becomes a path or a value's text before hashing. */
function textual(value: JsonValue, name: string, context: MagicContext): Result<Source, Problem> {
  let wrong: Problem | undefined;
  const walk = (item: JsonValue): JsonValue => {
    const id = handleOf(item);
    if (id !== undefined) {
      const node = context.node(id);
      if (node?.is === 'task') return placeholderOf(node);
      wrong ??= {
        code: 'W2032',
        severity: 'error',
        message:
          node === undefined
            ? `a future in \`${name}\` is unknown`
            : `\`${name}\` has the whole set \`${node.name}\` among other values`,
        hint: 'await it first, or take an element',
      };
      return null;
    }
    if (typeof item !== 'object' || item === null) return item;
    if (Array.isArray(item)) return item.map(walk);
    return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, walk(inner)]));
  };
  const walked = walk(value);
  return wrong === undefined ? ok({is: 'json', value: walked}) : fail(wrong);
}

/** What stands for a future in text, until its task starts (LANGUAGE 5). */
export const placeholderOf = ({name, id}: {readonly name: string; readonly id: string}): string =>
  `/weft:${name}:${id}`;

/** Gathers the handles of nested objects and arrays; false where something else lies among them. */
function collect(value: JsonValue, key: readonly JsonValue[], into: Leaf[], context: MagicContext): boolean {
  const id = handleOf(value);
  if (id !== undefined) {
    const node = context.node(id);
    if (node !== undefined) into.push({key, node});
    return node !== undefined;
  }
  if (typeof value !== 'object' || value === null) return false;
  const entries: readonly (readonly [JsonValue, JsonValue])[] = Array.isArray(value)
    ? value.map((item: JsonValue, i) => [i, item] as const)
    : Object.entries(value);
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
      return fail({
        code: 'W2031',
        severity: 'error',
        message: `\`${name}\`: ${evaluated.error.ename}: ${evaluated.error.evalue}`,
        hint: 'it is JavaScript of the notebook: try it in a cell of its own',
      });
    case 'other':
      return fail({
        code: 'W2032',
        severity: 'error',
        message: `\`${name}\` is ${evaluated.type}: neither JSON nor a future`,
        hint: 'give a future, a text, a number, or lists and plain objects of these',
      });
    case 'deferred':
      return fail({
        code: 'W2032',
        severity: 'error',
        message: `\`${name}\` waits for a value`,
        hint: 'await it in a cell of its own first',
      });
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
    return fail({
      code: 'W4010',
      severity: 'error',
      span,
      message: `\`${reference.name}\` is no set: it can't be indexed`,
      hint: `write \`${reference.name}\``,
    });
  }
  const {set} = source;
  if (keys.length === 0 && !whole) {
    const variable = set.variables.find(name => Object.hasOwn(row, name));
    if (variable !== undefined) {
      const message = `\`${reference.name}\` is a whole set inside a loop over its variable \`${variable}\``;
      const hint = `write \`${reference.name}[${variable}]\` for the element of this round, or \`${reference.name}[*]\` for the whole set`;
      return fail({code: 'W4011', severity: 'error', span, message, hint});
    }
  }
  if (keys.length > set.variables.length) {
    return fail({
      code: 'W4012',
      severity: 'error',
      span,
      message: `\`${reference.name}\` has ${set.variables.length} variable${set.variables.length === 1 ? '' : 's'} (${set.variables.join(', ')}), but ${keys.length} indexes stand here`,
      hint: 'write one for each of them, the outer variable first',
    });
  }
  const prefix = keys.map(index =>
    index.is === 'bare' && Object.hasOwn(row, index.text) ? keyText(row[index.text] ?? null) : index.text,
  );
  const label = prefix.length === 0 ? reference.name : `${reference.name}[${prefix.join('][')}]`;
  const narrowed: Source = {is: 'set', label, set, prefix};
  if (set.members === undefined) return ok(narrowed);
  const found = select(set.members, prefix);
  if (found.length === 0 && set.members.length > 0) {
    const at = keys.length - 1;
    const some = [...new Set(set.members.map(({key}) => keyText(key[at] ?? null)))].slice(0, 12);
    return fail({
      code: 'W4013',
      severity: 'error',
      span: keys[at]?.span ?? span,
      message: `\`${label}\` has no element`,
      hint: `\`${set.variables[at] ?? ''}\` is one of ${some.join(', ')}`,
    });
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
  source.is === 'task' ? [source.node] : source.is === 'set' ? source.set.nodes : [];

/** Why something that reads `label` can't go on. */
export const stopText = (label: string, stop: Stop): string =>
  stop.is === 'failed'
    ? `${label} failed`
    : stop.blocked.because.includes(label)
      ? stop.blocked.because
      : `${label} is blocked`;
