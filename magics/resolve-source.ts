import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';
import type {Variable} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Stop, TaskNode} from '../kernel/session/node.js';
import {entryName, keyText} from './entry-name.js';
import {mutableFailure} from './mutable.js';
import {select, stopText, type Source} from './source.js';

/** A source whose futures are known: what the recipe holds, and the tasks that must be done first. */
export interface Resolved {
  readonly variable: Variable;
  readonly needs: readonly Fingerprint[];
  /** Members of a set that failed and were allowed to: by fingerprint, or by key where that is not known. */
  readonly missing?: readonly string[];
}

/**
 * Waits until a source can stand in a recipe: its fingerprints are known, and values are there.
 * @param allowFailed so many members of a set may have failed: with an allowance, it is waited for the end of all
 */
export async function resolveSource(source: Source, allowFailed = 0): Promise<Result<Resolved, Stop>> {
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
  const all = await Promise.all(
    members.map(async ({key, node}) => ({
      key,
      node,
      resolved: await (allowFailed > 0 ? resolveEnded(node) : resolveTask(node)),
    })),
  );
  const stopped = all.flatMap(({key, node, resolved}) => (resolved.ok ? [] : [{key, node, stop: resolved.error}]));
  const [first] = stopped;
  if (first !== undefined && (stopped.length > allowFailed || stopped.length === all.length)) {
    if (allowFailed === 0 || stopped.length === 1 || first.stop.is !== 'blocked') return fail(first.stop);
    const because = `${stopped.length} of its ${all.length} members failed, ${first.stop.blocked.because} among them`;
    return fail({is: 'blocked', blocked: {...first.stop.blocked, because}});
  }
  const missing = stopped.map(({key, node}) => node.fingerprint ?? entryName(key)).sort();
  const lacking = missing.length === 0 ? {} : {missing};
  const done = all.flatMap(({key, resolved}) => (resolved.ok ? [{key, ...resolved.value}] : []));
  if (done.every(({variable}) => variable.is === 'json') && (done.length > 0 || source.set.member === 'value')) {
    return ok({
      variable: {
        is: 'json',
        value: nested(done.map(({key, variable}) => ({key, value: variable.is === 'json' ? variable.value : null}))),
      },
      needs: [],
      ...lacking,
    });
  }
  const value = done.find(({variable}) => variable.is !== 'task');
  if (value !== undefined)
    return fail({
      is: 'failed',
      failure: {
        reason: 'start',
        message: `\`${source.label}\` has values and files in it: take its elements one by one`,
      },
    });
  // A directory has no order: a loop's list in another order gives the same one.
  const entries = done
    .map(
      ({key, variable}) =>
        [entryName(key), variable.is === 'task' ? variable.fingerprint : ('' as Fingerprint)] as const,
    )
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return ok({variable: {is: 'set', entries}, needs: done.flatMap(({needs}) => needs), ...lacking});
}

/** The same once its task has ended, and well. */
async function resolveEnded(node: TaskNode): Promise<Result<Resolved, Stop>> {
  const resolved = await resolveTask(node);
  if (!resolved.ok || node.kind === 'value' || (await node.ended()).is === 'done') return resolved;
  const {fingerprint} = node;
  return fail({
    is: 'blocked',
    blocked: {because: node.stopWords, ...(fingerprint === undefined ? {} : {fingerprint})},
  });
}

async function resolveTask(node: TaskNode): Promise<Result<Resolved, Stop>> {
  if (node.kind === 'value') {
    const settled = await node.settled();
    if (settled.is === 'value') return ok({variable: {is: 'json', value: settled.value}, needs: []});
    const {fingerprint} = node;
    return fail({
      is: 'blocked',
      blocked: {because: node.stopWords, ...(fingerprint === undefined ? {} : {fingerprint})},
    });
  }
  const known = await node.known();
  if (!known.ok) return fail({is: 'blocked', blocked: {because: stopText(node.label, known.error)}});
  const failure = mutableFailure(node, known.value);
  if (failure !== undefined) return fail({is: 'failed', failure});
  return ok({variable: {is: 'task', fingerprint: known.value.fingerprint}, needs: [known.value.fingerprint]});
}

function nested(entries: readonly {readonly key: readonly JsonValue[]; readonly value: JsonValue}[]): JsonValue {
  const result = new Map<string, JsonValue>();
  const groups = new Map<string, {key: readonly JsonValue[]; value: JsonValue}[]>();
  for (const {key, value} of entries) {
    const [first, ...rest] = key;
    const name = keyText(first ?? null);
    if (rest.length === 0) result.set(name, value);
    else groups.set(name, [...(groups.get(name) ?? []), {key: rest, value}]);
  }
  for (const [name, group] of groups) result.set(name, nested(group));
  // As own properties, whatever their names.
  return Object.fromEntries(result);
}
