import {checkName} from '../cell/identifier.js';
import {nearest} from '../cell/suggest.js';
import type {Span} from '../cell/source.js';
import type {CellSyntax, MagicLine} from '../cell/syntax.js';
import type {JsonValue} from '../fingerprint/json.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Evaluated, Settled} from '../typescript/messages.js';
import type {Futures} from './futures.js';
import {expandLoops, readLoops} from './loops.js';
import type {Draft, MagicContext, Problem, Reading, Row, TaskMagic} from './magic.js';
import type {FutureNode, Member, Stop} from './node.js';
import {evaluateRows, type RowValues} from './scope.js';
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
  /** Names that no cell can bind. */
  readonly ownNames: readonly string[];
}

type MagicSyntax = Extract<CellSyntax, {is: 'magic'}>;

/** Runs a cell whose innermost magic makes tasks: reads, evaluates, plans. Nothing is made where anything is wrong. */
export async function runTaskCell(syntax: MagicSyntax, magic: TaskMagic<unknown>, ports: CellPorts): Promise<Result<CellResult, readonly Problem[]>> {
  const {user, futures, context} = ports;
  const line = syntax.stack.at(-1);
  if (line === undefined) throw new Error('Internal error: a magic cell without a magic');
  const problems: Problem[] = [];
  const loops = readLoops(syntax.stack.slice(0, -1));
  problems.push(...loops.diagnostics);
  const variables = loops.binders.map(binder => binder.variable);
  const wants = magic.wants(line, syntax.body, syntax.bodySpan, variables);
  problems.push(...wants.diagnostics);
  const given = nameGiven(line) ?? loops.as;
  if (given !== undefined) {
    const wrong = checkName(given.name, given.span, ports.ownNames);
    if (wrong !== undefined) problems.push(wrong);
  }
  const name = given?.name ?? magic.defaultName(line);
  if (name !== undefined) problems.push(...boundAndTaken(name, given?.span ?? line.nameSpan, wants));
  if (problems.some(problem => problem.severity === 'error')) return fail(problems);
  const expanded = await expandLoops(loops.binders, context.cell, user, futures, false);
  if (!expanded.ok) return fail([...problems, ...expanded.error]);
  const plan = (rows: readonly Row[]): Promise<Result<readonly PlannedRow[], readonly Problem[]>> => planRows(rows, magic, line, syntax, wants, ports);
  const label = name ?? '_';
  if (expanded.value.is === 'waits') {
    const waiting = expanded.value.nodes.map(node => node.name).join(', ');
    const expand = async (): Promise<Result<readonly Member[], Stop>> => {
      const again = await expandLoops(loops.binders, context.cell, user, futures, true);
      if (!again.ok) return fail(stopOf(again.error));
      if (again.value.is === 'waits') return ok([]);
      const planned = await plan(again.value.rows);
      return planned.ok ? ok(membersOf(planned.value, variables, label, context)) : fail(stopOf(planned.error));
    };
    const node = futures.makeSet(label, variables, {waiting, expand});
    for (const need of expanded.value.nodes) need.dependents.add(node);
    return ok({name, node, warnings: problems});
  }
  const planned = await plan(expanded.value.rows);
  if (!planned.ok) return fail([...problems, ...planned.error]);
  const warnings = [...problems, ...once(planned.value.flatMap(row => row.warnings))];
  if (loops.binders.length > 0) {
    return ok({name, node: futures.makeSet(label, variables, membersOf(planned.value, variables, label, context)), warnings});
  }
  const [only] = planned.value;
  if (only === undefined) throw new Error('Internal error: a cell without loops has one row');
  return ok({name, node: context.plan(only.draft, label), warnings});
}

interface PlannedRow {
  readonly row: Row;
  readonly draft: Draft;
  readonly warnings: readonly Problem[];
}

function membersOf(planned: readonly PlannedRow[], variables: readonly string[], label: string, context: MagicContext): readonly Member[] {
  return planned.map(({row, draft}) => {
    const key = variables.map(variable => row[variable] ?? null);
    return {key, node: context.plan(draft, label)};
  });
}

