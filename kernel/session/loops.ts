import type {Diagnostic} from '../cell/diagnostic.js';
import {parseForeach} from '../cell/foreach.js';
import {readOptions} from '../cell/options.js';
import type {Binder, ElementSyntax, MagicLine, MagicShape} from '../cell/syntax.js';
import {lineWords} from '../cell/words.js';
import {plainJson} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Evaluated, Settled} from '../typescript/messages.js';
import {namesGiven, type GivenName} from './cell-names.js';
import type {Futures} from './futures.js';
import type {Problem, Row} from './magic.js';
import type {FutureNode, Stop} from './node.js';
import type {CellScope} from './scope.js';
import {isLost, mentions} from './scope.js';
import {withoutFailed} from './without-failed.js';

/** What the lists of a loop came to. */
export type Expanded =
  | {readonly is: 'rows'; readonly rows: readonly Row[]}
  /** A list is the value of a future that has not ended. */
  | {readonly is: 'waits'; readonly nodes: readonly FutureNode[]};

/** What is wrong with a list. `blocked`: what should have made it did not. */
export type LoopProblem = Problem & {readonly blocked?: Stop};

/** `--as` behind the lists of a loop; all else is the task's. */
const TAIL: MagicShape = {name: 'foreach', use: 'cell', options: {as: 'one'}, body: 'inner'};

/** The binders of all `%%foreach` lines of a stack, outermost first, and the names that they give. */
export function readLoops(lines: readonly MagicLine[]): {
  readonly binders: readonly Binder[];
  readonly as: readonly GivenName[];
  readonly diagnostics: readonly Diagnostic[];
  /** Names behind an error that may be loop variables too: what follows one is not read. */
  readonly unread: readonly string[];
} {
  const binders: Binder[] = [];
  const unread: string[] = [];
  const diagnostics: Diagnostic[] = [];
  const as: GivenName[] = [];
  for (const line of lines) {
    const {rest, restSpan} = line;
    const inForce = binders.map(binder => binder.variable);
    const parsed = parseForeach(rest, restSpan.start, inForce);
    const words = lineWords(rest.slice(parsed.tail), restSpan.start + parsed.tail);
    const options = readOptions(words.value, TAIL);
    binders.push(...parsed.value);
    as.push(...namesGiven(options.value));
    diagnostics.push(...parsed.diagnostics, ...words.diagnostics, ...options.diagnostics.map(ofTask));
    if (parsed.diagnostics.length > 0)
      for (const [, name = ''] of rest.matchAll(/([\p{ID_Start}_][\p{ID_Continue}]*)\s+in\s/gu)) unread.push(name);
  }
  return {binders, as, diagnostics, unread};
}

/** An option that a loop does not have is one of the task below it. */
const ofTask = (diagnostic: Diagnostic): Diagnostic =>
  diagnostic.code === 'W2001'
    ? {...diagnostic, hint: "a loop has `--as` only: the task's own options stand on its line, below this one"}
    : diagnostic;

/**
 * Expands binders to rows: the leftmost slowest, a later one may use earlier variables (LANGUAGE 6).
 * @param wait true: the futures that lists come from have ended
 */
export async function expandLoops(
  binders: readonly Binder[],
  scope: CellScope,
  futures: Futures,
  wait: boolean,
): Promise<Result<Expanded, readonly LoopProblem[]>> {
  let rows: readonly Row[] = [{}];
  const wrong: LoopProblem[] = [];
  for (const [at, binder] of binders.entries()) {
    const codes = codesOf(binder);
    // What one that is wrong would give is not known.
    if (wrong.length > 0) {
      const above = binders.slice(0, at).map(({variable}) => variable);
      if (above.some(variable => codes.some(code => mentions(code, variable)))) continue;
      rows = [{}];
    }
    const values = await scope.rows(codes, rows, true);
    const next: Row[] = [];
    const waits = new Set<FutureNode>();
    const problems: LoopProblem[] = [];
    for (const [i, row] of rows.entries()) {
      const list = await listOf(
        binder,
        code => values[i]?.get(code) ?? {is: 'other', type: 'undefined'},
        scope,
        futures,
        wait,
      );
      if (list.is === 'wrong') problems.push(...list.problems);
      else if (list.is === 'waits') for (const node of list.nodes) waits.add(node);
      else {
        const keys = new Set<string>();
        const distinct = isIncreasing(list.values);
        for (const {value, span} of list.values) {
          const key = distinct ? '' : typeof value === 'string' ? value : plainJson(value);
          if (keys.has(key))
            problems.push({
              code: 'W3014',
              severity: 'error',
              span,
              message: `two elements of the list have the key \`${key}\``,
              hint: 'every combination runs once: leave one of them out',
            });
          if (!distinct) keys.add(key);
          next.push({...row, [binder.variable]: value});
        }
      }
      if (problems.length > 0) break;
    }
    wrong.push(...problems);
    if (waits.size > 0 && wrong.length === 0) return ok({is: 'waits', nodes: [...waits]});
    rows = next;
  }
  return wrong.length > 0 ? fail(wrong) : ok({is: 'rows', rows});
}

/** Whether a list is one of numbers, each larger than the one before: none of them is there twice. */
const isIncreasing = (values: Values): boolean =>
  values.every(({value}, at) => {
    const before = values[at - 1]?.value;
    return typeof value === 'number' && (at === 0 || (typeof before === 'number' && before < value));
  });

