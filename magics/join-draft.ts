import {dirname} from 'node:path';
import type {Fingerprint} from '../kernel/fingerprint/fingerprint.js';
import {fingerprintOfRecipe, type Recipe} from '../kernel/graph/recipe.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {Task, Work} from '../kernel/graph/work.js';
import type {Draft, Made, MagicContext, Problem} from '../kernel/session/magic.js';
import type {FutureNode, Stop, TaskNode} from '../kernel/session/node.js';
import type {FutureKind, Settled} from '../kernel/typescript/messages.js';
import type {JoinCall} from './join-call.js';
import {FilesJoinWork} from './join-files.js';
import {RepoJoinWork} from './join-repos.js';
import {dataIdsOf} from './lsst/dataset.js';
import {filesBelow} from './script-inputs.js';
import {FREEZE} from './mutable.js';
import {nodesOf, select, stopText, type Source} from './source.js';

/** What of a join is hashed, besides its members. */
type JoinArguments = {
  /** How a rerun of several is made, where the person says it: a farm of links has other files than a chain. Absent: `auto`. */
  readonly mode?: string;
  /** Fingerprints of the members that hold where two have different data of one name. */
  readonly prefer?: readonly string[];
  /** Members that failed and were allowed to (`--allow-failed`), by fingerprint or name: what is joined lacks them. */
  readonly missing?: readonly string[];
};

/** Above this many members a chain of parents costs more to read than a farm of links costs to make. */
const MOST_PARENTS = 8;

/** The tasks that a source stands for, as far as they are known by now. */
export function tasksNow(source: Source): readonly TaskNode[] | undefined {
  if (source.is === 'task') return [source.node];
  if (source.is === 'json') return [];
  return source.set.members === undefined ? undefined : select(source.set.members, source.prefix).map(({node}) => node);
}

/** The tasks that a source stands for; waits for a set whose list is not known yet. */
async function tasksOf(source: Source): Promise<Result<readonly TaskNode[], Stop>> {
  if (source.is !== 'set') return ok(tasksNow(source) ?? []);
  const known = await source.set.known();
  return known.ok ? ok(select(known.value, source.prefix).map(({node}) => node)) : known;
}

/** What a source gives, as far as it is known: of a set by what makes it, while its list is not. */
function kindsNow(source: Source): readonly (FutureKind | 'json')[] {
  if (source.is === 'json') return ['json'];
  const tasks = tasksNow(source);
  if (tasks !== undefined) return tasks.map(({kind}) => kind);
  const member = source.is === 'set' ? source.set.member : undefined;
  return member === undefined ? [] : [member];
}

/** What the members of a join are, as far as it is known; `mixed` can't be joined. */
function kindNow(call: JoinCall): FutureKind | 'mixed' {
  const kinds = new Set(
    call.members.flatMap(({source}) => kindsNow(source).map(kind => (kind === 'json' ? 'value' : kind))),
  );
  const [kind = 'repo'] = kinds;
  return kinds.size > 1 ? 'mixed' : kind;
}

const WHAT: Readonly<Record<string, string>> = {
  value: 'a value',
  files: 'a directory of files',
  repo: 'a rerun',
  set: 'a set',
  json: 'a plain value',
};

/** Plans a join. Its members may be unknown yet, or fail. */
export function draftJoin(call: JoinCall, key: string, context: MagicContext): Result<Draft, readonly Problem[]> {
  const problems: Problem[] = [...call.problems];
  const kind = kindNow(call);
  for (const {label, source, span} of call.members) {
    const kinds = kindsNow(source);
    const wrong = kinds.find(each => each !== 'repo' && each !== 'files') ?? (kind === 'mixed' ? kinds[0] : undefined);
    if (wrong === undefined) continue;
    const message =
      kind === 'mixed'
        ? `reruns and files can't be joined: \`${label}\` is ${WHAT[wrong] ?? wrong}`
        : `\`${label}\` is ${WHAT[wrong] ?? wrong}: it can't be joined`;
    problems.push({
      code: 'W4021',
      severity: 'error',
      message,
      hint: 'a join takes reruns, or directories of files',
      ...(span === undefined ? {} : {span}),
    });
  }
  if (problems.some(({severity}) => severity === 'error') || kind === 'mixed') return fail(problems);
  let made: RepoJoinWork | undefined;
  return ok({
    name: 'join',
    key,
    kind,
    ...(call.notes === undefined ? {} : {notes: call.notes}),
    needs: [
      ...new Set(
        [...call.members, ...(call.prefer === undefined ? [] : [call.prefer])].flatMap(({source}) => nodesOf(source)),
      ),
    ],
    make: async () => {
      const task = await makeJoin(call, key, kind, context);
      if (task.is === 'task' && task.task.work instanceof RepoJoinWork) made = task.task.work;
      return task;
    },
    settle: manifest =>
      settleJoin(
        kind,
        manifest.directory ?? '',
        manifest.outputs.map(({path}) => path),
        made,
      ),
  });
}

function settleJoin(kind: FutureKind, path: string, files: readonly string[], work: RepoJoinWork | undefined): Settled {
  if (kind === 'files') return {is: 'files', path, files};
  const root = dirname(dirname(dirname(path)));
  const members = work?.members ?? [];
  const dataIds = dataIdsOf(members.length > 0 ? members.flatMap(member => filesBelow(member, '.')) : files);
  return {is: 'repo', path, root, rerun: path.slice(`${root}/rerun/`.length), parents: members, dataIds};
}

