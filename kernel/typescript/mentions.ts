import type {AnyNode, Expression, Program} from 'acorn';
import {boundNames, childrenOf, isNamed, lexicalNames, varNames} from './declared-names.js';
import type {Declaration, Mention, Mentions} from './mention.js';

/**
 * Resolves the names of a piece of JavaScript. With `shared`, what its top level declares belongs to the notebook, and is a mention
 * (`declare`); without, it is local. `variables` are names bound around the code.
 */
export function findMentions(root: Program | Expression, shared: boolean, variables: readonly string[] = []): Mentions {
  const walk = new Walk(shared, variables);
  walk.visit(root);
  walk.all.sort((a, b) => a.start - b.start);
  return walk;
}

class Walk implements Mentions {
  readonly all: Mention[] = [];
  readonly metas: {start: number; end: number}[] = [];
  readonly imports: {start: number; end: number}[] = [];
  readonly declarations: Declaration[] = [];
  awaits = false;
  readonly #shared: boolean;
  readonly #scopes: ReadonlySet<string>[];
  #functions = 0;
  #blocks = 0;
  #head: AnyNode | undefined;

  constructor(shared: boolean, variables: readonly string[]) {
    this.#shared = shared;
    this.#scopes = [new Set(variables)];
  }

  visit(node: AnyNode | null | undefined, callee = false): void {
    if (!node) return;

    switch (node.type) {
      case 'Program':
        if (this.#shared) this.#each(node.body);
        else this.#within([...lexicalNames(node.body), ...varNames(node.body)], () => this.#each(node.body));
        return;
      case 'Identifier': {
        this.#mention('read', node, false, callee);
        return;
      }
      case 'MemberExpression':
        this.visit(node.object);
        if (node.computed) this.visit(node.property);
        return;
      case 'CallExpression':
        this.visit(node.callee, true);
        this.#each(node.arguments);
        return;
      case 'TaggedTemplateExpression':
        this.visit(node.tag, true);
        this.visit(node.quasi);
        return;
      case 'Property':
        if (node.computed) this.visit(node.key);
        if (node.shorthand && node.value.type === 'Identifier') this.#mention('read', node.value, true, false);
        else this.visit(node.value);
        return;
      case 'MethodDefinition':
      case 'PropertyDefinition':
        if (node.computed) this.visit(node.key);
        if (!node.value) return;
        if (node.type === 'PropertyDefinition') this.#inFunction(() => this.visit(node.value));
        else this.visit(node.value);
        return;
      case 'LabeledStatement': {
        this.visit(node.body);
        return;
      }
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'MetaProperty':
        if (node.meta.name === 'import') this.metas.push({start: node.start, end: node.end});
        return;
      case 'ImportExpression':
        this.imports.push({start: node.source.start, end: node.source.end});
        this.visit(node.source);
        this.visit(node.options);
        return;
      case 'ImportDeclaration':
        for (const specifier of node.specifiers) this.#declare(specifier.local, this.#isShared(true));
        return;
      case 'ExportNamedDeclaration': {
        this.visit(node.declaration);
        return;
      }
      case 'ExportAllDeclaration':
        return;
      case 'VariableDeclaration': {
        const shared = this.#isShared(node.kind === 'var' || this.#blocks === 0);
        if (shared) this.declarations.push({node, head: this.#head === node});
        for (const {id, init} of node.declarations) {
          this.#declare(id, shared);
          this.visit(init);
        }
        return;
      }
      case 'AssignmentExpression':
        this.#assign(node.left);
        this.visit(node.right);
        return;
      case 'UpdateExpression': {
        this.#assign(node.argument);
        return;
      }
      case 'ForInStatement':
      case 'ForOfStatement':
        if (node.type === 'ForOfStatement' && node.await && this.#functions === 0) this.awaits = true;
        this.#within(lexicalNames([node.left]), () => {
          this.#head = node.left;
          if (node.left.type === 'VariableDeclaration') this.#inBlock(() => this.visit(node.left));
          else this.#assign(node.left);
          this.visit(node.right);
          this.#inBlock(() => this.visit(node.body));
        });
        return;
      case 'ForStatement': {
        this.#within(node.init ? lexicalNames([node.init]) : [], () => {
          this.#inBlock(() => {
            this.visit(node.init);
            this.visit(node.test);
            this.visit(node.update);
            this.visit(node.body);
          });
        });
        return;
      }
      case 'BlockStatement': {
        this.#within(lexicalNames(node.body), () => this.#inBlock(() => this.#each(node.body)));
        return;
      }
      case 'SwitchStatement':
        this.visit(node.discriminant);
        this.#within(lexicalNames(node.cases.flatMap(each => each.consequent)), () =>
          this.#inBlock(() => {
            for (const each of node.cases) {
              this.visit(each.test);
              this.#each(each.consequent);
            }
          }),
        );
        return;
      case 'CatchClause': {
        this.#within(node.param ? boundNames(node.param) : [], () => {
          if (node.param) this.#declare(node.param, false);
          this.visit(node.body);
        });
        return;
      }
      case 'StaticBlock': {
        this.#inFunction(() =>
          this.#within([...lexicalNames(node.body), ...varNames(node.body)], () => this.#each(node.body)),
        );
        return;
      }
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression': {
        if (node.type === 'FunctionDeclaration' && isNamed(node)) {
          const shared = this.#isShared(this.#blocks === 0);
          if (shared) this.declarations.push({node, head: this.#head === node});
          this.#declare(node.id, shared);
        }
        const names = node.params.flatMap(boundNames);
        if (node.type === 'FunctionExpression' && node.id) names.push(node.id.name);
        if (node.type !== 'ArrowFunctionExpression') names.push('arguments');
        if (node.body.type === 'BlockStatement') names.push(...varNames(node.body.body));
        this.#inFunction(() =>
          this.#within(names, () => {
            for (const parameter of node.params) this.#declare(parameter, false);
            this.visit(node.body);
          }),
        );
        return;
      }
      case 'ClassDeclaration':
      case 'ClassExpression': {
        if (node.type === 'ClassDeclaration' && isNamed(node)) {
          const shared = this.#isShared(this.#blocks === 0);
          if (shared) this.declarations.push({node, head: this.#head === node});
          this.#declare(node.id, shared);
        }
        this.#within(node.id ? [node.id.name] : [], () => {
          this.visit(node.superClass);
          this.visit(node.body);
        });
        return;
      }
      case 'AwaitExpression':
        if (this.#functions === 0) this.awaits = true;
        this.visit(node.argument);
        return;
      default:
        for (const child of childrenOf(node)) this.visit(child);
    }
  }

  #each(nodes: readonly (AnyNode | null)[]): void {
    for (const node of nodes) this.visit(node);
  }

  #isShared(atTop: boolean): boolean {
    return this.#shared && this.#functions === 0 && atTop;
  }

  #within(names: readonly string[], walk: () => void): void {
    this.#scopes.push(new Set(names));
    walk();
    this.#scopes.pop();
  }

  #inFunction(walk: () => void): void {
    this.#functions++;
    walk();
    this.#functions--;
  }

  #inBlock(walk: () => void): void {
    this.#blocks++;
    walk();
    this.#blocks--;
  }

  #mention(
    use: Mention['use'],
    node: {name: string; start: number; end: number},
    shorthand: boolean,
    callee: boolean,
  ): void {
    if (use !== 'declare' && this.#scopes.some(names => names.has(node.name))) return;
    this.all.push({use, name: node.name, start: node.start, end: node.end, shorthand, callee});
  }

  #declare(pattern: AnyNode, shared: boolean): void {
    this.#pattern(pattern, false, (name, shorthand) => {
      if (shared) this.#mention('declare', name, shorthand, false);
    });
  }

  #assign(pattern: AnyNode): void {
    this.#pattern(pattern, false, (name, shorthand) => this.#mention('write', name, shorthand, false));
  }

  #pattern(
    pattern: AnyNode | null,
    shorthand: boolean,
    found: (name: {name: string; start: number; end: number}, shorthand: boolean) => void,
  ): void {
    switch (pattern?.type) {
      case undefined:
        return;
      case 'Identifier': {
        found(pattern, shorthand);
        return;
      }
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') this.#pattern(property.argument, false, found);
          else {
            if (property.computed) this.visit(property.key);
            this.#pattern(property.value, property.shorthand, found);
          }
        }
        return;
      case 'ArrayPattern':
        for (const element of pattern.elements) this.#pattern(element, false, found);
        return;
      case 'AssignmentPattern':
        this.#pattern(pattern.left, shorthand, found);
        this.visit(pattern.right);
        return;
      case 'RestElement': {
        this.#pattern(pattern.argument, false, found);
        return;
      }
      default:
        this.visit(pattern);
    }
  }
}
