import {parse} from 'acorn';
import {fail, ok} from '../graph/result.js';
import type {Result} from '../graph/result.js';
import {findMentions} from './mentions.js';
import {editMentions} from './edit-mentions.js';
import type {CellSyntaxError, Surroundings} from './rewrite.js';
import {Script} from './script.js';

/** A JavaScript expression as a script: a function of `$own`, `$cell`, and the names in `parameters`, in order. */
export interface RewrittenExpression {
  readonly code: string;
  readonly parameters: readonly string[];
  /** Names that it takes from the notebook or the platform. */
  readonly free: readonly string[];
  /** Those of them that it does more with than asking for their type. */
  readonly wanted: readonly string[];
  /** The function is asynchronous and gives `{value}`; else it gives the value. */
  readonly awaits: boolean;
}

/**
 * Makes a script of an expression. `variables` are the loop variables around it; with `capture` the free names that it accepts
 * become parameters too, behind the variables.
 */
export function rewriteExpression(
  source: string,
  around: Surroundings,
  variables: readonly string[],
  capture: (name: string) => boolean = () => false,
): Result<RewrittenExpression, CellSyntaxError> {
  const text = `(${source}\n)`;
  let program;
  try {
    program = parse(text, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowAwaitOutsideFunction: true,
      preserveParens: true,
    });
  } catch (error) {
    return fail({message: (error instanceof Error ? error.message : String(error)).replace(/ \(\d+:\d+\)$/, '')});
  }
  const [statement, more] = program.body;
  const whole =
    statement?.type === 'ExpressionStatement' && !more && statement.expression.end === text.length
      ? statement.expression
      : undefined;
  if (whole?.type !== 'ParenthesizedExpression') return fail({message: `\`${source.trim()}\` is not one expression`});
  const mentions = findMentions(whole, false, variables);
  const free = [...new Set(mentions.all.map(each => each.name))];
  const wanted = mentions.all.filter(({start}) => !/\btypeof[\s(]*$/.test(text.slice(0, start))).map(({name}) => name);
  const parameters = [...variables, ...free.filter(capture)];
  const script = new Script(text);
  const home = (name: string): string | undefined =>
    around.shadowed.has(name) && !parameters.includes(name) ? '$own' : undefined;
  editMentions(script, mentions, home, name => around.constants.has(name));
  const list = ['$own', '$cell', ...parameters].join(', ');
  script.write(
    mentions.awaits ? `(async (${list}) => { 'use strict'; return {value: ` : `((${list}) => { 'use strict'; return `,
  );
  script.copy(0, text.length);
  script.write(mentions.awaits ? '}; })' : '; })');
  return ok({code: script.text(), parameters, free, wanted, awaits: mentions.awaits});
}
