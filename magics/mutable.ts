import type {Span} from '../kernel/cell/source.js';
import type {Failure} from '../kernel/graph/failure.js';
import type {Task} from '../kernel/graph/work.js';
import type {Problem} from '../kernel/session/magic.js';
import type {TaskNode} from '../kernel/session/node.js';
import type {Source} from './source.js';

/** What to do about a person's rerun that something cached is to read. */
export const FREEZE =
  '`%adopt RERUN --as NAME` freezes it as it is now, and `NAME` can be an input; or make it without `--rerun`';

const words = (label: string): string =>
  `${label} is a person's rerun, which may change at any time: it can't be the input of a cached task`;

/** The futures of a source that are known to be a person's rerun. */
function mutableOf(source: Source): readonly TaskNode[] {
  const nodes =
    source.is === 'task' ? [source.node] : source.is === 'set' ? (source.set.members ?? []).map(({node}) => node) : [];
  return nodes.filter(({draft}) => draft.mutable === true);
}

/** W5011 for sources and futures in texts that are a person's rerun, as far as it is known before anything runs. */
export function mutableProblems(
  sources: Iterable<{readonly source: Source; readonly span?: Span}>,
  placed: readonly TaskNode[],
): readonly Problem[] {
  const problem = (node: TaskNode, span?: Span): Problem => ({
    code: 'W5011',
    severity: 'error',
    message: words(`\`${node.label}\``),
    hint: FREEZE,
    ...(span === undefined ? {} : {span}),
  });
  const given = [...sources].flatMap(({source, span}) => mutableOf(source).map(node => problem(node, span)));
  return [...given, ...placed.filter(({draft}) => draft.mutable === true).map(node => problem(node))];
}

/** The same for a task that has become known later; undefined: it has a directory that never changes, or none is needed. */
export function mutableFailure(node: TaskNode, task: Task): Failure | undefined {
  if (node.kind === 'value' || task.work.directory !== undefined) return undefined;
  return {reason: 'start', message: words(node.label), remedy: FREEZE};
}
