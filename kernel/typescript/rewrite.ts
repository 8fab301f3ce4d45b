import {parse} from 'acorn';
import type {AnyNode, ImportDeclaration, Program} from 'acorn';
import {fail, ok} from '../graph/result.js';
import type {Result} from '../graph/result.js';
import {endsSilently, lineCalls, stripCell, withCalls} from './cell-text.js';
import {boundNames, isNamed, lexicalNames, varNames} from './declared-names.js';
import {editMentions} from './edit-mentions.js';
import {findMentions} from './mentions.js';
import type {Mentions} from './mention.js';
import type {LineCall} from './messages.js';
import {Positions} from './positions.js';
import type {Position, Printed} from './positions.js';
import {Script} from './script.js';

/** What a cell's rewriting depends on besides its text. */
export interface Surroundings {
  /** Names that the platform had before any cell ran. A cell's own binding of one of these shadows it, and leaves it alone. */
  readonly platform: ReadonlySet<string>;
  /** Those of them that a cell has bound. */
  readonly shadowed: ReadonlySet<string>;
  /** Names that were declared with `const` or `import` last. */
  readonly constants: ReadonlySet<string>;
}

/**
 * A cell as a script. The script is an expression: an async function of
 * - `$weft`: the global object, where the notebook's names live,
 * - `$own`: where names that shadow one of the platform live,
 * - `$cell`: what the cell needs while it runs: `constant`, `line(index)`, `module(specifier)`, `load(module, key, source, used)`, `meta`,
 * - `$row`: the loop variables, where the cell is the body of a loop.
 * It resolves to `{value}` where the last statement is an expression, else to undefined.
 */
export interface RewrittenCell {
  readonly code: string;
  readonly positions: Positions;
  /** What it declares for the notebook, each once. */
  readonly names: readonly string[];
  /** Those of the names that may not be assigned. */
  readonly constants: readonly string[];
  /** Those that exist, undefined, before the first statement runs. */
  readonly vars: readonly string[];
}

/** Why a cell can't run. */
export interface CellSyntaxError {
  readonly message: string;
  readonly at?: Position;
}

/**
 * Makes a script of a TypeScript cell. `lines` are replaced by calls that are awaited. With `variables` the cell is the body of a
 * loop over these: what it declares is local.
 */
export function rewriteCell(
  source: string,
  around: Surroundings,
  lines: readonly LineCall[] = [],
  variables?: readonly string[],
): Result<RewrittenCell, CellSyntaxError> {
  const stripped = stripCell(withCalls(source, lines));
  if (!stripped.ok) return stripped;
  const {javascript} = stripped.value;
  let program;
  try {
    program = parse(javascript, {ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true});
  } catch (error) {
    return fail({message: String(error instanceof Error ? error.message : error)});
  }
  return ok(new Rewriting(stripped.value, program, around, variables).cell(endsSilently(source)));
}

class Rewriting {
  readonly #printed: Printed;
  readonly #program: Program;
  readonly #around: Surroundings;
  readonly #variables: readonly string[] | undefined;
  readonly #mentions: Mentions;
  readonly #names: ReadonlySet<string>;
  readonly #constants: ReadonlySet<string>;
  readonly #script: Script;

  constructor(stripped: Printed, program: Program, around: Surroundings, variables: readonly string[] | undefined) {
    this.#printed = stripped;
    this.#program = program;
    this.#around = around;
    this.#variables = variables;
    this.#mentions = findMentions(program, variables === undefined, variables);
    this.#names = new Set(this.#mentions.all.filter(each => each.use === 'declare').map(each => each.name));
    this.#constants = new Set(variables === undefined ? program.body.flatMap(constantNames) : []);
    this.#script = new Script(stripped.javascript);
  }

