import {dirname, relative} from 'node:path';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {fingerprintOfRecipe} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {isFinal} from '../../kernel/graph/task.js';
import type {Draft, Made, MagicContext, Problem, Row} from '../../kernel/session/magic.js';
import type {FutureNode, Stop, TaskNode} from '../../kernel/session/node.js';
import type {FutureKind, Settled} from '../../kernel/typescript/messages.js';
import {rowKey} from '../script-draft.js';
import {cleanEnvironment} from '../clean-environment.js';
import {FREEZE, mutableFailure} from '../mutable.js';
import {nodesOf, stopText} from '../source.js';
import {isOneDataId, wordsOf} from './arguments.js';
import {dataIdsOf} from './dataset.js';
import type {LsstCall} from './lsst-call.js';
import {readRecipe, sliceOf, wayOf, type Way} from './lsst-recipe.js';
import {resolveParents, type ParentRerun} from './parents.js';
import {PersonWork} from './person-work.js';
import {PersonsOrder} from './persons-order.js';
import {draftLater, valuesIn} from './placed-values.js';
import {planLsst, type Plan} from './plan.js';
import {workOf} from './lsst-work.js';
import {RerunWork, type Command} from './rerun-work.js';
import {RootOrder, waitForRoot} from './root-order.js';
import {RootReader} from './root-reader.js';
import {rootIdentity} from './root-identity.js';
import {personsRerun, readRoot, type RootRepository} from './root-repository.js';
import {lookThrough, MadeAgain} from './seen-through.js';
import {makeSplit} from './split.js';

/** Plans one `%%lsst` task, or one split into parts. */
export async function draftLsst(
  call: LsstCall,
  row: Row,
  context: MagicContext,
): Promise<Result<Draft, readonly Problem[]>> {
  const planned = await planLsst(call, row, rowKey(row), context);
  if (!planned.ok) return planned;
  const {plan, notes} = planned.value;
  const draft = call.split === undefined ? draftPlan(plan, context) : draftSplit(plan, call.split, context);
  const values = valuesIn(wordsOf(plan.args), context);
  if (values.length === 0) return ok({...draft, notes});
  const fixed = context.fixed();
  return ok({...draftLater(call, plan, values, draft, context, known => draftLsst(known, row, fixed)), notes});
}

/** The futures that a plan waits for: its parents, and what its words name. */
function needsOf(plan: Plan, context: MagicContext): Draft['needs'] {
  const placed = context.placeholders(wordsOf(plan.args).join('\n')).nodes;
  const parents = plan.parents.flatMap(parent => (parent.is === 'source' ? nodesOf(parent.source) : []));
  return [...new Set([...parents, ...placed])];
}

/** What a draft waits for: what it takes, and what only comes before it. */
function waitsFor(needs: Draft['needs'], pending: readonly TaskNode[]): Pick<Draft, 'needs' | 'after'> {
  const after = pending.filter(node => !needs.includes(node));
  return {needs: [...needs, ...after], after};
}

/**
 * Plans the task of a plan.
 * @param before the tasks that it waits for because they change its root; those that are under way now, unless given
 */
export function draftPlan(plan: Plan, context: MagicContext, before?: readonly TaskNode[]): Draft {
  const way = wayOf(plan);
  const order = RootOrder.of(context.state);
  let pending = way === 'root' || plan.root === undefined ? [] : (before ?? order.pending(plan.root.path));
  const kind: FutureKind = way === 'show' ? 'value' : 'repo';
  const needs = needsOf(plan, context);
  const persons = PersonsOrder.of(context.state);
  let ahead = persons.ahead(plan);
  let settled: Settled | undefined;
  let self: TaskNode | undefined;
  const draft: Draft = {
    name: plan.call.task,
    key:
      way === 'show' && plan.normal.show.length > 0
        ? [plan.key, `--show ${plan.normal.show.join(' ')}`].filter(text => text !== '').join(' ')
        : plan.key,
    kind,
    ...waitsFor(needs, [...pending, ...ahead.writers, ...ahead.readers]),
    make: async () => {
      const written = await waitForRoot(ahead.writers);
      if (!written.ok) return written.error;
      await Promise.all(ahead.readers.map(node => node.ended()));
      // It takes its place among readers and writers, unless it has to wait for more than these.
      const waited =
        self !== undefined && plan.root !== undefined && way !== 'root' && needs.every(isKnown)
          ? await order.read(plan.root.path, self, pending)
          : await order.wait(plan.root?.path ?? '', self, pending);
      if (!waited.ok) return waited.error;
      const made = await makeTask(plan, way, self, context);
      if (made.ok) {
        settled = made.value.settled;
        return made.value.made;
      }
      return made.error;
    },
    settle: manifest =>
      kind === 'value'
        ? {is: 'value', value: manifest.value ?? null}
        : settled === undefined
          ? {is: 'failed', name: plan.call.task, message: 'it is not known yet'}
          : settled.is === 'repo' && way === 'rerun'
            ? {...settled, dataIds: dataIdsOf(manifest.outputs.map(({path}) => path))}
            : settled,
    planned: node => {
      self = node;
      ahead = persons.planned(node, plan) ?? ahead;
      if (plan.root === undefined) return;
      if (way !== 'root') pending = order.before(node) ?? pending;
      if (way === 'root') order.wrote(plan.root.path, node, context.cell);
      else order.reads(node);
    },
    ...(way === 'person' ? {mutable: true} : {}),
  };
  return draft;
}

