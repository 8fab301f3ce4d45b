import type {JsonValue} from '../../kernel/fingerprint/json.js';
import type {Draft, Made, MagicContext} from '../../kernel/session/magic.js';
import {stopText} from '../source.js';
import {PLAIN_OPTIONS} from '../join-call.js';
import {draftJoin} from '../join-draft.js';
import type {Argument} from './arguments.js';
import {formatDataId, normalizeDataIds, type DataId} from './data-id.js';
import {resolveParents} from './parents.js';
import type {Plan} from './plan.js';

const failed = (message: string, remedy: string): Made => ({is: 'failed', failure: {reason: 'start', message, remedy}});

/**
 * Asks the task for its data ids (`--show data`), plans one task for each combination of the keys, and a join of them all
 * (LANGUAGE 8). A part is the same task as one that is written by hand with this data id.
 * @param draft plans the task of a plan
 * @param cancelled whether it was given up meanwhile
 */
export async function makeSplit(
  plan: Plan,
  keys: readonly string[],
  draft: (plan: Plan) => Draft,
  cancelled: () => boolean,
  context: MagicContext,
): Promise<Made> {
  const {call} = plan;
  const resolved = await resolveParents(plan.parents, call.options.allowFailed, context);
  if (!resolved.ok) return resolved.error;
  const asked = context.plan({...draft(showing(plan)), aside: true}, call.task);
  const known = await asked.known();
  if (!known.ok) return {is: 'blocked', blocked: {because: stopText(asked.label, known.error)}};
  const shown = await asked.settled();
  if (shown.is !== 'value')
    return {is: 'blocked', blocked: {because: `${asked.label} failed`, fingerprint: known.value.fingerprint}};
  if (cancelled()) return {is: 'blocked', blocked: {because: `${call.task} was cancelled`}};
  const ids = (Array.isArray(shown.value) ? shown.value : []) as readonly Readonly<Record<string, JsonValue>>[];
  const [first] = ids;
  // What it then would do is nothing: it is one task, as if it were not split.
  if (first === undefined && call.options.allowEmpty)
    return {is: 'node', node: context.plan(draft(plan), call.task), parts: resolved.value.joins};
  if (first === undefined)
    return failed(
      `${call.task} has no data to split: \`--show data\` shows none`,
      'see that the input is there, and that `--id` names what is in it',
    );
  const missing = keys.find(key => !(key in first));
  if (missing !== undefined)
    return failed(
      `the data ids of ${call.task} have no key \`${missing}\``,
      `they have ${Object.keys(first).join(', ')}`,
    );
  const own = [...new Set((plan.normal.ids['id'] ?? []).flatMap(id => Object.keys(id)))];
  const kept = [...new Set([...own, ...keys])];
  const groups = new Map<string, {key: string; ids: DataId[]}>();
  for (const id of ids) {
    const text = (names: readonly string[]): DataId =>
      Object.fromEntries(
        names.flatMap(name => (id[name] === undefined ? [] : [[name, String(id[name] as string | number)]])),
      );
    const key = formatDataId(text(keys));
    const group = groups.get(key) ?? {key, ids: []};
    group.ids.push(text(kept));
    groups.set(key, group);
  }
  const parts = [...groups.values()].map(({key, ids: members}) =>
    context.plan(draft(partOf(plan, key, normalizeDataIds(members))), call.task),
  );
  const join = draftJoin(
    {
      members: parts.map(node => ({label: node.label, source: {is: 'task', node}})),
      mode: 'auto',
      options: {...PLAIN_OPTIONS, allowFailed: call.options.allowFailed},
      problems: [],
    },
    [call.task, plan.key].filter(text => text !== '').join(' '),
    context,
  );
  if (!join.ok) return failed(join.error.map(({message}) => message).join('; '), '');
  const whole = context.plan(join.value, call.task);
  return {is: 'node', node: whole, parts: [...resolved.value.joins, ...parts], work: parts};
}

/** The same task, only asked for its data ids. */
function showing(plan: Plan): Plan {
  const word = (text: string): {text: string; glob: boolean} => ({text, glob: false});
  const show: Argument = {name: 'show', typed: word('--show'), values: [word('data')]};
  return {...plan, args: [...plan.args, show], normal: {...plan.normal, show: ['data']}};
}

/** The same task with other data ids. */
function partOf(plan: Plan, key: string, ids: readonly DataId[]): Plan {
  const options: readonly Argument[] = ids.map(id => ({
    name: 'id',
    typed: {text: '--id', glob: false},
    values: Object.entries(id).map(([name, value]) => ({text: `${name}=${value}`, glob: false})),
  }));
  const at = plan.args.findIndex(({name}) => name === 'id');
  const others = plan.args.filter(({name}) => name !== 'id');
  const args = [...others.slice(0, Math.max(at, 0)), ...options, ...others.slice(Math.max(at, 0))];
  const fullKey = [plan.key, key].filter(text => text !== '').join(' ');
  return {...plan, args, key: fullKey, normal: {...plan.normal, ids: {...plan.normal.ids, id: ids}}};
}
