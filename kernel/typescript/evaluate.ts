import {randomUUID} from 'node:crypto';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import * as vm from 'node:vm';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {CellErrors} from './cell-error.js';
import {copyOf} from './copy.js';
import {described, toJson} from './encode.js';
import {rewriteExpression} from './expression.js';
import type {RewrittenExpression} from './expression.js';
import {filesParts, type FilesPart} from './files-parts.js';
import {heldBy} from './future.js';
import type {Futures} from './futures.js';
import {HeldNames} from './held-names.js';
import type {Locals} from './line-calls.js';
import type {Evaluated, FromUser, FutureRef, LineCall, Settled} from './messages.js';
import type {ModuleFiles} from './module-files.js';
import type {Names} from './names.js';
import {rewriteCell} from './rewrite.js';

/** Thrown for a cell that is no TypeScript; `content` is ready for the person. */
export class CellSyntax extends Error {
  readonly label: string;
  readonly source: string;
  readonly at: {line: number; column: number} | undefined;

  constructor(label: string, source: string, message: string, at: {line: number; column: number} | undefined) {
    super(message);
    this.name = 'SyntaxError';
    this.label = label;
    this.source = source;
    this.at = at;
  }
}

/** What the code of a cell is given; see {@link rewriteCell}. */
interface CellTools {
  readonly constant: object;
  readonly meta: object;
  line(index: number, locals?: Locals): Promise<void>;
  /** What Node is asked for where code imports this. */
  module(specifier: unknown): unknown;
  load(module: object, key: string, source: string, used: boolean): unknown;
}

type CellFunction = (
  names: object,
  own: object,
  tools: CellTools,
  row?: JsonObject,
) => Promise<{value: unknown} | undefined>;
/** Values of loop variables by name, and what stands beside them. */
type Row = Readonly<Record<string, unknown>>;
type ExpressionFunction = (own: object, tools: object, ...values: unknown[]) => unknown;

/** Runs cells and expressions in the notebook's names. */
export class Evaluator {
  readonly #names: Names;
  readonly #futures: Futures;
  readonly #errors: CellErrors;
  readonly #directory: string;
  readonly #tools: CellTools;
  readonly #deferred = new Map<string, (settled: Readonly<Record<string, Settled>>) => unknown>();
  readonly #held = new HeldNames();
  #serial = 0;
  #declared: readonly string[] = [];

  /** Relative imports mean `directory`, an absolute path. */
  constructor(names: Names, futures: Futures, errors: CellErrors, directory: string) {
    this.#names = names;
    this.#futures = futures;
    this.#errors = errors;
    this.#directory = directory;
    this.#tools = toolsIn(directory, names.constant, errors.modules);
  }

  /** The names that hold another future than they did the last time, or none any more. */
  rebound(): Pick<Extract<FromUser, {type: 'done'}>, 'rebound'> {
    const rebound = this.#held.changes(this.#names, value => heldBy(value)?.ref.id);
    return rebound.length === 0 ? {} : {rebound};
  }