/** Plans a task that is split into one for each combination of some keys of its data ids. */
function draftSplit(plan: Plan, keys: readonly string[], context: MagicContext): Draft {
  const order = RootOrder.of(context.state);
  let pending = plan.root === undefined ? [] : order.pending(plan.root.path);
  let join: TaskNode | undefined;
  let self: TaskNode | undefined;
  return {
    name: plan.call.task,
    key: plan.key,
    kind: 'repo',
    ...waitsFor(needsOf(plan, context), pending),
    make: async () => {
      const waited = await order.wait(plan.root?.path ?? '', self, pending);
      if (!waited.ok) return waited.error;
      const made = await makeSplit(
        plan,
        keys,
        part => draftPlan(part, context, pending),
        () => self?.state.is === 'cancelled',
        context,
      );
      if (made.is === 'node') join = made.node;
      return made;
    },
    planned: node => {
      self = node;
      pending = order.before(node) ?? pending;
    },
    settle: manifest =>
      join?.draft.settle(manifest) ?? {is: 'failed', name: plan.call.task, message: 'it is not known yet'},
  };
}

const failed = (message: string, remedy?: string): Stop => ({
  is: 'failed',
  failure: {reason: 'start', message, ...(remedy === undefined ? {} : {remedy})},
});

/** Whether all that a task takes of a future, before it runs itself, is there. */
const isKnown = (node: FutureNode): boolean =>
  node.is === 'set'
    ? node.members?.every(member => isKnown(member.node)) === true
    : node.fingerprint !== undefined && (node.draft.mutable !== true || isFinal(node.state));

