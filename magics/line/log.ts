import {join} from 'node:path';
import {lineWords} from '../../kernel/cell/words.js';
import type {TaskView} from '../../kernel/graph/task.js';
import {readLogTail} from '../log-tail.js';
import {followLog} from './follow-log.js';
import {lineMagic, wrong} from './line-magic.js';

/** Lines of a log without `-n`. */
const LINES = 40;

/** `%log NAME [-f] [-n N]`: the log of a task; of several, of the one that matters: failed, else running, else the last. `-f`: as it grows. */
export const logMagic = lineMagic(
  {
    name: 'log',
    summary: "shows the end of a task's log; -f goes on until the task has ended",
    example: '%log calexps -n 40',
    raw: true,
  },
  async (line, context) => {
    const read = lineWords(line.rest, line.restSpan.start);
    if (read.diagnostics.length > 0) return read.diagnostics;
    const words = read.value.filter(({raw}) => raw !== '-f');
    const follows = words.length < read.value.length;
    const flag = words.findIndex(({raw}) => raw === '-n');
    const typed = flag < 0 ? undefined : words[flag + 1];
    const names = words.filter((_, i) => flag < 0 || (i !== flag && i !== flag + 1));
    if (names.length === 0) return wrong(line, 'W2037', '`%log` needs a name', 'write `%log NAME`');
    const filled = await context.fill({...line, words: typed === undefined ? [] : [typed]});
    if (!filled.ok) return filled.error;
    const [text] = filled.value;
    const count = flag >= 0 ? Number(text) : LINES;
    if (!Number.isInteger(count) || count < 1) {
      const at = typed ?? words[flag];
      return wrong(
        {...line, words: at === undefined ? [] : [at]},
        'W2010',
        text === undefined ? '`-n` needs a number of lines' : `\`${text}\` is no whole number of at least 1`,
        `write \`-n ${LINES}\``,
      );
    }
    const named = await context.resolve({...line, words: names});
    if (!named.ok) return named.error;
    const tasks = named.value.flatMap(({node}) => node.views().map(task => ({task, node})));
    const find = (...states: readonly TaskView['state']['is'][]): (typeof tasks)[number] | undefined =>
      tasks.find(({task}) => states.includes(task.state.is));
    const failed = find('failed');
    const running = find('running');
    const chosen = (follows ? (running ?? find('queued', 'waiting') ?? failed) : (failed ?? running)) ?? tasks.at(-1);
    if (chosen === undefined)
      return wrong(
        {...line, words: names},
        'W2037',
        `\`${names.map(({raw}) => raw).join(' ')}\` has no task`,
        'name a future that has one: `%status` shows all',
      );
    const {task, node} = chosen;
    const label = task.key === '' ? task.name : `${task.name} ${task.key}`;
    const last = (log: string): string => log.replace(/\n$/, '').split('\n').slice(-count).join('\n');
    let now = task;
    const look = (): TaskView => {
      now = node.views().find(one => one.name === task.name && one.key === task.key) ?? now;
      return now;
    };
    const said =
      follows &&
      (await followLog(label, look, {last, signal: context.signal, say: text => context.stream('stdout', text)}));
    if (context.signal.aborted) return undefined;
    if (said) context.stream('stdout', `${label} · ${wordOf(now)}\n`);
    else context.stream('stdout', `${label} · ${wordOf(now)}${textOf(now, last)}\n`);
    return undefined;
  },
);

function wordOf({state}: TaskView): string {
  switch (state.is) {
    case 'running':
    case 'failed':
      return state.is;
    case 'done':
      return state.how === 'cached' ? 'cached' : 'done';
    case 'blocked':
      return `blocked: ${state.blocked.because}; it has not run, and has no log`;
    default:
      return `${state.is}: there is no log yet`;
  }
}

/** The end of the log, on lines of its own. */
function textOf({state}: TaskView, last: (log: string) => string): string {
  switch (state.is) {
    case 'running':
      return `\n${state.log === undefined ? '' : last(readLogTail(state.log))}`;
    case 'done': {
      const {directory, log} = state.manifest;
      return `\n${last(log ?? (directory === undefined ? '' : readLogTail(join(directory, '.weft.log'))))}`;
    }
    case 'failed': {
      const {failure} = state;
      if ('log' in failure) return `\n${last(readLogTail(failure.log) || failure.tail)}`;
      return `\n${'message' in failure ? failure.message : ''}`;
    }
    default:
      return '';
  }
}
