import type {CellSyntax} from '../cell/syntax.js';
import {fail, ok, type Result} from '../graph/result.js';
import {boundAndTaken, checkNames, namesGiven, once, suggestName} from './cell-names.js';
import {keyText} from './element.js';
import type {Futures} from './futures.js';
import {codesOf, expandLoops, readLoops} from './loops.js';
import type {MagicContext, Problem, Row, TaskMagic} from './magic.js';
import type {FutureNode, Member, Stop} from './node.js';
import {otherErrors} from './other-errors.js';
import {calledAs, planRows, planSeries, stopOf, type PlannedRow} from './rows.js';
import {CellScope} from './scope.js';
import type {TaskCell} from './task-cell.js';
import type {UserPort} from './user-port.js';

/** What a magic cell has made. */
export interface CellResult {
  /** The name that the cell binds besides `_`. */
  readonly name: string | undefined;
  readonly node: FutureNode;
  readonly warnings: readonly Problem[];
}

/** What running a magic cell takes. */
export interface CellPorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly context: MagicContext;
  /** The cell's number. */
  readonly count: number;
  /** Names that no cell can bind. */
  readonly ownNames: readonly string[];
}

const isError = ({severity}: Problem): boolean => severity === 'error';

/**
 * Runs a cell whose innermost magic makes tasks: reads, evaluates, plans. Nothing is made where anything is wrong, and all of that is said.
 * @param before what is known to be wrong with the cell, which is not said again
 */
export async function runTaskCell(
  syntax: Extract<CellSyntax, {is: 'magic'}>,
  magic: TaskMagic<unknown>,
  ports: CellPorts,
  before: readonly Problem[] = [],
): Promise<Result<CellResult, readonly Problem[]>> {
  const {user, futures, context} = ports;
  const line = syntax.stack.at(-1);
  if (line === undefined) throw new Error('Internal error: a magic cell without a magic');
  const loops = readLoops(syntax.stack.slice(0, -1));
  const {binders} = loops;
  const variables = binders.map(binder => binder.variable);
  const wants = magic.wants(line, syntax.body, syntax.bodySpan, [...variables, ...loops.unread]);
  const names = [...loops.as, ...namesGiven(line)];
  const given = names.at(-1);
  const problems: Problem[] = [...loops.diagnostics, ...wants.diagnostics, ...checkNames(names, ports.ownNames)];
  const name = given?.name ?? magic.defaultName(line);
  const lists = binders.flatMap(codesOf);
  const expressions = wants.expressions.map(({code}) => code);
  const taken = wants.names.map(other => other.name);
  if (name !== undefined)
    problems.push(...boundAndTaken(name, given?.span ?? line.nameSpan, [...taken, ...expressions, ...lists]));
  const scope = new CellScope(user, context.cell, variables);
  const cell: TaskCell = {binders, syntax, magic, line, wants, scope, context, user, futures, count: ports.count, name};
  const expanded = loops.diagnostics.some(isError) ? undefined : await expandLoops(binders, scope, futures, false);
  if (expanded?.ok === false) problems.push(...expanded.error);
  if (expanded?.ok !== true || [...before, ...problems].some(isError)) {
    const rows = expanded?.ok === true && expanded.value.is === 'rows' ? expanded.value.rows : [];
    const more = await otherErrors([...before, ...problems], rows, [...variables, ...loops.unread], cell);
    const known = await user.names();
    return fail(once([...problems, ...more].map(problem => suggestName(problem, known))));
  }
  const label = name ?? '_';
  const kind = magic.kindOf(line, syntax.body);
  if (expanded.value.is === 'waits') {
    await Promise.all([scope.fix([...lists, ...expressions], true), scope.fix(taken, false)]);
    const waiting = expanded.value.nodes.map(node => node.name).join(', ');
    const expand = async (): Promise<Result<readonly Member[], Stop>> => {
      const again = await expandLoops(binders, scope, futures, true);
      if (!again.ok)
        return fail(again.error.find(problem => problem.blocked !== undefined)?.blocked ?? stopOf(again.error));
      const planned = await planMembers(again.value.is === 'waits' ? [] : again.value.rows, variables, cell);
      return planned.ok ? ok(planned.value.members) : fail(stopOf(planned.error));
    };
    const node = futures.makeSet(label, variables, {waiting, expand}, undefined, kind);
    for (const need of expanded.value.nodes) need.dependents.add(node);
    return ok({name, node, warnings: problems});
  }
  if (binders.length > 0) {
    const planned = await planMembers(expanded.value.rows, variables, cell);
    if (!planned.ok) return fail([...problems, ...planned.error]);
    const {members, warnings} = planned.value;
    const node = futures.makeSet(label, variables, members, undefined, kind);
    return ok({name, node, warnings: [...problems, ...once(warnings)]});
  }
  const planned = await planRows(expanded.value.rows, cell);
  if (!planned.ok) return fail([...problems, ...planned.error]);
  const warnings = [...problems, ...once(planned.value.flatMap(row => row.warnings))];
  const [only] = planned.value;
  if (only === undefined) throw new Error('Internal error: a cell without loops has one row');
  return ok({name, node: context.plan(only.draft, label), warnings});
}

/** What else is wrong with a cell that could not be read without errors: all of a cell's are said at once (LANGUAGE 15). Makes nothing. */
export async function errorsBesides(
  before: readonly Problem[],
  syntax: CellSyntax,
  tasks: readonly TaskMagic<unknown>[],
  ports: CellPorts,
): Promise<readonly Problem[]> {
  if (syntax.is !== 'magic' || syntax.stack.slice(0, -1).some(({name}) => name !== 'foreach')) return [];
  const magic = tasks.find(({shape}) => shape.name === syntax.stack.at(-1)?.name);
  if (magic === undefined) return [];
  const ran = await runTaskCell(syntax, magic, ports, before);
  return ran.ok ? [] : ran.error.filter(isError);
}

/** The members of a loop: made one by one, or all alike. */
async function planMembers(
  rows: readonly Row[],
  variables: readonly string[],
  cell: TaskCell,
): Promise<Result<{readonly members: readonly Member[]; readonly warnings: readonly Problem[]}, readonly Problem[]>> {
  const {context, futures, name} = cell;
  const label = name ?? '_';
  const alike = await planSeries(rows, cell);
  if (alike !== undefined) {
    const {repeat, warnings} = alike;
    const {members} = futures.series({rows, variables, repeat, name: calledAs(repeat.name, cell), label});
    return ok({members, warnings});
  }
  const planned = await planRows(rows, cell);
  if (!planned.ok) return planned;
  const warnings = planned.value.flatMap(row => row.warnings);
  return ok({members: membersOf(planned.value, variables, label, context), warnings});
}

function membersOf(
  planned: readonly PlannedRow[],
  variables: readonly string[],
  label: string,
  context: MagicContext,
): readonly Member[] {
  return planned.map(({row, draft}: {readonly row: Row; readonly draft: PlannedRow['draft']}) => {
    const key = variables.map(variable => row[variable] ?? null);
    const node = context.plan(draft, label);
    node.index = key.map(keyText);
    return {key, node};
  });
}