/** Reads every row and drafts its task; the problems of all rows at once, each said once. */
async function planRows(rows: readonly Row[], magic: TaskMagic<unknown>, line: MagicLine, syntax: MagicSyntax, wants: ReturnType<TaskMagic<unknown>['wants']>, ports: CellPorts): Promise<Result<readonly PlannedRow[], readonly Problem[]>> {
  const {context, user} = ports;
  const codes = [...wants.expressions.map(({code}) => code), ...wants.names.map(({name}) => name)];
  const values = await evaluateRows(user, context.cell, codes, rows, true);
  const planned: PlannedRow[] = [];
  const problems: Problem[] = [];
  for (const [i, row] of rows.entries()) {
    const value = values[i];
    if (value === undefined) continue;
    const wrong = wants.expressions.flatMap(({code, span}) => {
      const got = value.get(code);
      return got.is === 'error' ? [{code: 'W2031' as const, severity: 'error' as const, span, message: `\`${code.trim()}\`: ${got.error.ename}: ${got.error.evalue}`}] : [];
    });
    if (wrong.length > 0) {
      problems.push(...wrong);
      continue;
    }
    if (value.deferred.length > 0) {
      planned.push({row, draft: deferredDraft(row, value, magic, line, syntax, ports), warnings: []});
      continue;
    }
    const drafted = await draftRow(row, value, magic, line, syntax, ports);
    if (drafted.ok) planned.push(drafted.value);
    else problems.push(...drafted.error);
  }
  if (problems.length > 0) {
    const known = await user.names();
    return fail(once(problems.map(problem => suggest(problem, known))));
  }
  return ok(planned);
}

async function draftRow(row: Row, values: RowValues, magic: TaskMagic<unknown>, line: MagicLine, syntax: MagicSyntax, ports: CellPorts): Promise<Result<PlannedRow, readonly Problem[]>> {
  const reading: Reading = {
    line,
    body: syntax.body,
    bodySpan: syntax.bodySpan,
    row,
    evaluated: (_span: Span, code: string): Evaluated => values.get(code),
    lookup: (name: string): Evaluated => (name in row ? {is: 'json', value: row[name] as JsonValue} : values.get(name)),
  };
  const {call, problems} = magic.read(reading, ports.context);
  const errors = problems.filter(problem => problem.severity === 'error');
  if (call === undefined || errors.length > 0) return fail(problems);
  const draft = await magic.draft(call, row, ports.context);
  return draft.ok ? ok({row, draft: draft.value, warnings: problems}) : fail([...problems, ...draft.error]);
}

/** A task whose words wait for values: read once these are there (LANGUAGE 5). */
function deferredDraft(row: Row, values: RowValues, magic: TaskMagic<unknown>, line: MagicLine, syntax: MagicSyntax, ports: CellPorts): Draft {
  const needs = values.deferred.flatMap(id => ports.futures.get(id) ?? []);
  let inner: Draft | undefined;
  return {
    name: magic.defaultName(line) ?? magic.shape.name,
    key: Object.entries(row)
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' '),
    kind: magic.kindOf(line),
    needs,
    make: async () => {
      const settled: Record<string, Settled> = {};
      for (const need of needs) {
        const value = await need.settled();
        if (value.is === 'failed') return {is: 'blocked', blocked: {because: `${need.label} failed`}};
        settled[need.id] = value;
      }
      const resumed = await values.resumed(ports.user, settled);
      const drafted = await draftRow(row, resumed, magic, line, syntax, ports);
      if (!drafted.ok) {
        const stop = stopOf(drafted.error);
        return stop;
      }
      inner = drafted.value.draft;
      return inner.make();
    },
    settle: manifest => inner?.settle(manifest) ?? {is: 'failed', name: magic.shape.name, message: 'it is not known yet'},
  };
}

/** Problems that turn up after the cell has ended are the failure of the task. */
export const stopOf = (problems: readonly Problem[]): Extract<Stop, {is: 'failed'}> => {
  const [first] = problems;
  return {is: 'failed', failure: {reason: 'start', message: problems.map(({message}) => message).join('; '), ...(first?.hint === undefined ? {} : {remedy: first.hint})}};
};

function nameGiven(line: MagicLine): {readonly name: string; readonly span: Span} | undefined {
  const word = line.options.findLast(option => option.name === 'as')?.values[0];
  return word === undefined ? undefined : {name: word.pieces.map(piece => (piece.is === 'text' ? piece.text : word.raw)).join(''), span: word.span};
}

/** A cell that binds a name which it also takes would mean another thing when it is run again. */
function boundAndTaken(name: string, span: Span, wants: ReturnType<TaskMagic<unknown>['wants']>): readonly Problem[] {
  const taken = wants.names.some(other => other.name === name) || wants.expressions.some(({code}) => new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(code.replace(/'[^']*'|"[^"]*"/g, '')));
  if (!taken) return [];
  return [{code: 'W2011', severity: 'error', span, message: `the cell binds \`${name}\`, which it also takes`, hint: `give what it makes another name: \`--as ${name}_2\``}];
}

function suggest(problem: Problem, known: readonly string[]): Problem {
  const missing = /^`?(?:[^`]*)`?: ReferenceError: (\S+) is not defined$/.exec(problem.message)?.[1];
  if (missing === undefined) return problem;
  const near = nearest(missing, known);
  return {...problem, code: 'W2034', message: `\`${missing}\` is not defined`, hint: near === undefined ? 'run the cell that makes it first' : `did you mean \`${near}\`?`};
}

function once(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(problem => {
    const key = `${problem.code} ${problem.span?.start ?? -1} ${problem.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
