import {existsSync, readFileSync, statSync} from 'node:fs';
import {join, relative, resolve} from 'node:path';
import type {Span} from '../../kernel/cell/source.js';
import {readFingerprint, type Digest, type Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {fingerprintOfRecipe, type Recipe} from '../../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Work} from '../../kernel/graph/work.js';
import type {Draft, Made, MagicContext, Problem} from '../../kernel/session/magic.js';
import type {Stop, TaskNode} from '../../kernel/session/node.js';
import {filesBelow} from '../script-inputs.js';
import {dataIdsOf} from './dataset.js';
import {FrozenWork} from './frozen-work.js';
import {rerunProblems} from './line-problems.js';
import {PersonWork} from './person-work.js';
import {REPOSITORY_CFG, readRepositoryCfg} from './repository-cfg.js';
import {personsRerun, readRoot, rerunsOf, type RootRepository} from './root-repository.js';

/** A person's rerun that is to be frozen: by its name, or as the future of the cell that ran in it. */
export interface Frozen {
  readonly name: string;
  readonly span?: Span;
  readonly node?: TaskNode;
  /** Futures of all persons' reruns: those that run in this one are waited for. */
  readonly writers: readonly TaskNode[];
}

/** A parent of a rerun: a result of Weft's own, or another person's rerun, which is frozen too. */
interface FrozenParent {
  readonly directory: string;
  readonly fingerprint: Fingerprint;
}

/** The root that a name of a rerun belongs to: that of `%repo`. */
function rootOf(context: MagicContext): Result<RootRepository, Problem> {
  const {repo} = context.settings;
  if (repo === undefined)
    return fail({
      code: 'W5006',
      severity: 'error',
      message: 'no root repository is named',
      hint: 'put `%repo DATA` in a cell before',
    });
  const root = readRoot(repo);
  return root.ok ? root : fail({code: 'W7005', severity: 'error', message: root.error});
}

/** Plans the freezing of a person's rerun: a task whose recipe is what the rerun holds now, or when the cell that runs in it ends. */
export function draftFrozen(
  {name, span, node, writers}: Frozen,
  context: MagicContext,
): Result<Draft, readonly Problem[]> {
  const at = span === undefined ? {} : {span};
  const root = rootOf(context);
  if (node === undefined) {
    const problems = rerunProblems(name, false, span);
    if (problems.length > 0) return fail(problems);
    if (!root.ok) return fail([{...root.error, ...at}]);
    // A cell that has just been run may be about to make it.
    const directory = personsRerun(root.value.path, name);
    const coming = writers.some(({entry}) => entry === undefined || isIn(entry.task.work, directory));
    if (!coming && !isDirectory(directory))
      return fail([
        {
          code: 'W7052',
          severity: 'error',
          message: `there is no rerun \`${name}\`: ${directory} is no directory`,
          hint: 'it takes the name of a rerun of yours, or of the future of a cell with `--rerun`',
          ...at,
        },
      ]);
  }
  let made: FrozenWork | undefined;
  let parents: readonly string[] = [];
  return ok({
    name: 'adopt',
    key: name,
    kind: 'repo',
    needs: node === undefined ? [] : [node],
    make: async () => {
      const place = await placeOf(node, name, root, writers);
      if (!place.ok) return place.error;
      const frozen = await freeze(place.value.root, place.value.directory, name, context, []);
      if (!frozen.ok) return frozen.error;
      if (frozen.value.made.is === 'task' && frozen.value.made.task.work instanceof FrozenWork)
        made = frozen.value.made.task.work;
      parents = frozen.value.parents;
      return frozen.value.made;
    },
    settle: ({directory = made?.directory ?? '', outputs}) => ({
      is: 'repo',
      path: directory,
      root: resolve(directory, '../../..'),
      rerun: relative(resolve(directory, '../..'), directory),
      parents,
      dataIds: dataIdsOf(outputs.map(({path}) => path)),
    }),
  });
}

async function placeOf(
  node: TaskNode | undefined,
  name: string,
  root: Result<RootRepository, Problem>,
  writers: readonly TaskNode[],
): Promise<Result<{readonly root: RootRepository; readonly directory: string}, Stop>> {
  if (node === undefined) {
    if (!root.ok) return fail(failed(root.error.message));
    const directory = personsRerun(root.value.path, name);
    await writersEnd(writers, directory);
    if (!isDirectory(directory)) return fail(failed(`there is no rerun ${name}: ${directory} is no directory`));
    return ok({root: root.value, directory});
  }
  const known = await node.known();
  const state = await node.ended();
  if (!known.ok || state.is !== 'done') return fail({is: 'blocked', blocked: {because: node.stopWords}});
  const {work} = known.value;
  if (!(work instanceof PersonWork)) return fail(failed(`${node.label} is no person's rerun`));
  await writersEnd(
    writers.filter(writer => writer !== node),
    work.rerun,
  );
  return ok({root: work.root, directory: work.rerun});
}

/** Resolves when all that runs in a rerun has ended. */
async function writersEnd(writers: readonly TaskNode[], directory: string): Promise<void> {
  for (const writer of writers) {
    const task = await writer.known();
    if (task.ok && isIn(task.value.work, directory)) await writer.ended();
  }
}

/** Hashes what a rerun holds, freezes its parents that are persons' reruns too, and makes the task. */
async function freeze(
  root: RootRepository,
  rerun: string,
  name: string,
  context: MagicContext,
  children: readonly string[],
): Promise<Result<{readonly made: Made; readonly parents: readonly string[]}, Stop>> {
  if (children.includes(rerun)) return fail(failed(`${rerun} is a parent of itself`));
  const parents: FrozenParent[] = [];
  const needs: Fingerprint[] = [];
  for (const directory of parentsIn(root, rerun)) {
    const parent = await frozenParent(root, directory, context, [...children, rerun]);
    if (!parent.ok) return parent;
    parents.push(parent.value);
    if (parent.value.planned) needs.push(parent.value.fingerprint);
  }
  const files: Record<string, Digest> = {};
  for (const path of filesBelow(rerun, '.').filter(path => path !== REPOSITORY_CFG)) {
    const digest = await context.digest(join(rerun, path));
    if (!digest.ok) return fail(failed(digest.error));
    files[path] = digest.value;
  }
  const recipe: Recipe = {
    kind: 'adopt',
    name: 'adopt',
    arguments: {mapper: root.mapper},
    variables: {},
    inputs: parents.map(({fingerprint}) => ({is: 'task', fingerprint})),
    files,
  };
  const fingerprint = fingerprintOfRecipe(recipe);
  const directories = parents.map(({directory}) => directory);
  const work = new FrozenWork(root, rerun, directories, files, fingerprint);
  const placement = context.placement({});
  return ok({
    made: {is: 'task', task: {fingerprint, recipe, name: 'adopt', key: name, needs, placement, work, lane: rerun}},
    parents: directories,
  });
}

/** The parents of a rerun in search order, absolute, without the root. */
function parentsIn(root: RootRepository, rerun: string): readonly string[] {
  const path = join(rerun, REPOSITORY_CFG);
  if (!existsSync(path)) return [];
  const cfg = readRepositoryCfg(readFileSync(path, 'utf8'));
  const parents = cfg.ok ? cfg.value.parents : [];
  return parents
    .flatMap(parent => (parent.kind === 'path' ? [resolve(rerun, parent.path)] : []))
    .filter(directory => directory !== resolve(root.path));
}

async function frozenParent(
  root: RootRepository,
  directory: string,
  context: MagicContext,
  children: readonly string[],
): Promise<Result<FrozenParent & {readonly planned: boolean}, Stop>> {
  const node = context.nodeAt(directory);
  if (node?.is === 'task' && node.fingerprint !== undefined)
    return ok({directory, fingerprint: node.fingerprint, planned: true});
  if (!relative(rerunsOf(root.path), directory).startsWith('..')) {
    const fingerprint = fingerprintIn(directory);
    if (fingerprint !== undefined) return ok({directory, fingerprint, planned: false});
    return fail(failed(`its parent ${directory} is no result`, 'make it again, then the rerun that reads it'));
  }
  const name = relative(join(root.path, 'rerun'), directory);
  if (name.startsWith('..')) return fail(failed(`its parent ${directory} is no rerun of ${root.path}`));
  const frozen = await freeze(root, directory, name, context, children);
  if (!frozen.ok) return frozen;
  const {made, parents} = frozen.value;
  if (made.is !== 'task') return fail(failed(`its parent ${directory} can't be frozen`));
  const planned = context.plan(
    {
      name: 'adopt',
      key: name,
      kind: 'repo',
      needs: [],
      aside: true,
      make: () => Promise.resolve(made),
      settle: manifest => ({is: 'repo', path: manifest.directory ?? '', root: root.path, rerun: '', parents}),
    },
    'adopt',
  );
  await planned.known();
  return ok({directory: made.task.work.directory ?? '', fingerprint: made.task.fingerprint, planned: true});
}

/** The fingerprint of a result, as its manifest says: what keeps it from being cleaned up, as long as it is a parent. */
function fingerprintIn(directory: string): Fingerprint | undefined {
  try {
    const {fingerprint} = JSON.parse(readFileSync(join(directory, '.weft.json'), 'utf8')) as {fingerprint?: unknown};
    return typeof fingerprint === 'string' ? readFingerprint(fingerprint) : undefined;
  } catch {
    return undefined;
  }
}

const isIn = (work: Work, rerun: string): boolean => work instanceof PersonWork && work.rerun === rerun;

function isDirectory(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() === true;
}

const failed = (message: string, remedy?: string): Stop => ({
  is: 'failed',
  failure: {reason: 'start', message, ...(remedy === undefined ? {} : {remedy})},
});
