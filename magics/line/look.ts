import {join} from 'node:path';
import {statusBundle} from '../../kernel/show/status.js';
import {timingsBundle} from '../../kernel/show/timings.js';
import {readLogTail} from '../log-tail.js';
import {lineWords} from '../../kernel/cell/words.js';
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
    const read = lineWords(line.rest, line.restSpan.start);
    if (read.diagnostics.length > 0) return read.diagnostics;
    const words = read.value.filter(({raw}) => raw !== '-f');
    const flag = words.findIndex(({raw}) => raw === '-n');
    const typed = flag < 0 ? undefined : words[flag + 1];
    const names = words.filter((_, i) => flag < 0 || (i !== flag && i !== flag + 1));
    if (names.length === 0) return wrong(line, 'W2037', '`%log` needs a name', 'write `%log NAME`');
    const filled = await context.fill({...line, words: typed === undefined ? [] : [typed]});
    if (!filled.ok) return filled.error;
    const [text = ''] = filled.value;
    const count = flag >= 0 ? Number(text) : 40;
    if (!Number.isInteger(count) || count < 1) {
      const at = typed ?? words[flag];
      return wrong(
        {...line, words: at === undefined ? [] : [at]},
        'W2010',
        `\`${text}\` is no whole number of at least 1`,
        'write `-n 40`',
      );
    }
    const named = await context.resolve({...line, words: names});
    if (!named.ok) return named.error;
    const tasks = named.value.flatMap(({node}) => node.views());
    const chosen =
      tasks.find(task => task.state.is === 'failed') ?? tasks.find(task => task.state.is === 'running') ?? tasks.at(-1);
    if (chosen === undefined) return wrong(line, 'W2037', `\`${names.map(({raw}) => raw).join(' ')}\` has no task`);
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
