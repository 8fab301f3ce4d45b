import {parseCell} from '../cell/cell.js';
import type {MagicLine} from '../cell/syntax.js';
import {shapesOf, type Registry} from './registry.js';
import type {Settings} from './settings.js';

/** Above a cell that has no magic of its own: as a comment, for {@link isBare}. */
const BARE = '#';

/**
 * The text of a cell with the magic that `%config cells` puts above bare ones. A cell of nothing but line magics and commands of Weft
 * stays one, so that the setting can be taken back; one whose first `%%` is none of Weft's is Python's own.
 */
export function withMagic(code: string, registry: Registry, {cells}: Settings): string {
  if (cells === 'typescript' || code.trim() === '') return code;
  const shapes = shapesOf(registry);
  const start = /^\s*%%([\w-]+)/.exec(code)?.[1];
  if (start !== undefined && shapes.some(({name}) => name === start)) return code;
  if (start === undefined && isOurs(code, registry)) return code;
  // A blank line keeps a magic of Python's own out of our stack.
  return `%%${cells} ${BARE}\n${start === undefined ? '' : '\n'}${code}`;
}

/** True for a line that {@link withMagic} has put above a cell. */
export const isBare = ({rest}: MagicLine): boolean => rest.trim() === BARE;

/** Whether all of a text is line magics and commands that there are. */
function isOurs(code: string, registry: Registry): boolean {
  const {value} = parseCell(code, shapesOf(registry));
  if (value.is !== 'typescript' || value.lines.length === 0) return false;
  let rest = code;
  for (const {span} of value.lines)
    rest = rest.slice(0, span.start) + ' '.repeat(span.end - span.start) + rest.slice(span.end);
  const own = (line: MagicLine): boolean =>
    // A question (`name?`) is for Python, whose names they are.
    /^[%!]/.test(code.slice(line.span.start)) &&
    (line.sigil === '!' || registry.lines.some(({shape}) => shape.name === line.name));
  return rest.trim() === '' && value.lines.every(own);
}