  cell(silent: boolean): RewrittenCell {
    this.#editMentions();
    if (this.#variables !== undefined) this.#giveLocals(this.#variables);
    for (const {node, head} of this.#mentions.declarations) {
      if (node.type === 'VariableDeclaration') this.#editVariables(node, head);
    }
    const script = this.#script;
    const body = this.#program.body;
    script.write(`(async ($weft, $own, $cell, $row) => { 'use strict'; `);
    if (this.#variables !== undefined) script.write(`const {${this.#variables.join(', ')}} = $row; { `);
    else for (const node of body) this.#hoist(node);
    script.write('\n');
    const last = silent ? undefined : body.findLast(node => node.type !== 'EmptyStatement' && !isEmptyExport(node));
    for (const node of body) {
      this.#statement(node, node === last);
      script.write('\n');
    }
    script.write(this.#variables === undefined ? '})' : '}})');
    const code = script.text();

    return {
      code,
      positions: new Positions(code, this.#printed, script.copied()),
      names: [...this.#names],
      constants: [...this.#constants],
      vars: this.#mentions.declarations.flatMap(({node}) =>
        node.type === 'VariableDeclaration' && node.kind === 'var'
          ? node.declarations.flatMap(each => boundNames(each.id))
          : [],
      ),
    };
  }

  #editMentions(): void {
    editMentions(
      this.#script,
      this.#mentions,
      name => this.#home(name),
      name => this.#isConstant(name),
    );
  }

  /** The object that holds a name which no scope of JavaScript holds for us. */
  #home(name: string): string | undefined {
    if (this.#around.platform.has(name)) {
      return this.#names.has(name) || this.#around.shadowed.has(name) ? '$own' : undefined;
    }
    return this.#names.has(name) ? '$weft' : undefined;
  }

  #isConstant(name: string): boolean {
    return this.#constants.has(name) || (this.#around.constants.has(name) && !this.#names.has(name));
  }

  /** `const a = 1, {b} = c` becomes `($weft.a = 1), ({b: $weft.b} = c)`. */
  #editVariables(node: AnyNode & {type: 'VariableDeclaration'}, head: boolean): void {
    const first = node.declarations[0];
    if (!first) return;
    this.#script.replace(node.start, first.start, '');
    if (head) return;
    for (const {id, init, start, end} of node.declarations) {
      if (!init && node.kind === 'var') {
        this.#script.overwrite(start, end, '0');
        continue;
      }
      this.#script.insert(start, '(');
      if (!init) this.#script.insert(end, ' = undefined)');
      else if (id.type === 'Identifier' && isAnonymous(init)) {
        this.#script.insert(init.start, `({${id.name}: `);
        this.#script.insert(end, `}).${id.name})`);
      } else if (id.type === 'Identifier' && isEnum(init, id.name)) {
        this.#script.overwrite(init.arguments[0].start, init.arguments[0].end, '{}');
        this.#script.insert(end, ')');
      } else this.#script.insert(end, ')');
    }
  }

  /** The lines of a loop's body see the names that its rounds have for themselves. */
  #giveLocals(variables: readonly string[]): void {
    const {body} = this.#program;
    const names = new Set([...variables, ...lexicalNames(body), ...varNames(body)]);
    const locals = [...names].map(name => `${name}: () => ${name}`).join(', ');
    for (const {end} of lineCalls(body, this.#printed.javascript)) this.#script.insert(end - 1, `, {${locals}}`);
  }

  /** Function declarations are there from the beginning, and where older closures look for them. */
  #hoist(node: AnyNode): void {
    const declared = declarationOf(node);
    if (declared?.type !== 'FunctionDeclaration' || !isNamed(declared)) return;
    const {id} = declared;
    this.#script.write(`${this.#home(id.name) ?? '$weft'}.${id.name} = ({${id.name}: `);
    this.#script.copy(declared.start, id.start);
    this.#script.copy(id.end, declared.end);
    this.#script.write(`}).${id.name}; `);
  }

  #statement(node: AnyNode, last: boolean): void {
    const script = this.#script;
    const local = this.#variables !== undefined;

    switch (node.type) {
      case 'ImportDeclaration': {
        this.#import(node, local);
        return;
      }
      case 'ExportAllDeclaration': {
        script.write(`await import($cell.module(${node.source.raw ?? ''}));`);
        return;
      }
      case 'ExportNamedDeclaration':
        if (node.source) script.write(`await import($cell.module(${node.source.raw ?? ''}));`);
        else if (node.declaration) this.#statement(node.declaration, false);
        return;
      case 'ExportDefaultDeclaration': {
        const declared = node.declaration;
        if (isNamed(declared)) {
          this.#statement(declared, false);
          return;
        }
        script.write(last ? 'return {value: (' : '(');
        script.copy(declared.start, declared.end);
        script.write(last ? ')};' : ');');
        return;
      }
      case 'FunctionDeclaration':
        if (local) script.copy(node.start, node.end);
        return;
      case 'ClassDeclaration':
        if (!local && isNamed(node)) script.write(`${this.#home(node.id.name) ?? '$weft'}.${node.id.name} = `);
        script.copy(node.start, node.end);
        script.write(';');
        return;
      case 'ExpressionStatement':
        if (!last) {
          script.copy(node.start, node.end);
          return;
        }
        script.write('return {value: (');
        script.copy(node.expression.start, node.expression.end);
        script.write(')};');
        return;
      default: {
        script.copy(node.start, node.end);
        return;
      }
    }
  }