/** The JavaScript that stands in a binder's list. */
export function codesOf({list}: Binder): readonly string[] {
  if (list.is !== 'elements') return [list.code];
  const walk = (elements: readonly ElementSyntax[]): readonly string[] =>
    elements.flatMap(element =>
      element.is === 'expression' ? [element.code] : element.is === 'list' ? walk(element.elements) : [],
    );
  return walk(list.elements);
}

type Values = readonly {readonly value: JsonValue; readonly span: Binder['variableSpan']}[];
type Listed =
  | {readonly is: 'values'; readonly values: Values}
  | {readonly is: 'waits'; readonly nodes: readonly FutureNode[]}
  | {readonly is: 'wrong'; readonly problems: readonly LoopProblem[]};

async function listOf(
  binder: Binder,
  get: (code: string) => Evaluated,
  scope: CellScope,
  futures: Futures,
  wait: boolean,
): Promise<Listed> {
  const {list, variable} = binder;
  const given = new Map(codesOf(binder).map(code => [code, get(code)]));
  const needs = [...given.values()]
    .flatMap(value => (value.is === 'deferred' ? value.needs : []))
    .flatMap(id => futures.get(id) ?? []);
  if (needs.length > 0) {
    if (!wait) return {is: 'waits', nodes: [...new Set(needs)]};
    const settled: Record<string, Settled> = {};
    for (const need of needs) {
      const value = withoutFailed(await need.settled(), 0);
      if (value === undefined) return blocked(list, need.stopWords);
      settled[need.id] = value;
    }
    for (const [code, value] of given) given.set(code, await scope.resumed(value, settled));
    if ([...given.values()].some(isLost))
      return blocked(list, 'the names that its list waited with are lost: run the cell again');
  }
  if (list.is === 'elements') {
    const values: {value: JsonValue; span: Binder['variableSpan']}[] = [];
    const problems: Problem[] = [];
    for (const element of list.elements) {
      const value = elementOf(element, code => given.get(code) ?? get(code));
      if (value.ok) values.push({value: value.value, span: element.span});
      else problems.push(value.error);
    }
    if (problems.length > 0) return {is: 'wrong', problems};
    return {is: 'values', values};
  }
  const {span} = list;
  const code = list.code.trim();
  const problem = (message: string, hint?: string): Listed => ({
    is: 'wrong',
    problems: [{code: 'W3018', severity: 'error', span, message, ...(hint === undefined ? {} : {hint})}],
  });
  const evaluated = given.get(list.code) ?? get(code);
  switch (evaluated.is) {
    case 'json': {
      const {value} = evaluated;
      if (Array.isArray(value))
        return {is: 'values', values: (value as readonly JsonValue[]).map(item => ({value: item, span}))};
      return problem(
        `\`${code}\` is ${typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value)}, no list`,
        `write the list itself: \`${variable} in [a, b]\``,
      );
    }
    case 'future':
      return problem(
        `\`${code}\` is ${evaluated.ref.kind === 'set' ? 'a set of futures' : 'a future that has files'}, no list`,
        evaluated.ref.kind === 'set'
          ? `await it for the list of what it gives; its keys are \`\${[...${code}.keys()]}\``
          : `a list can come from a \`--value\` task; the files are \`\${[...(await ${code}).files]}\``,
      );
    case 'error':
      return {
        is: 'wrong',
        problems: [
          {
            code: 'W2031',
            severity: 'error',
            span,
            message: `\`${code}\`: ${evaluated.error.ename}: ${evaluated.error.evalue}`,
            hint: 'it is JavaScript of the notebook: try it in a cell of its own',
          },
        ],
      };
    case 'other':
      return problem(
        `\`${code}\` is ${evaluated.type}, ${/, whose /.test(evaluated.type) ? 'which is no JSON' : 'no list'}`,
        /^(?:Set|Map)\b/.test(evaluated.type)
          ? `make a list of it: \`\${[...${code}${evaluated.type.startsWith('Map') ? '.keys()' : ''}]}\``
          : 'a list has texts, numbers, booleans, null, and lists and plain objects of these',
      );
    default:
      return problem(`\`${code}\` is no list`, 'await it in a cell of its own first');
  }
}

const blocked = ({span}: Binder['list'], because: string): Listed => ({
  is: 'wrong',
  problems: [{code: 'W3018', severity: 'error', span, message: because, blocked: {is: 'blocked', blocked: {because}}}],
});

function elementOf(element: ElementSyntax, get: (code: string) => Evaluated): Result<JsonValue, Problem> {
  if (element.is === 'value') return ok(element.value);
  if (element.is === 'list') {
    const values: JsonValue[] = [];
    for (const inner of element.elements) {
      const value = elementOf(inner, get);
      if (!value.ok) return value;
      values.push(value.value);
    }
    return ok(values);
  }
  const evaluated = get(element.code);
  if (evaluated.is === 'json') return ok(evaluated.value);
  const [why, hint] =
    evaluated.is === 'error'
      ? [
          `${evaluated.error.ename}: ${evaluated.error.evalue}`,
          'it is JavaScript of the notebook: try it in a cell of its own',
        ]
      : evaluated.is === 'other'
        ? [`it is ${evaluated.type}`, 'an element is a text, a number, or other JSON']
        : ['it is a future', 'await it first: `${await NAME}`'];
  const message = `\`${element.code.trim()}\`: ${why}`;
  return fail({code: 'W2031', severity: 'error', span: element.span, message, hint});
}
