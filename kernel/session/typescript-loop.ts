import {parseTypeScript} from '../cell/cell.js';
import type {CellSyntax, MagicLine} from '../cell/syntax.js';
import {fail, ok, type Result} from '../graph/result.js';
import {hasErrors} from './cell-error.js';
import {boundAndTaken, checkNames, once, suggestName} from './cell-names.js';
import type {Futures} from './futures.js';
import {codesOf, expandLoops, readLoops} from './loops.js';
import type {Problem} from './magic.js';
import {shapesOf, type Registry} from './registry.js';
import {CellScope} from './scope.js';
import type {UserLoop, UserPort} from './user-port.js';

/** A loop over TypeScript, ready to run: its text with blanks in place of the magic lines, so that places in it are the cell's. */
export interface TypeScriptLoop extends UserLoop {
  readonly code: string;
  readonly lines: readonly MagicLine[];
}

/** Reads a stack of `%%foreach` over TypeScript. Waits for futures that lists come from (LANGUAGE 6). */
export async function readTypeScriptLoop(
  text: string,
  syntax: Extract<CellSyntax, {is: 'magic'}>,
  ports: {readonly cell: string; readonly user: UserPort; readonly futures: Futures; readonly registry: Registry},
): Promise<Result<TypeScriptLoop, readonly Problem[]>> {
  const {cell, user, futures, registry} = ports;
  const {binders, as, diagnostics} = readLoops(syntax.stack);
  const given = as.at(-1);
  const taken = given === undefined ? [] : boundAndTaken(given.name, given.span, binders.flatMap(codesOf));
  const problems = [...diagnostics, ...checkNames(as, registry.ownNames), ...taken];
  if (hasErrors(problems)) return fail(problems);
  const scope = new CellScope(
    user,
    cell,
    binders.map(binder => binder.variable),
  );
  const expanded = await expandLoops(binders, scope, futures, true);
  if (!expanded.ok) {
    const known = await user.names();
    return fail([...problems, ...once(expanded.error.map(problem => suggestName(problem, known)))]);
  }
  const from = syntax.bodySpan.start;
  const parsed = parseTypeScript(text, shapesOf(registry), from);
  if (hasErrors(parsed.diagnostics)) return fail(parsed.diagnostics);
  return ok({
    code: text.slice(0, from).replace(/[^\n]/g, ' ') + text.slice(from),
    lines: parsed.value.is === 'typescript' ? parsed.value.lines : [],
    rows: expanded.value.is === 'rows' ? expanded.value.rows : [],
    bind: given === undefined ? ['_'] : [given.name, '_'],
  });
}