const failed = (message: string, remedy?: string): Extract<Made, {is: 'failed'}> => ({
  is: 'failed',
  failure: {reason: 'start', message, ...(remedy === undefined ? {} : {remedy})},
});

async function makeJoin(call: JoinCall, key: string, planned: FutureKind, context: MagicContext): Promise<Made> {
  const nodes: TaskNode[] = [];
  for (const {label, source} of call.members) {
    const members = await tasksOf(source);
    if (!members.ok)
      return members.error.is === 'failed' ? {is: 'blocked', blocked: {because: `${label} failed`}} : members.error;
    nodes.push(...members.value.filter(node => !nodes.includes(node)));
  }
  if (nodes.length === 0) return failed(`there is nothing to join: ${key === '' ? 'the set' : key} is empty`);
  const preferred = call.prefer === undefined ? ok([]) : await tasksOf(call.prefer.source);
  if (!preferred.ok) return preferred.error;
  const known = await membersOf(nodes, call.options.allowFailed);
  if (!known.ok) return known.error;
  const {members, missing} = known.value;
  const wrong = members.find(({node}) => node.kind !== planned);
  if (wrong !== undefined)
    return failed(
      `reruns and files can't be joined: ${wrong.node.label} is ${WHAT[wrong.node.kind] ?? wrong.node.kind}`,
    );
  const own = members.find(({task}) => task.work.directory === undefined);
  if (own !== undefined)
    return failed(`${own.node.label} is a person's rerun, which may change at any time: it can't be joined`, FREEZE);
  // The order of members means nothing, unless one is preferred: then it is theirs, the preferred ones first.
  const isPreferred = (node: FutureNode): boolean => preferred.value.some(each => each === node);
  const unique = [...new Map(members.map(member => [member.task.fingerprint, member])).values()];
  const ordered =
    call.prefer === undefined
      ? unique.sort((a, b) => (a.task.fingerprint < b.task.fingerprint ? -1 : 1))
      : [...unique.filter(({node}) => isPreferred(node)), ...unique.filter(({node}) => !isPreferred(node))];
  const prefer = ordered.filter(({node}) => isPreferred(node)).map(({task}) => task.fingerprint);
  const fingerprints = ordered.map(({task}) => task.fingerprint);
  const args: JoinArguments = {
    ...(planned === 'repo' && call.mode !== 'auto' ? {mode: call.mode} : {}),
    ...(prefer.length === 0 ? {} : {prefer}),
    ...(missing.length === 0 ? {} : {missing}),
  };
  const recipe: Recipe = {
    kind: 'join',
    name: 'join',
    arguments: args,
    variables: {},
    inputs: fingerprints.map(fingerprint => ({is: 'task', fingerprint})),
  };
  const fingerprint = fingerprintOfRecipe(recipe);
  const parts = ordered.map(({node, task}) => ({
    label: memberLabel(node),
    fingerprint: task.fingerprint,
    directory: task.work.directory ?? '',
    preferred: isPreferred(node),
  }));
  const chain = call.mode === 'chain' || (call.mode === 'auto' && parts.length <= MOST_PARENTS);
  let work: Work;
  if (planned === 'files')
    work = new FilesJoinWork(parts, context.places.work('join', fingerprint), fingerprint, context.places.claims);
  else work = new RepoJoinWork(parts, chain, fingerprint);
  const task: Task = {
    fingerprint,
    recipe,
    name: 'join',
    key,
    needs: fingerprints,
    placement: context.placement({}),
    work,
    ...(call.options.force ? {force: true} : {}),
  };
  return {is: 'task', task};
}

/** How a member is called in messages: `warps[HSC-R]`, and a part of a split by its data id. */
const memberLabel = (node: TaskNode): string =>
  node.index.length > 0 || node.draft.key === '' ? node.label : `${node.draft.name} ${node.draft.key}`;

interface KnownMember {
  readonly node: TaskNode;
  readonly task: Task;
}

/** The members with their tasks. With an allowance, waits until all have ended and leaves out those that failed. */
async function membersOf(
  nodes: readonly TaskNode[],
  allowFailed: number,
): Promise<Result<{readonly members: readonly KnownMember[]; readonly missing: readonly string[]}, Stop>> {
  const members: KnownMember[] = [];
  const missing: {readonly name: string; readonly because: string; readonly fingerprint?: Fingerprint}[] = [];
  for (const node of nodes) {
    const known = await node.known();
    const state = allowFailed > 0 ? await node.ended() : undefined;
    if (known.ok && (state === undefined || state.is === 'done')) members.push({node, task: known.value});
    else if (known.ok)
      missing.push({
        name: known.value.fingerprint,
        because: `${node.label} failed`,
        fingerprint: known.value.fingerprint,
      });
    // Names are not hashed; of what it would be nothing is known but its key.
    else missing.push({name: node.index.join(), because: stopText(node.label, known.error)});
  }
  const [first] = missing;
  if (first !== undefined && (missing.length > allowFailed || members.length === 0)) {
    const because =
      missing.length === 1
        ? first.because
        : `${missing.length} of its ${nodes.length} members failed, ${first.because} among them`;
    return fail({
      is: 'blocked',
      blocked: {because, ...(first.fingerprint === undefined ? {} : {fingerprint: first.fingerprint})},
    });
  }
  return ok({members, missing: missing.map(({name}) => name).sort()});
}
