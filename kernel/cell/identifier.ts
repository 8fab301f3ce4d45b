import {errorAt} from './diagnostic.js';
import type {Diagnostic} from './diagnostic.js';
import type {Span} from './source.js';

/** Words that no name of a notebook can be: JavaScript's reserved words, strict mode's, and constants that it does not let one bind. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if ' +
    'implements import in instanceof interface let new null package private protected public return static super switch this throw ' +
    'true try typeof var void while with yield arguments eval undefined NaN Infinity globalThis'
  ).split(' '),
);

const SHAPE = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** True for a word that JavaScript keeps for itself. */
export function isReserved(text: string): boolean {
  return RESERVED.has(text);
}

/** True where the text can be a name in the notebook's scope: of the shape of an identifier (ECMA-262, IdentifierName), and not reserved. */
export function isIdentifier(text: string): boolean {
  return SHAPE.test(text) && !RESERVED.has(text);
}

/** The identifier nearest to a text that is none: `r-warps` gives `r_warps`, `2nd` gives `_2nd`, `class` gives `class_`. */
export function proposeIdentifier(text: string): string {
  let name = text
    .normalize('NFC')
    .replace(/[^\p{ID_Continue}$]+/gu, '_')
    .replace(/(?<=.)_+$/u, '');
  if (!/^[\p{ID_Start}$_]/u.test(name)) name = `_${name}`;
  if (name === '_') return 'name';
  return RESERVED.has(name) ? `${name}_` : name;
}

/**
 * What is wrong with a name that a person gives, as in `--as NAME`: no identifier (with a proposal), reserved, or one of `taken`
 * (the names that the notebook's scope has already). Undefined where it is good.
 */
export function checkName(text: string, span: Span, taken: Iterable<string> = []): Diagnostic | undefined {
  if (text.includes('${')) return notTyped(text, span);
  if (RESERVED.has(text)) {
    return errorAt('W2006', span, `\`${text}\` is a reserved word`, `write \`${proposeIdentifier(text)}\``);
  }
  if (!SHAPE.test(text)) {
    return errorAt('W2005', span, `\`${text}\` is no identifier`, `write \`${proposeIdentifier(text)}\``);
  }
  for (const name of taken) {
    if (name === text) return errorAt('W2006', span, `\`${text}\` is a name of Weft's own`, `write \`${text}_\``);
  }
  return undefined;
}

/** The error of a name that should come from an expression or a variable: a reader of the notebook could not find where it is made. */
export const notTyped = (text: string, span: Span): Diagnostic =>
  errorAt(
    'W2005',
    span,
    `a name is typed as it is: \`${text}\` is not evaluated here`,
    'write the name itself, as `--as warps`; another name for what the cell makes is `const other = warps`',
  );
