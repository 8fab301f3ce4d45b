import type {Diagnostic} from '../cell/diagnostic.js';
import {parseForeach} from '../cell/foreach.js';
import type {Binder, ElementSyntax, MagicLine} from '../cell/syntax.js';
import {canonicalJson} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {Evaluated} from '../typescript/messages.js';
import type {Futures} from './futures.js';
import type {Problem, Row} from './magic.js';
import type {FutureNode} from './node.js';
import {evaluateRows} from './scope.js';
import type {UserPort} from './user-port.js';

/** What the lists of a loop came to. */
export type Expanded =
  | {readonly is: 'rows'; readonly rows: readonly Row[]}
  /** A list is the value of a future that has not ended. */
  | {readonly is: 'waits'; readonly nodes: readonly FutureNode[]};

/** The binders of all `%%foreach` lines of a stack, outermost first; `--as` and its like have been taken off. */
export function readLoops(lines: readonly MagicLine[]): {readonly binders: readonly Binder[]; readonly as: {readonly name: string; readonly span: Binder['variableSpan']} | undefined; readonly diagnostics: readonly Diagnostic[]} {
  const binders: Binder[] = [];
  const diagnostics: Diagnostic[] = [];
  let as: {name: string; span: Binder['variableSpan']} | undefined;
  for (const line of lines) {
    let {rest} = line;
    const option = /\s--as(?:=|\s+)(\S+)\s*$/.exec(rest);
    if (option?.[1] !== undefined) {
      const start = line.restSpan.start + option.index + option[0].indexOf(option[1], 4);
      as = {name: option[1], span: {start, end: start + option[1].length}};
      rest = rest.slice(0, option.index);
    }
    const parsed = parseForeach(rest, line.restSpan.start, binders.map(binder => binder.variable));
    binders.push(...parsed.value);
    diagnostics.push(...parsed.diagnostics);
  }
  return {binders, as, diagnostics};
}

/**
 * Expands binders to rows: the leftmost slowest, a later one may use earlier variables (LANGUAGE 6).
 * @param wait true: the futures that lists come from have ended
 */
export async function expandLoops(binders: readonly Binder[], cell: string, user: UserPort, futures: Futures, wait: boolean): Promise<Result<Expanded, readonly Problem[]>> {
  let rows: readonly Row[] = [{}];
  for (const binder of binders) {
    const codes = codesOf(binder);
    const values = await evaluateRows(user, cell, codes, rows, false);
    const next: Row[] = [];
    const waits = new Set<FutureNode>();
    const problems: Problem[] = [];
    const seen = new Map<string, Set<string>>();
    for (const [i, row] of rows.entries()) {
      const list = await listOf(binder, code => values[i]?.get(code) ?? {is: 'other', type: 'undefined'}, futures, wait);
      if (list.is === 'problem') problems.push(list.problem);
      else if (list.is === 'waits') waits.add(list.node);
      else {
        const keys = seen.get(String(i)) ?? new Set<string>();
        for (const {value, span} of list.values) {
          const key = typeof value === 'string' ? value : canonicalJson(value);
          if (keys.has(key)) problems.push({code: 'W3014', severity: 'error', span, message: `two elements of the list have the key \`${key}\``, hint: 'every combination runs once: leave one of them out'});
          keys.add(key);
          next.push({...row, [binder.variable]: value});
        }
        seen.set(String(i), keys);
      }
      if (problems.length > 0) return fail(problems);
    }
    if (waits.size > 0) return ok({is: 'waits', nodes: [...waits]});
    rows = next;
  }
  return ok({is: 'rows', rows});
}

function codesOf({list}: Binder): readonly string[] {
  if (list.is !== 'elements') return [list.code];
  const walk = (elements: readonly ElementSyntax[]): readonly string[] => elements.flatMap(element => (element.is === 'expression' ? [element.code] : element.is === 'list' ? walk(element.elements) : []));
  return walk(list.elements);
}

type Values = readonly {readonly value: JsonValue; readonly span: Binder['variableSpan']}[];
type Listed = {readonly is: 'values'; readonly values: Values} | {readonly is: 'waits'; readonly node: FutureNode} | {readonly is: 'problem'; readonly problem: Problem};

async function listOf({list, variable}: Binder, get: (code: string) => Evaluated, futures: Futures, wait: boolean): Promise<Listed> {
  if (list.is === 'elements') {
    const values: {value: JsonValue; span: Binder['variableSpan']}[] = [];
    for (const element of list.elements) {
      const value = elementOf(element, get);
      if (!value.ok) return {is: 'problem', problem: value.error};
      values.push({value: value.value, span: element.span});
    }
    return {is: 'values', values};
  }
  const {span} = list;
  const code = list.code.trim();
  const evaluated = get(code);
  const values = (value: JsonValue): Listed =>
    Array.isArray(value)
      ? {is: 'values', values: (value as readonly JsonValue[]).map(item => ({value: item, span}))}
      : {is: 'problem', problem: {code: 'W3018', severity: 'error', span, message: `\`${code}\` is ${typeof value === 'object' ? 'an object' : JSON.stringify(value)}, no list`, hint: `write the list itself: \`${variable} in [a, b]\``}};
  switch (evaluated.is) {
    case 'json':
      return values(evaluated.value);
    case 'future': {
      const node = futures.get(evaluated.ref.id);
      if (node?.is !== 'task' || node.kind !== 'value') {
        const what = evaluated.ref.kind === 'set' ? 'a set of futures' : 'a future that has files';
        return {is: 'problem', problem: {code: 'W3018', severity: 'error', span, message: `\`${code}\` is ${what}, no list`, hint: 'a list can come from a `--value` task; the keys of a set are `${[...set.keys()]}`'}};
      }
      if (!wait) return {is: 'waits', node};
      const settled = await node.settled();
      if (settled.is === 'value') return values(settled.value);
      return {is: 'problem', problem: {code: 'W3018', severity: 'error', span, message: settled.is === 'failed' ? settled.message : `\`${code}\` is no list`}};
    }
    case 'error':
      return {is: 'problem', problem: {code: 'W2031', severity: 'error', span, message: `\`${code}\`: ${evaluated.error.ename}: ${evaluated.error.evalue}`}};
    default:
      return {is: 'problem', problem: {code: 'W3018', severity: 'error', span, message: `\`${code}\` is no list`}};
  }
}

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
  const why = evaluated.is === 'error' ? `${evaluated.error.ename}: ${evaluated.error.evalue}` : evaluated.is === 'other' ? `it is ${evaluated.type}` : 'it is a future: await it first';
  return fail({code: 'W2031', severity: 'error', span: element.span, message: `\`${element.code.trim()}\`: ${why}`});
}
