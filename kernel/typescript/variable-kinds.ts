import {parse, type Program} from 'acorn';
import {findLines} from '../cell/lines.js';
import {boundNames} from './declared-names.js';
import {stripTypes} from './strip.js';

/** How a variable is declared. */
export type VariableKind = 'const' | 'let' | 'var';

/** The variables that a cell declares at its top, with how it does; none where it is no TypeScript. Its line magics are left out. */
export function variableKinds(cell: string): ReadonlyMap<string, VariableKind> {
  let text = cell;
  for (const {span} of findLines(cell, 0))
    text = text.slice(0, span.start) + ' '.repeat(span.end - span.start) + text.slice(span.end);
  const stripped = stripTypes(text);
  if (!stripped.ok) return new Map();
  let program: Program;
  try {
    const {javascript} = stripped.value;
    program = parse(javascript, {ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true});
  } catch {
    return new Map();
  }
  const kinds = new Map<string, VariableKind>();
  for (const node of program.body) {
    if (node.type !== 'VariableDeclaration') continue;
    const {kind} = node;
    if (kind !== 'const' && kind !== 'let' && kind !== 'var') continue;
    for (const name of node.declarations.flatMap(each => boundNames(each.id))) kinds.set(name, kind);
  }
  return kinds;
}
