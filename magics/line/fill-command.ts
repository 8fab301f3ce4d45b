import {readExpression} from '../../kernel/cell/expression.js';
import type {Span} from '../../kernel/cell/source.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {LineContext, Problem} from '../../kernel/session/magic.js';
import type {FutureNode} from '../../kernel/session/node.js';
import type {Evaluated} from '../../kernel/typescript/messages.js';
import {bashText} from '../bash-variables.js';

/** A text, what is wrong with it, or that it was interrupted while it waited for a future. */
type Filled = Result<string, readonly Problem[]> | 'interrupted';

/**
 * A command with its `${expr}` filled in, where their names are known to JavaScript; else they are the shell's (LANGUAGE 12). Waits for the
 * futures in it. What has no text is an error: a shell would take it for an empty one, and `rm -r ${bad}/x` for `rm -r /x`.
 * @param offset of the text in its cell
 */
export async function fillCommand(text: string, offset: number, context: LineContext): Promise<Filled> {
  const problems: Problem[] = [];
  let command = '';
  let at = 0;
  for (let start = text.indexOf('${'); start >= 0; start = text.indexOf('${', at)) {
    const {code, end, diagnostic} = readExpression(text, start, 0);
    command += text.slice(at, start);
    at = end;
    const whole = text.slice(start, end);
    const value = diagnostic === undefined ? await context.evaluate(code) : undefined;
    if (value === undefined || isShells(value, code)) {
      command += whole;
      continue;
    }
    const placed = await textOf(value, code.trim(), {start: start + offset, end: end + offset}, context);
    if (placed === 'interrupted') return placed;
    if (placed.ok) command += placed.value;
    else problems.push(...placed.error);
  }
  return problems.length > 0 ? fail(problems) : ok(command + text.slice(at));
}

/** True where an expression has a name that JavaScript does not know. */
function isShells(value: Evaluated, code: string): boolean {
  if (value.is !== 'error' || value.error.ename !== 'ReferenceError') return false;
  const missing = /^([\w$]+) is not defined$/.exec(value.error.evalue)?.[1];
  // One that the code does not have itself is missing in a function of the notebook.
  return missing !== undefined && new RegExp(`(?<![\\w$.])${missing.replaceAll('$', '\\$')}(?![\\w$])`).test(code);
}

async function textOf(value: Evaluated, code: string, span: Span, context: LineContext): Promise<Filled> {
  const wrong = (code: Problem['code'], message: string, hint: string): Filled =>
    fail([{code, severity: 'error', span, message, hint: `${hint}; nothing was run`}]);
  switch (value.is) {
    case 'json': {
      const text = bashText(value.value);
      if (text.includes('\\u0000weft'))
        return wrong('W2030', `\`${code}\` has futures in it`, 'write each of them by itself');
      if (text.includes('\0'))
        return wrong('W2030', `\`${code}\` has a NUL in it, which no command can hold`, 'leave it out');
      return withPaths(text, wrong, context);
    }
    case 'future': {
      const node = context.node(value.ref.id);
      if (node?.is === 'task') return resultOf(node, wrong, context);
      if (node === undefined) return wrong('W9001', `\`${code}\` is not known any more`, 'run its cell again');
      return wrong('W2030', `\`${code}\` is a whole set of futures`, 'write an element of it');
    }
    case 'error': {
      const {ename, evalue} = value.error;
      return wrong('W2031', `\`${code}\`: ${ename}: ${evalue}`, `a variable of the shell is written \`$NAME\``);
    }
    default: {
      const type = value.is === 'other' ? value.type : 'not known yet';
      return wrong('W2032', `\`${code}\` is ${type}, no text`, 'a variable of the shell is written `$NAME`');
    }
  }
}

type Wrong = (code: Problem['code'], message: string, hint: string) => Filled;

/** A text in which placeholders of futures are their paths, and values their texts; waits for them. */
async function withPaths(text: string, wrong: Wrong, context: LineContext): Promise<Filled> {
  const {nodes, mangled} = context.placeholders(text);
  if (mangled !== undefined)
    return wrong(
      'W9003',
      `\`${mangled}\` is a part of a placeholder`,
      'append to the path of a future, and cut nothing',
    );
  let done = text;
  for (const node of nodes) {
    const own = new RegExp(`/weft:[^:/\\s'"]*:${node.id}`, 'g');
    if (!own.test(done)) continue;
    const path = await resultOf(node, wrong, context);
    if (path === 'interrupted' || !path.ok) return path;
    done = done.replace(own, () => path.value);
  }
  return ok(done);
}

async function resultOf(node: FutureNode, wrong: Wrong, context: LineContext): Promise<Filled> {
  if (!(await context.notebook.wait([node]))) return 'interrupted';
  const settled = await node.settled();
  if (settled.is === 'value') return ok(bashText(settled.value));
  if ('path' in settled) return ok(settled.path);
  const [message = ''] = settled.is === 'failed' ? settled.message.split('\n') : [];
  return wrong('W2038', message, `\`%log ${node.label}\` has its output, \`%retry ${node.label}\` runs it again`);
}
