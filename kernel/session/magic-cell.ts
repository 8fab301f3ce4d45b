import type {CellSyntax} from '../cell/syntax.js';
import {fail, ok, type Result} from '../graph/result.js';
import {boundAndTaken, checkNames, namesGiven, once, suggestName} from './cell-names.js';
import {keyText} from './element.js';
import type {Futures} from './futures.js';
import {codesOf, expandLoops, readLoops} from './loops.js';
import type {MagicContext, Problem, Row, TaskMagic} from './magic.js';
import type {FutureNode, Member, Stop} from './node.js';
import {calledAs, planRows, planSeries, stopOf, type PlannedRow, type TaskCell} from './rows.js';
import {CellScope} from './scope.js';
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

/** Runs a cell whose innermost magic makes tasks: reads, evaluates, plans. Nothing is made where anything is wrong. */
export async function runTaskCell(
  syntax: Extract<CellSyntax, {is: 'magic'}>,
  magic: TaskMagic<unknown>,
  ports: CellPorts,
): Promise<Result<CellResult, readonly Problem[]>> {
  const {user, futures, context} = ports;
  const line = syntax.stack.at(-1);
  if (line === undefined) throw new Error('Internal error: a magic cell without a magic');
  const loops = readLoops(syntax.stack.slice(0, -1));
  const variables = loops.binders.map(binder => binder.variable);
  const wants = magic.wants(line, syntax.body, syntax.bodySpan, variables);
  const names = [...loops.as, ...namesGiven(line)];
  const given = names.at(-1);
  const problems: Problem[] = [...loops.diagnostics, ...wants.diagnostics, ...checkNames(names, ports.ownNames)];
  const name = given?.name ?? magic.defaultName(line);
  const lists = loops.binders.flatMap(codesOf);
  const expressions = wants.expressions.map(({code}) => code);
  const taken = wants.names.map(other => other.name);
  if (name !== undefined)
    problems.push(...boundAndTaken(name, given?.span ?? line.nameSpan, [...taken, ...expressions, ...lists]));
  if (problems.some(problem => problem.severity === 'error')) return fail(problems);
  const scope = new CellScope(user, context.cell, variables);
  const expanded = await expandLoops(loops.binders, scope, futures, false);
  if (!expanded.ok) {
    const known = await user.names();
    return fail([...problems, ...once(expanded.error.map(problem => suggestName(problem, known)))]);
  }
  const label = name ?? '_';
  const {binders} = loops;
  const cell: TaskCell = {binders, syntax, magic, line, wants, scope, context, user, futures, count: ports.count, name};
  const kind = magic.kindOf(line);
  if (expanded.value.is === 'waits') {
    await Promise.all([scope.fix([...lists, ...expressions], true), scope.fix(taken, false)]);
    const waiting = expanded.value.nodes.map(node => node.name).join(', ');
    const expand = async (): Promise<Result<readonly Member[], Stop>> => {
      const again = await expandLoops(loops.binders, scope, futures, true);
      if (!again.ok)
        return fail(again.error.find(problem => problem.blocked !== undefined)?.blocked ?? stopOf(again.error));
      const planned = await planMembers(again.value.is === 'waits' ? [] : again.value.rows, variables, cell);
      return planned.ok ? ok(planned.value.members) : fail(stopOf(planned.error));
    };
    const node = futures.makeSet(label, variables, {waiting, expand}, undefined, kind);
    for (const need of expanded.value.nodes) need.dependents.add(node);
    return ok({name, node, warnings: problems});
  }
  if (loops.binders.length > 0) {
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
