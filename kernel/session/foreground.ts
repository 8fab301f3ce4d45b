import type {CellSyntax} from '../cell/syntax.js';
import type {Evaluated} from '../typescript/messages.js';
import {isBare} from './bare-cell.js';
import type {CellContext, CellEnd, CellMagic} from './cell-magic.js';
import {once, suggestName} from './cell-names.js';
import type {Futures} from './futures.js';
import {codesOf, expandLoops, readLoops} from './loops.js';
import type {Problem, Reading} from './magic.js';
import {bodyLine} from './task-cell.js';
import {CellScope} from './scope.js';
import type {UserPort} from './user-port.js';

/** What running it takes. */
export interface ForegroundPorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly context: CellContext;
}

/** Runs a cell whose innermost magic runs in the foreground: once for each combination of loop variables, in their order. */
export async function runForeground(
  syntax: Extract<CellSyntax, {is: 'magic'}>,
  magic: CellMagic,
  {user, futures, context}: ForegroundPorts,
): Promise<CellEnd> {
  const line = syntax.stack.at(-1);
  if (line === undefined) throw new Error('Internal error: a magic cell without a magic');
  const loops = readLoops(syntax.stack.slice(0, -1));
  const variables = loops.binders.map(binder => binder.variable);
  const wants = magic.wants(line, syntax.body, syntax.bodySpan, variables);
  const names = loops.as.map(({span}): Problem => ({
    code: 'W2001',
    severity: 'error',
    span,
    message: `\`%%${magic.shape.name}\` makes nothing that has a name`,
    hint: 'it runs in the foreground: leave out `--as`',
  }));
  const wrong = [...loops.diagnostics, ...wants.diagnostics, ...names].filter(({severity}) => severity === 'error');
  if (wrong.length > 0) return {is: 'wrong', problems: wrong};
  const fail = async (problems: readonly Problem[]): Promise<CellEnd> => {
    const known = await user.names();
    return {is: 'wrong', problems: once(problems.map(problem => suggestName(problem, known)))};
  };
  const scope = new CellScope(user, context.cell, variables);
  const expressions = wants.expressions.map(({code}) => code);
  const taken = wants.names.map(({name}) => name);
  await Promise.all([scope.fix(loops.binders.flatMap(codesOf), true), scope.fix([...expressions, ...taken], false)]);
  const expanded = await expandLoops(loops.binders, scope, futures, true);
  if (!expanded.ok) return fail(expanded.error);
  const rows = expanded.value.is === 'rows' ? expanded.value.rows : [];
  const [values, named] = await Promise.all([scope.rows(expressions, rows, false), scope.rows(taken, rows, false)]);
  const warnings: Problem[] = [];
  for (const [i, row] of rows.entries()) {
    const reading: Reading = {
      line,
      body: syntax.body,
      bodySpan: syntax.bodySpan,
      bodyLine: isBare(line) ? 0 : bodyLine(syntax),
      row,
      evaluated: (_span, code) => values[i]?.get(code) ?? nothing,
      lookup: name =>
        Object.hasOwn(row, name) ? {is: 'json', value: row[name] ?? null} : (named[i]?.get(name) ?? nothing),
    };
    const end = await magic.run(reading, context);
    if (end.is === 'wrong') return fail(end.problems);
    if (end.is !== 'done') return end;
    warnings.push(...end.warnings);
  }
  return {is: 'done', warnings: once(warnings)};
}

const nothing: Evaluated = {is: 'other', type: 'undefined'};