  #import(node: ImportDeclaration, local: boolean): void {
    const source = node.source.raw ?? '';
    const options = node.attributes.map(each => this.#printed.javascript.slice(each.start, each.end)).join(', ');
    const load = `await import($cell.module(${source})${options ? `, {with: {${options}}}` : ''})`;
    this.#script.mark(node.start);
    if (local) this.#script.write(node.specifiers.length > 0 ? `const $m${node.start} = ${load}; ` : `${load};`);
    else this.#script.write(node.specifiers.length > 0 ? `{ const $m${node.start} = ${load}; ` : `${load};`);
    for (const specifier of node.specifiers) {
      this.#script.mark(specifier.start);
      const name = specifier.local.name;
      const target = local ? `const ${name}` : `${this.#home(name) ?? '$weft'}.${name}`;
      if (specifier.type === 'ImportNamespaceSpecifier') {
        this.#script.write(`${target} = $m${node.start}; `);
        continue;
      }
      const key = specifier.type === 'ImportDefaultSpecifier' ? 'default' : keyOf(specifier.imported);
      const used = this.#mentions.all.some(each => each.use !== 'declare' && each.name === name);
      const value = `$cell.load($m${node.start}, ${JSON.stringify(key)}, ${source}, ${used})`;
      this.#script.write(`${target} = ${value}; `);
    }
    if (!local && node.specifiers.length > 0) this.#script.write('}');
  }
}

function declarationOf(node: AnyNode): AnyNode | undefined {
  if (node.type === 'ExportNamedDeclaration') return node.declaration ?? undefined;
  return node.type === 'ExportDefaultDeclaration' ? node.declaration : node;
}

/** oxc leaves `export {}` of an import of types. */
const isEmptyExport = (node: AnyNode): boolean =>
  node.type === 'ExportNamedDeclaration' && !node.source && !node.declaration && node.specifiers.length === 0;

function isAnonymous(node: AnyNode): boolean {
  if (node.type === 'ArrowFunctionExpression') return true;
  return (node.type === 'FunctionExpression' || node.type === 'ClassExpression') && !node.id;
}

/** oxc prints `enum E {…}` as `var E = function(E) {…}(E || {})`. One that is declared again must not keep its old members. */
function isEnum(node: AnyNode, name: string): node is AnyNode & {arguments: [AnyNode]} {
  if (node.type !== 'CallExpression' || node.callee.type !== 'FunctionExpression') return false;
  const [argument] = node.arguments;
  return argument?.type === 'LogicalExpression' && argument.left.type === 'Identifier' && argument.left.name === name;
}

function keyOf(node: AnyNode): string {
  if (node.type === 'Identifier') return node.name;
  return node.type === 'Literal' ? String(node.value) : '';
}

function constantNames(node: AnyNode): string[] {
  if (node.type === 'ImportDeclaration') return node.specifiers.map(each => each.local.name);
  const declared = declarationOf(node);
  if (declared?.type !== 'VariableDeclaration' || declared.kind !== 'const') return [];
  return declared.declarations.flatMap(each => boundNames(each.id));
}