async function makeTask(
  plan: Plan,
  way: Way,
  node: TaskNode | undefined,
  context: MagicContext,
): Promise<Result<{readonly made: Made; readonly settled: Settled}, Stop>> {
  const resolved = await resolveParents(plan.parents, plan.call.options.allowFailed, context);
  if (!resolved.ok) return resolved;
  const {joins} = resolved.value;
  const root = rootOf(plan, resolved.value.parents);
  if (!root.ok) return root;
  const named = plan.parents.flatMap((parent): readonly ParentRerun[] =>
    parent.is === 'rerun'
      ? [{directory: personsRerun(root.value.path, parent.name), label: `rerun:${parent.name}`, mutable: true}]
      : [],
  );
  const parents = [...resolved.value.parents, ...named];
  const mutable = parents.find(parent => parent.mutable);
  if (mutable !== undefined && way !== 'person')
    return fail(
      failed(
        `${mutable.label} is a person's rerun, which may change at any time: it can't be the input of a cached task`,
        FREEZE,
      ),
    );
  const stranger = parents.find(({directory}) => relative(root.value.path, directory).startsWith('..'));
  if (stranger !== undefined)
    return fail(
      failed(
        `${stranger.label} is a rerun of another root: ${stranger.directory} is not below ${root.value.path}`,
        'name its root with `%repo`, or `--repo`',
      ),
    );
  const words = wordsOf(plan.args);
  const placed = context.placeholders(words.join('\n'));
  const fingerprints = new Map<TaskNode, Fingerprint>();
  for (const node of placed.nodes) {
    const known = await node.known();
    if (!known.ok) return fail({is: 'blocked', blocked: {because: stopText(node.label, known.error)}});
    const mutable = mutableFailure(node, known.value);
    if (mutable !== undefined) return fail({is: 'failed', failure: mutable});
    fingerprints.set(node, known.value.fingerprint);
  }
  const fill = (text: string): string => context.placeholders(text).replace(fingerprints);
  const order = RootOrder.of(context.state);
  const {path: place} = root.value;
  if (way !== 'root' && node !== undefined) await order.read(place, node, []);
  const read = await readRecipe(plan, way, root.value, parents, [...fingerprints.values()], fill, path =>
    context.digest(path),
  );
  if (!read.ok) return fail(failed(read.error, 'give yourself the right to read it, or ask its owner'));
  const recipe = read.value;
  const fingerprint = fingerprintOfRecipe(recipe);
  const filled = words.map(fill);
  const alone =
    plan.entry.common &&
    (way === 'rerun' || way === 'person') &&
    isOneDataId(plan.normal) &&
    !words.includes('--doraise');
  const command: Command = {
    root: root.value,
    environment: cleanEnvironment(plan.setup.environment, plan.environment),
    setup: plan.setup.text,
    directory: context.directory,
    program: plan.program,
    words: alone ? [...filled, '--doraise'] : filled,
    code: [...context.settings.code],
    inside: plan.container !== undefined,
  };
  const directories = parents.map(({directory}) => directory);
  const again = new MadeAgain(directories, context);
  const plain = workOf(plan, way, command, directories, fingerprint, context);
  const identity = recipe.inputs.flatMap(input => (input.is === 'root' ? [input.identity] : []))[0];
  // A person's rerun is no result, and keeps what was written.
  const work =
    identity === undefined || way === 'person'
      ? plain
      : new RootReader(plain, {
          path: place,
          identity,
          take: () => rootIdentity(root.value, sliceOf(plan, parents), path => context.digest(path)),
          changes: () => order.changes(place),
          ...(parents.length === 0
            ? {}
            : {through: (since: number) => lookThrough(directories, path => context.digest(path), since)}),
        });
  const lane = way === 'root' ? root.value.path : work instanceof PersonWork ? work.rerun : undefined;
  const made: Made = {
    is: 'task',
    task: {
      fingerprint,
      recipe,
      name: plan.call.task,
      key: plan.key,
      needs: [
        ...new Set([
          ...parents.flatMap(parent => (parent.fingerprint === undefined ? [] : [parent.fingerprint])),
          ...fingerprints.values(),
        ]),
      ],
      placement: context.placement(plan.call.options, plan.container),
      work,
      ...(plan.contents.size === 0 ? {} : {contents: plan.contents}),
      ...(plan.call.options.force || way === 'person' ? {force: true} : {}),
      ...(lane === undefined ? {} : {lane}),
      ...(work instanceof PersonWork ? {laneClaims: work.laneClaims} : {}),
      ...(plain instanceof RerunWork && plan.entry.writes && !plan.call.options.allowEmpty
        ? {lacks: (manifest: Manifest) => plain.lacks(manifest)}
        : {}),
      ...(node === undefined ? {} : {turn: () => again.turn() ?? order.turn(place, node, way === 'root')}),
    },
  };
  const path = way === 'root' ? root.value.path : work instanceof PersonWork ? work.rerun : (work.directory ?? '');
  const rerun = way === 'root' ? '' : relative(`${root.value.path}/rerun`, path);
  const settled: Settled = {is: 'repo', path, root: root.value.path, rerun, parents: directories};
  if (joins.length === 0) return ok({made, settled});
  const inner: Draft = {
    name: plan.call.task,
    key: plan.key,
    kind: way === 'show' ? 'value' : 'repo',
    needs: joins,
    make: () => Promise.resolve(made),
    settle: manifest => (way === 'show' ? {is: 'value', value: manifest.value ?? null} : settled),
  };
  return ok({made: {is: 'node', node: context.plan(inner, plan.call.task), parts: joins}, settled});
}

/** The root: the one that is named, else the one that the first parent is a rerun of. */
function rootOf(plan: Plan, parents: readonly ParentRerun[]): Result<RootRepository, Stop> {
  if (plan.root !== undefined) return ok(plan.root);
  const [first] = parents;
  if (first === undefined) return fail(failed('no repository is named', 'run `%repo DATA` in a cell before'));
  const root = readRoot(dirname(dirname(dirname(first.directory))));
  return root.ok ? root : fail(failed(root.error, 'run `%repo DATA` in a cell before'));
}
