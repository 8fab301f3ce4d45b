import {execa} from 'execa';
import {readExpression} from '../../kernel/cell/expression.js';
import type {LineContext} from '../../kernel/session/magic.js';
import type {FutureNode} from '../../kernel/session/node.js';
import {bashText} from '../bash-variables.js';
import {lineMagic} from './line-magic.js';

/**
 * `!cmd`: on the host, in the foreground (LANGUAGE 12), in the environment of `%setup` unless that is made in a container. Its status,
 * where it is not 0, is said; it is no error of the cell.
 */
export const commandMagic = lineMagic(
  {name: '!', summary: 'runs a command on the host, in the foreground', example: '!ls DATA', raw: true},
  async (line, context) => {
    const command = await filled(line.rest, context);
    if (command === undefined) return undefined;
    const {settings} = context;
    const setup = settings.container === undefined ? await context.setup() : undefined;
    if (setup?.ok === false) return [setup.error];
    const own = setup === undefined || settings.setup === '' ? context.environment : {};
    const child = execa('bash', ['-c', command], {
      cwd: context.directory,
      env: {...own, ...(setup?.value.environment ?? Object.fromEntries(settings.environment))},
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
      buffer: false,
      cancelSignal: context.signal,
      forceKillAfterDelay: 2000,
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => context.stream('stdout', text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => context.stream('stderr', text));
    const {exitCode, signal, isCanceled} = await child;
    if (isCanceled) return undefined;
    if (exitCode !== 0) context.stream('stderr', `exit ${exitCode ?? signal ?? 'unknown'}\n`);
    return undefined;
  },
);

/** The command with its `${expr}` in it, where their names are known to JavaScript; undefined: interrupted while it waited for a future. */
async function filled(text: string, context: LineContext): Promise<string | undefined> {
  let command = '';
  let at = 0;
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', at)) {
    const {code, end, diagnostic} = readExpression(text, start, 0);
    command += text.slice(at, start);
    at = end;
    // What is no JavaScript, or has a name that JavaScript does not know, is the shell's.
    const value = diagnostic === undefined ? await context.evaluate(code) : undefined;
    const whole = text.slice(start, end);
    if (value?.is === 'json') {
      const placed = await withPaths(bashText(value.value), context);
      if (placed === undefined) return undefined;
      command += placed;
    } else if (value?.is === 'future') {
      const node = context.node(value.ref.id);
      if (node !== undefined && !(await context.notebook.wait([node]))) return undefined;
      command += node === undefined ? whole : await textOf(node, whole);
    } else command += whole;
  }
  return command + text.slice(at);
}

/** A text in which placeholders of futures are their paths; waits for them. */
async function withPaths(text: string, context: LineContext): Promise<string | undefined> {
  const {nodes} = context.placeholders(text);
  if (nodes.length === 0) return text;
  if (!(await context.notebook.wait(nodes))) return undefined;
  let done = text;
  for (const node of nodes) {
    const own = new RegExp(`/weft:[^:/\\s'"]*:${node.id}(?![0-9a-f])`, 'g');
    const path = await textOf(node, '');
    if (path !== '') done = done.replace(own, () => path);
  }
  return done;
}

async function textOf(node: FutureNode, whole: string): Promise<string> {
  const settled = await node.settled();
  if (settled.is === 'value') return bashText(settled.value);
  return 'path' in settled ? settled.path : whole;
}
