import type {AnyNode, ClassDeclaration, FunctionDeclaration} from 'acorn';

/** The names that a binding pattern declares: `x`, `{a, b: [c = 1]}`, `[d, ...e]`. */
export function boundNames(pattern: AnyNode | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap(each => boundNames(each.type === 'RestElement' ? each.argument : each.value));
    case 'ArrayPattern':
      return pattern.elements.flatMap(boundNames);
    case 'AssignmentPattern':
      return boundNames(pattern.left);
    case 'RestElement':
      return boundNames(pattern.argument);
    default:
      return [];
  }
}

/** What a block declares for itself. */
export function lexicalNames(nodes: readonly AnyNode[]): string[] {
  return nodes.flatMap(node => {
    if (node.type === 'VariableDeclaration' && node.kind !== 'var')
      return node.declarations.flatMap(each => boundNames(each.id));
    if (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration')
      return isNamed(node) ? [node.id.name] : [];
    if (node.type === 'ImportDeclaration') return node.specifiers.map(each => each.local.name);
    return [];
  });
}

/** What the `var`s of a function's body declare, in blocks and loops too. */
export function varNames(nodes: readonly AnyNode[]): string[] {
  return nodes.flatMap(node => {
    if (node.type === 'VariableDeclaration')
      return node.kind === 'var' ? node.declarations.flatMap(each => boundNames(each.id)) : [];
    if (!node.type.endsWith('Statement') && node.type !== 'CatchClause' && node.type !== 'SwitchCase') return [];
    return node.type === 'ExpressionStatement' ? [] : varNames(childrenOf(node));
  });
}

/** The nodes right below one, in no promised order. */
export function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** False for `export default function () {}` and `export default class {}`. */
export function isNamed(node: AnyNode): node is FunctionDeclaration | ClassDeclaration {
  return (node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration') && (node.id as unknown) !== null;
}