  /** Takes away the names that the last cell declares. */
  forgetDeclared(): void {
    for (const name of this.#declared) this.#names.remove(name);
  }

  /** Compiles a cell. What it gives runs the cell, with one row of loop variables if the cell is a loop's body. */
  cell(
    count: number,
    source: string,
    lines: readonly LineCall[],
    line: CellTools['line'],
    variables?: readonly string[],
  ): (row?: JsonObject) => Promise<{value: unknown} | undefined> {
    const label = `cell [${count}]`;
    const rewritten = rewriteCell(source, this.#names, lines, variables);
    if (!rewritten.ok) throw new CellSyntax(label, source, rewritten.error.message, rewritten.error.at);
    const {code, positions} = rewritten.value;
    const file = join(this.#directory, `cell-${count}.${++this.#serial}.ts`);
    this.#errors.add(file, label, source, positions);
    const run = this.#compile(code, file) as CellFunction;
    this.#names.prepare(rewritten.value);
    this.#declared = rewritten.value.names;
    const tools: CellTools = {...this.#tools, meta: {...this.#tools.meta}, line};
    return row => run(this.#names.global, this.#names.own, tools, row);
  }

  /** Evaluates expressions for each row. Never throws: what goes wrong is in the table. */
  async table(
    expressions: readonly string[],
    rows: readonly Row[],
    deferrable: boolean,
  ): Promise<readonly (readonly Evaluated[])[]> {
    const given = rows.length > 0 ? rows : [{}];
    const variables = [...new Set(given.flatMap(row => Object.keys(row)))];
    const columns = expressions.map(source => this.#column(source, variables, deferrable));
    return Promise.all(given.map(row => Promise.all(columns.map(async column => column(row)))));
  }

  /** Finishes a deferred expression. */
  resume(token: string, settled: Readonly<Record<string, Settled>>): Evaluated {
    const run = this.#deferred.get(token);
    this.#deferred.delete(token);
    if (!run) return {is: 'error', error: this.#errors.content(new Error('this expression is not known any more'))};
    return this.#guarded(() => run(settled));
  }

  #column(
    source: string,
    variables: readonly string[],
    deferrable: boolean,
    apart = deferrable,
  ): (row: Row) => Evaluated | Promise<Evaluated> {
    let expression = rewriteExpression(source, this.#names, variables);
    if (!expression.ok) {
      const error = this.#errors.content(
        Object.assign(new Error(expression.error.message), {name: 'SyntaxError', stack: ''}),
      );
      return () => ({is: 'error', error: {...error, traceback: [`SyntaxError: ${error.evalue}`]}});
    }
    const {free, wanted} = expression.value;
    const needs = free.map(name => this.#awaited(name)).filter(ref => ref !== undefined);
    if (deferrable && !expression.value.awaits && needs.length > 0) {
      const parts = apart ? filesParts(source, variables, name => this.#awaited(name) !== undefined) : [];
      if (parts.length > 0) return row => this.#withFiles(source, parts, variables, row);
      // Names are looked up once, now: what is bound later does not reach it.
      const missing = wanted.find(name => !this.#names.has(name));
      if (missing !== undefined) return () => this.#guarded(() => notDefined(missing));
      expression = rewriteExpression(source, this.#names, variables, name => !this.#isPlatforms(name));
      if (expression.ok) return this.#deferring(expression.value, variables, needs);
    }
    const {code, awaits} = (expression as {value: RewrittenExpression}).value;
    let compiled: ExpressionFunction | undefined;
    return row => {
      const call = (): unknown => {
        const run = (compiled ??= this.#compile(code, this.#expressionFile()) as ExpressionFunction);
        return run(this.#names.own, this.#tools, ...variables.map(name => row[name]));
      };
      if (!awaits) return this.#guarded(call);
      return (async () => ((await call()) as {value: unknown}).value).call(undefined).then(
        value => this.#guarded(() => value),
        (error: unknown) => ({is: 'error', error: this.#errors.content(error)}),
      );
    };
  }

  /** An expression with `E.files` in it, where E is the future of a value: these are there before the value is. */
  #withFiles(
    source: string,
    parts: readonly FilesPart[],
    variables: readonly string[],
    row: Row,
  ): Evaluated | Promise<Evaluated> {
    let text = source;
    const given: Record<string, unknown> = {};
    for (const [at, {start, end, object}] of [...parts.entries()].reverse()) {
      const evaluated = this.#column(object, variables, false)(row);
      if (!('is' in evaluated) || evaluated.is !== 'future' || evaluated.ref.files !== true) continue;
      given[`$files${at}`] = this.#futures.filesOf(evaluated.ref);
      text = `${text.slice(0, start)}$files${at}${text.slice(end)}`;
    }
    return this.#column(text, [...variables, ...Object.keys(given)], true, false)({...row, ...given});
  }

  /** True for a name of the platform that no cell has bound. */
  #isPlatforms(name: string): boolean {
    return this.#names.platform.has(name) && !this.#names.shadowed.has(name);
  }

  /** Keeps the expression with the values that its names have now, until the futures among them are done. */
  #deferring(
    expression: RewrittenExpression,
    variables: readonly string[],
    needs: readonly FutureRef[],
  ): (row: Row) => Evaluated {
    const captured = expression.parameters.slice(variables.length).map(name => {
      const value = this.#names.get(name);
      return {ref: this.#awaited(name), value: copyOf(value)};
    });
    return row => {
      const token = randomUUID();
      this.#deferred.set(token, settled => {
        const run = this.#compile(expression.code, this.#expressionFile()) as ExpressionFunction;
        const values = captured.map(({ref, value}) => {
          const result = ref && settled[ref.id];
          return result ? this.#futures.read(result, ref).value : value;
        });
        return run(this.#names.own, this.#tools, ...variables.map(name => row[name]), ...values);
      });
      return {is: 'deferred', token, needs: needs.map(ref => ref.id)};
    };
  }

  /** The future that a name is bound to, if an expression with it must wait: a value, or a set of values. */
  #awaited(name: string): FutureRef | undefined {
    if (!this.#names.has(name) || this.#isPlatforms(name)) return undefined;
    const value = this.#names.get(name);
    const held = heldBy(value);
    if (!held || held.awaited) return undefined;
    const ref = this.#futures.refOf(value);
    return ref && this.#givesValue(ref) ? ref : undefined;
  }

  #givesValue(ref: FutureRef): boolean {
    if (ref.kind !== 'set') return ref.kind === 'value';
    const members = this.#futures.current(ref).members;
    if (!members) return ref.member === 'value';
    return members.length > 0 && members.every(each => this.#givesValue(each.future));
  }

  #guarded(call: () => unknown): Evaluated {
    try {
      return this.evaluated(call());
    } catch (error) {
      return {is: 'error', error: this.#errors.content(error)};
    }
  }

  /** A value as an answer to the kernel. */
  evaluated(value: unknown): Evaluated {
    const ref = this.#futures.refOf(value);
    if (ref) return {is: 'future', ref};
    try {
      const json: JsonValue = toJson(value, 'value', this.#futures);
      const made = value instanceof Map ? (json as {readonly [key: string]: JsonValue}) : undefined;
      const id = made && Object.values(made)[0];
      const set = typeof id === 'string' ? this.#futures.byId(id) : undefined;
      return set ? {is: 'future', ref: set} : {is: 'json', value: json};
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return {is: 'other', type: typeOf(value, error.message)};
    }
  }

  #expressionFile(): string {
    return join(this.#directory, 'expression.js');
  }

  #compile(code: string, filename: string): unknown {
    const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    return new vm.Script(code, {filename, importModuleDynamically}).runInThisContext();
  }
}

/** What a value is that JSON can't hold, by what its encoding said: `Set`, `NaN`, `Array, whose [1] is undefined`. */
function typeOf(value: unknown, message: string): string {
  if (typeof value === 'string') return 'text with half of a character';
  const [, place, what = ''] = /^value(.*?) is (.*), which is no JSON/s.exec(message) ?? [];
  const type = described(value).replace(/^an? /, '');
  if (place === '' && typeof value === 'number') return what;
  return place === undefined || place === '' ? type : `${type}, whose ${place.replace(/^\./, '')} is ${what}`;
}

function notDefined(name: string): never {
  throw new ReferenceError(`${name} is not defined`);
}

/** What all cells of a directory are given. */
function toolsIn(directory: string, constant: object, modules: ModuleFiles): CellTools {
  const file = join(directory, 'notebook.ts');
  return {
    constant,
    meta: {url: pathToFileURL(file).href, filename: file, dirname: directory},
    line: async () => undefined,
    module: specifier => modules.asked(specifier),
    load: (module, key, source, used) => {
      if (used && !(key in module)) throw new SyntaxError(`'${source}' has no export named '${key}'`);
      return Reflect.get(module, key) as unknown;
    },
  };
}
