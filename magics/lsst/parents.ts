import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {Draft, MagicContext, Problem} from '../../kernel/session/magic.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Member, Stop, TaskNode} from '../../kernel/session/node.js';
import {PLAIN_OPTIONS} from '../join-call.js';
import {draftJoin, tasksNow} from '../join-draft.js';
import {FREEZE} from '../mutable.js';
import {keyText, select, stopText, type Source} from '../source.js';
import type {Parent} from './lsst-call.js';
import {PersonWork} from './person-work.js';
import {RootWork} from './root-work.js';

/** A parent rerun whose place is known. */
export interface ParentRerun {
  readonly directory: string;
  readonly label: string;
  /** Absent for a person's rerun by name. */
  readonly fingerprint?: Fingerprint;
  /** A person's rerun: it may change at any time. */
  readonly mutable: boolean;
}

/** What a task's parents have come to. */
export interface ResolvedParents {
  readonly parents: readonly ParentRerun[];
  /** Joins that were made for whole sets. */
  readonly joins: readonly TaskNode[];
}

const WHAT: Readonly<Record<string, string>> = {value: 'a value', files: 'a directory of files'};

/** What can be said against the parents of a task before anything runs. `person`: it runs in a person's rerun. */
export function parentProblems(parents: readonly Parent[], person: boolean): readonly Problem[] {
  return parents.flatMap((parent): readonly Problem[] => {
    const at = parent.span === undefined ? {} : {span: parent.span};
    if (parent.is === 'rerun') {
      if (person) return [];
      return [
        {
          code: 'W5011',
          severity: 'error',
          message: `\`rerun:${parent.name}\` may change at any time: it can't be the input of a cached task`,
          hint: 'run in a rerun of your own with `--rerun NAME`; or make it in a `%%lsst` cell without `--rerun`',
          ...at,
        },
      ];
    }
    const {source, label} = parent;
    const kinds = source.is === 'json' ? ['json'] : (tasksNow(source) ?? []).map(({kind}) => kind);
    const wrong = kinds.find(kind => kind !== 'repo');
    if (wrong !== undefined)
      return [
        {
          code: 'W5010',
          severity: 'error',
          message: `\`${label}\` is ${WHAT[wrong] ?? 'no future'}, no repository`,
          hint: 'the parent of a rerun is the future of a `%%lsst` or `%%join` cell',
          ...at,
        },
      ];
    const persons =
      source.is === 'json' ? undefined : (tasksNow(source) ?? []).find(({draft}) => draft.mutable === true);
    if (persons === undefined || person) return [];
    return [
      {
        code: 'W5011',
        severity: 'error',
        message: `\`${label}\` is a person's rerun, which may change at any time: it can't be the input of a cached task`,
        hint: `run in a rerun of your own with \`--rerun NAME\`; or ${FREEZE}`,
        ...at,
      },
    ];
  });
}

/** Waits until the parents' fingerprints are known. A whole set, or what an index has left of one, becomes a join. */
export async function resolveParents(
  parents: readonly Parent[],
  allowFailed: number,
  context: MagicContext,
): Promise<Result<ResolvedParents, Stop>> {
  const resolved: ParentRerun[] = [];
  const joins: TaskNode[] = [];
  for (const parent of parents) {
    if (parent.is === 'rerun' || parent.source.is === 'json') continue;
    const {source, label} = parent;
    let node: TaskNode;
    if (source.is === 'task') node = source.node;
    else {
      const known = await source.set.known();
      if (!known.ok) return fail({is: 'blocked', blocked: {because: stopText(label, known.error)}});
      const chosen = select(known.value, source.prefix);
      if (chosen.length === 0) return fail({is: 'failed', failure: emptyParent(label, known.value, source)});
      const [only, ...more] = chosen;
      if (only !== undefined && more.length === 0 && only.key.length === 0) node = only.node;
      else {
        // Not of all members: the elements of a loop index the same set under the same label.
        const members = chosen.map(member => member.node.id).join(' ');
        const made = joinOnce(context, label, `${label} ${allowFailed} ${members}`, () =>
          draftJoin(
            {members: [{label, source}], mode: 'auto', options: {...PLAIN_OPTIONS, allowFailed}, problems: []},
            label,
            context,
          ),
        );
        if (!made.ok) return made;
        node = made.value.node;
        if (made.value.fresh) joins.push(node);
      }
    }
    const known = await node.known();
    if (!known.ok) return fail({is: 'blocked', blocked: {because: stopText(node.label, known.error)}});
    const {work, fingerprint} = known.value;
    if (work instanceof RootWork) {
      // It has changed the root, which is every rerun's last parent.
      const state = await node.ended();
      if (state.is !== 'done') return fail({is: 'blocked', blocked: {because: `${node.label} failed`, fingerprint}});
    } else if (work instanceof PersonWork) {
      // It is never a hit, so that its end is the only moment at which it holds what was asked for.
      const state = await node.ended();
      if (state.is !== 'done') return fail({is: 'blocked', blocked: {because: `${node.label} failed`, fingerprint}});
      resolved.push({directory: work.rerun, label: node.label, fingerprint, mutable: true});
    } else if (node.kind !== 'repo' || work.directory === undefined) {
      return fail({
        is: 'failed',
        failure: {
          reason: 'start',
          message: `${node.label} is ${WHAT[node.kind] ?? node.kind}, no repository`,
          remedy: 'the parent of a rerun is the future of a `%%lsst` or `%%join` cell',
        },
      });
    } else resolved.push({directory: work.directory, label: node.label, fingerprint, mutable: false});
  }
  return ok({parents: resolved, joins});
}

/** That there is nothing which could be a parent: an index fits nothing, or the list of the set was empty. */
function emptyParent(label: string, members: readonly Member[], {prefix, set}: Extract<Source, {is: 'set'}>): Failure {
  if (members.length === 0)
    return {
      reason: 'start',
      message: `\`${label}\` is empty: there is no rerun that could be the parent`,
      remedy: 'see why its list is empty; a task without `--from` reads the root',
    };
  const at = Math.max(0, prefix.length - 1);
  const some = [...new Set(members.map(({key}) => keyText(key[at] ?? null)))].slice(0, 12).join(', ');
  return {
    reason: 'start',
    message: `\`${label}\` has no element`,
    remedy: `\`${set.variables[at] ?? ''}\` is one of ${some}`,
  };
}

/** Makes a join, or gives the one that another task of the same cell has made: it is shown once. */
function joinOnce(
  context: MagicContext,
  label: string,
  what: string,
  draft: () => Result<Draft, readonly Problem[]>,
): Result<{readonly node: TaskNode; readonly fresh: boolean}, Stop> {
  const joins = (context.state.get('lsst/joins') ?? new Map()) as Map<string, TaskNode>;
  context.state.set('lsst/joins', joins);
  const key = `${context.cell} ${what}`;
  const known = joins.get(key);
  if (known !== undefined) return ok({node: known, fresh: false});
  const made = draft();
  if (!made.ok)
    return fail({is: 'failed', failure: {reason: 'start', message: made.error.map(({message}) => message).join('; ')}});
  const node = context.plan(made.value, label);
  joins.set(key, node);
  return ok({node, fresh: true});
}
