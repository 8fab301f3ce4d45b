import {parse} from 'acorn';
import type {AnyNode, MemberExpression} from 'acorn';
import {childrenOf} from './declared-names.js';
import {findMentions} from './mentions.js';

/** `E.files` in an expression, where E is a name of the notebook, or an element of one. */
export interface FilesPart {
  /** Where it stands in the expression. */
  readonly start: number;
  readonly end: number;
  /** E as it stands there. */
  readonly object: string;
}

/**
 * Finds what may be the files of futures in an expression that waits for values: a value has no files, its future may.
 * @param isRoot the names that hold futures of values, or sets of these
 */
export function filesParts(
  source: string,
  variables: readonly string[],
  isRoot: (name: string) => boolean,
): readonly FilesPart[] {
  if (!source.includes('files')) return [];
  const program = parse(`(${source}\n)`, {ecmaVersion: 'latest', sourceType: 'module'});
  const roots = new Set(
    findMentions(program, false, variables).all.flatMap(({name, start}) => (isRoot(name) ? [start] : [])),
  );
  const found: FilesPart[] = [];
  const walk = (node: AnyNode): void => {
    const root = node.type === 'MemberExpression' && isFiles(node) ? rootOf(node.object) : undefined;
    if (node.type === 'MemberExpression' && root !== undefined && roots.has(root)) {
      const {start, end, object} = node;
      found.push({start: start - 1, end: end - 1, object: source.slice(object.start - 1, object.end - 1)});
    } else for (const child of childrenOf(node)) walk(child);
  };
  walk(program);
  return found.sort((a, b) => a.start - b.start);
}

const isFiles = ({computed, property}: MemberExpression): boolean =>
  computed
    ? property.type === 'Literal' && property.value === 'files'
    : property.type === 'Identifier' && property.name === 'files';

/** Where the name begins that a chain of elements, whose indexes are names or plain values, hangs on. */
function rootOf(node: AnyNode): number | undefined {
  if (node.type === 'Identifier') return node.start;
  if (node.type !== 'MemberExpression') return undefined;
  const {computed, property, object} = node;
  return !computed || property.type === 'Literal' || property.type === 'Identifier' ? rootOf(object) : undefined;
}
