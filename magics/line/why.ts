import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {labelOf} from '../../kernel/graph/work.js';
import type {LineContext, NamedNode} from '../../kernel/session/magic.js';
import type {TaskNode} from '../../kernel/session/node.js';
import {countCached, runAgainWords} from '../../kernel/show/run-again.js';
import {changeText, type Labeler} from '../../kernel/show/change-text.js';
import {singleWords} from '../../kernel/show/cell-words.js';
import {diffRecipes} from '../../kernel/show/recipe-diff.js';
import {whyBundle} from '../../kernel/show/why.js';
import {lineMagic, wrong} from './line-magic.js';

/** How many tasks of a set are told of one by one. */
const FIRST = 3;

/** How many tasks of a set are compared with earlier runs. */
const COMPARED = 1000;

/** `%why NAME`: what differs from the run before, or when the cached result was made. Of a set first how many changed by what. */
export const whyMagic = lineMagic(
  {name: 'why', summary: 'says why a task ran, or why it did not', example: '%why warps[HSC-R]'},
  async (line, context) => {
    if (line.words.length === 0) return wrong(line, 'W2037', '`%why` needs a name', 'write `%why NAME`');
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    for (const {name, node} of named.value)
      if (node.is === 'set' && node.pending !== undefined)
        context.stream(
          'stdout',
          `${name}: it is not known yet what it is, as it waits for the list \`${node.pending}\`\n`,
        );
    const tasks = named.value.flatMap(one => tasksOf(one, context));
    const total = named.value.reduce((sum, one) => sum + countOf(one), 0);
    // Of many, the ones that ran say more than the ones that did not.
    const telling = tasks.filter(task => !isCached(task));
    const labels = context.notebook.labels();
    const compared = telling.slice(0, COMPARED);
    const earlier = await context.notebook.earlier(compared);
    if (total > 1) {
      const lines = setLines(compared, earlier, telling.length > compared.length, labels);
      context.stream('stdout', [countCached(total, telling.length), ...lines, ''].join('\n'));
    }
    const shown = telling.length > 0 ? compared.slice(0, FIRST) : tasks.slice(0, FIRST);
    for (const [at, task] of shown.entries())
      await tell(task, total > 1 ? ownLabel(task) : task.label, earlier[at]?.[0], labels, context);
    const rest = (telling.length > 0 ? telling.length : total) - shown.length;
    if (rest > 0) context.stream('stdout', `and ${rest} more: name one of them\n`);
    return undefined;
  },
);

/** Of the parts of a split task, which have no names of their own, with what tells them apart. */
const ownLabel = ({label, draft}: TaskNode): string => (label === draft.name ? labelOf(draft) : label);

async function tell(
  task: TaskNode,
  label: string,
  earlier: Manifest | undefined,
  labels: Labeler,
  context: LineContext,
): Promise<void> {
  const {entry} = task.inner ?? task;
  const say = (text: string): void => context.stream('stdout', `${label}: ${text}\n`);
  if (entry === undefined) {
    say('it is not known yet what it is');
    return;
  }
  const clock = {now: Date.now()};
  const {recipe} = entry.task;
  const {state} = task;
  if (state.is === 'done' && state.how === 'cached') {
    const {adopted, adoptedFrom} = state.manifest;
    const since =
      adopted === undefined
        ? 'nothing that it is made of has changed'
        : `it is the result ${adoptedFrom?.slice(0, 12) ?? ''} of another recipe, accepted as it is`;
    const [view] = (task.inner ?? task).views();
    if (view !== undefined) say(`${singleWords(view, clock)}; ${since}${logWords(task, state.manifest)}`);
    if (adopted === undefined) return;
    const [all = []] = await context.notebook.earlier([task]);
    const old = all.find(({fingerprint}) => fingerprint === adoptedFrom);
    if (old !== undefined) context.display(whyBundle({label, recipe, previous: old}, labels, clock));
    return;
  }
  if (entry.missed === undefined && entry.forced) {
    say('it was to run whatever is cached (`%force`, `--force` or `--always`)');
    return;
  }
  // What was refused is the result of this very recipe: nothing in it differs.
  const previous = entry.missed === undefined ? earlier : undefined;
  context.display(
    whyBundle(
      {
        label,
        recipe,
        ...(previous === undefined ? {} : {previous}),
        ...(entry.missed === undefined ? {} : {missed: entry.missed}),
      },
      labels,
      clock,
    ),
  );
}

/** Where the log of a cached result is. */
function logWords(task: TaskNode, {directory, log}: Manifest): string {
  if (log !== undefined) return `\n  its log: %log ${task.label}`;
  const path = directory === undefined ? undefined : join(directory, '.weft.log');
  return path === undefined || !existsSync(path) ? '' : `\n  its log: ${path}`;
}

/** How many tasks of a set run, and by what they changed. */
function setLines(
  tasks: readonly TaskNode[],
  earlier: readonly (readonly Manifest[])[],
  more: boolean,
  labels: Labeler,
): readonly string[] {
  const refused: TaskNode[] = [];
  const first: TaskNode[] = [];
  const forced: TaskNode[] = [];
  const again = tasks.flatMap((task, at) => {
    const {entry} = task.inner ?? task;
    const old = earlier[at]?.[0]?.recipe;
    if (entry?.missed !== undefined) refused.push(task);
    else if (entry?.forced === true) forced.push(task);
    else if (entry !== undefined) {
      if (old === undefined) first.push(task);
      else {
        const changes = diffRecipes(old, entry.task.recipe, labels.setupOf).map(change => changeText(change, labels));
        const {is} = task.state;
        return [{changes, open: is === 'waiting' || is === 'queued' || is === 'running' || is === 'blocked'}];
      }
    }
    return [];
  });
  const count = (list: readonly TaskNode[], words: string): readonly string[] =>
    list.length === 0 ? [] : [`  ${list.length} ${words}`];
  return [
    ...runAgainWords(again, false, more).map(words => `  ${words}`),
    ...count(refused, 'whose results were refused'),
    ...count(forced, 'to run whatever is cached'),
    ...count(first, 'of which no earlier run is known'),
  ];
}

const isCached = ({state}: TaskNode): boolean => state.is === 'done' && state.how === 'cached';

const countOf = ({node}: NamedNode): number =>
  node.is === 'task' ? ownTasks(node).length : (node.members?.length ?? 0);

/** A task with the joins that were made for it; of one that is split, its parts. */
const ownTasks = (node: TaskNode): readonly TaskNode[] =>
  node.parts.length > 0 && !node.isItself ? node.parts : [node, ...node.parts];

/** The tasks of a future. Of a long loop those that were not there; where all were, the first. */
function tasksOf({node}: NamedNode, context: LineContext): readonly TaskNode[] {
  if (node.is === 'task') return ownTasks(node);
  const made = context.notebook.made(node);
  return made.length > 0 ? made : (node.members ?? []).slice(0, FIRST).map(member => member.node);
}
