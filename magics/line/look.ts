import {join} from 'node:path';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {singleWords} from '../../kernel/show/cell-words.js';
import {statusBundle} from '../../kernel/show/status.js';
import {timingsBundle} from '../../kernel/show/timings.js';
import {whyBundle} from '../../kernel/show/why.js';
import type {TaskNode} from '../../kernel/session/node.js';
import type {LineContext, NamedNode} from '../../kernel/session/magic.js';
import {readLogTail} from '../log-tail.js';
import {lineMagic, wrong} from './line-magic.js';

/** `%status [NAME…]`: how far futures are. */
export const statusMagic = lineMagic(
  {name: 'status', summary: 'shows how far futures are; without names: all of the notebook', example: '%status'},
  async (line, context) => {
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const now = Date.now();
    context.display(
      statusBundle(
        named.value.map(({name, node}) => ({
          title: name,
          tasks: node.views(),
          startedAt: now,
          now,
          ...(node.is === 'set' && node.pending !== undefined
            ? {pending: `waiting for the list \`${node.pending}\``}
            : {}),
        })),
        {},
        line.words.length === 0 ? context.notebook.remarks() : [],
      ),
    );
    return undefined;
  },
);

/** `%timings [NAME…]`: how long tasks took, a row for each name of a task. */
export const timingsMagic = lineMagic(
  {name: 'timings', summary: 'shows how long tasks took', example: '%timings'},
  async (line, context) => {
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const seen = new Set<string>();
    const tasks = named.value
      .flatMap(({node}) => node.views())
      .filter(task => task.fingerprint === undefined || (!seen.has(task.fingerprint) && seen.add(task.fingerprint)));
    context.display(timingsBundle(tasks));
    return undefined;
  },
);

/** `%log NAME [-n N]`: the log of a task; of several, of the one that matters: failed, else running, else the last. */
export const logMagic = lineMagic(
  {name: 'log', summary: "shows the end of a task's log", example: '%log calexps -n 40', raw: true},
  async (line, context) => {
    const words = line.rest
      .trim()
      .split(/\s+/)
      .filter(word => word !== '');
    const flag = words.indexOf('-n');
    const count = flag >= 0 ? Number(words[flag + 1]) : 40;
    const names = words.filter((word, i) => word !== '-f' && (flag < 0 || (i !== flag && i !== flag + 1)));
    if (names.length === 0) return wrong(line, 'W2037', '`%log` needs a name', 'write `%log NAME`');
    if (!Number.isInteger(count) || count < 1)
      return wrong(line, 'W2010', `\`${words[flag + 1] ?? ''}\` is no whole number of at least 1`, 'write `-n 40`');
    const piece = (
      text: string,
      at: number,
    ): {is: 'text'; text: string; quoted: false; span: {start: number; end: number}} => ({
      is: 'text',
      text,
      quoted: false,
      span: {start: at, end: at + text.length},
    });
    const spans = names.map(name => {
      const at = line.restSpan.start + line.rest.indexOf(name);
      return {pieces: [piece(name, at)], span: {start: at, end: at + name.length}, raw: name};
    });
    const named = await context.resolve({...line, words: spans});
    if (!named.ok) return named.error;
    const tasks = named.value.flatMap(({node}) => node.views());
    const chosen =
      tasks.find(task => task.state.is === 'failed') ?? tasks.find(task => task.state.is === 'running') ?? tasks.at(-1);
    if (chosen === undefined) return wrong(line, 'W2037', `\`${names.join(' ')}\` has no task`);
    const {state} = chosen;
    const label = chosen.key === '' ? chosen.name : `${chosen.name} ${chosen.key}`;
    const last = (text: string): string => text.replace(/\n$/, '').split('\n').slice(-count).join('\n');
    switch (state.is) {
      case 'running':
        context.stream(
          'stdout',
          `${label} · running\n${state.log === undefined ? '' : last(readLogTail(state.log))}\n`,
        );
        break;
      case 'done': {
        const {directory, log} = state.manifest;
        context.stream(
          'stdout',
          `${label} · ${state.how === 'cached' ? 'cached' : 'done'}\n${last(log ?? (directory === undefined ? '' : readLogTail(join(directory, '.weft.log'))))}\n`,
        );
        break;
      }
      case 'failed':
        context.stream(
          'stdout',
          `${label} · failed\n${'log' in state.failure ? last(readLogTail(state.failure.log) || state.failure.tail) : 'message' in state.failure ? state.failure.message : ''}\n`,
        );
        break;
      default:
        context.stream('stdout', `${label} · ${state.is}: there is no log yet\n`);
    }
    return undefined;
  },
);

/** `%why NAME`: what differs from the run before, or when the cached result was made. */
export const whyMagic = lineMagic(
  {name: 'why', summary: 'says why a task ran, or why it did not', example: '%why warps[HSC-R]'},
  async (line, context) => {
    if (line.words.length === 0) return wrong(line, 'W2037', '`%why` needs a name', 'write `%why NAME`');
    const named = await context.resolve(line);
    if (!named.ok) return named.error;
    const tasks = named.value.flatMap(tasksOf);
    // Of many, the ones that ran say more than the ones that did not.
    const telling = tasks.filter(task => task.state.is !== 'done' || task.state.how !== 'cached');
    const shown = (telling.length > 0 ? telling : tasks).slice(0, 5);
    for (const task of shown) {
      const {entry} = task.inner ?? task;
      if (entry === undefined) {
        context.stream('stdout', `${task.label}: it is not known yet what it is\n`);
        continue;
      }
      const {state} = task;
      if (state.is === 'done' && state.how === 'cached') {
        const views = (task.inner ?? task).views();
        const [view] = views;
        const {adopted, adoptedFrom} = state.manifest;
        const since =
          adopted === undefined
            ? 'nothing that it is made of has changed'
            : `it is the result ${adoptedFrom?.slice(0, 12) ?? ''} of another recipe, accepted as it is`;
        if (view !== undefined)
          context.stream('stdout', `${task.label}: ${singleWords(view, {now: Date.now()})}; ${since}\n`);
        const old = adopted === undefined ? undefined : await resultOf(task, adoptedFrom, context);
        if (old !== undefined)
          context.display(
            whyBundle(
              {label: task.label, recipe: entry.task.recipe, previous: old},
              fingerprint => context.notebook.labelOf(fingerprint),
              {now: Date.now()},
            ),
          );
        continue;
      }
      // What was refused is the result of this very recipe: nothing in it differs.
      const [earlier] = entry.missed === undefined ? await context.notebook.earlier(task) : [];
      context.display(
        whyBundle(
          {
            label: task.label,
            recipe: entry.task.recipe,
            ...(earlier === undefined ? {} : {previous: {recipe: earlier.recipe, startedAt: earlier.startedAt}}),
            ...(entry.missed === undefined ? {} : {missed: entry.missed}),
          },
          fingerprint => context.notebook.labelOf(fingerprint),
          {now: Date.now()},
        ),
      );
    }
    if (tasks.length > shown.length)
      context.stream('stdout', `and ${tasks.length - shown.length} more: name one of them\n`);
    return undefined;
  },
);

/** The result that was accepted in place of a task's own, if it is still known. */
async function resultOf(
  task: TaskNode,
  fingerprint: string | undefined,
  context: LineContext,
): Promise<Manifest | undefined> {
  return (await context.notebook.earlier(task)).find(manifest => manifest.fingerprint === fingerprint);
}

function tasksOf({node}: NamedNode): readonly TaskNode[] {
  return node.is === 'task'
    ? node.parts.length > 0
      ? node.parts
      : [node]
    : (node.members ?? []).map(member => member.node);
}
