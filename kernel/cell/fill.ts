import type {Diagnostic} from './diagnostic.js';
import type {Span} from './source.js';
import type {Word} from './syntax.js';

/** What an expression gave, as far as text can be made of it. */
export type Filling =
  | {readonly is: 'json'; readonly value: unknown}
  /** A future's placeholder. */
  | {readonly is: 'text'; readonly text: string}
  /** It can't stand in text: `why` completes "`code` is …". */
  | {readonly is: 'none'; readonly why: string; readonly hint?: string};

/** Where the values of expressions and variables come from. */
export interface Fillings {
  /** By the place of the expression's piece in the cell. */
  expression(span: Span, code: string): Filling;
  variable(name: string): string | undefined;
  /** What to say of an unknown variable. */
  unknownVariable(name: string, span: Span): Diagnostic;
}

/** A word with everything filled in. */
export interface FilledWord {
  readonly text: string;
  /** It has an unquoted `*` or `?` that was typed, not filled in. */
  readonly glob: boolean;
  /** The word as a glob: what was quoted, escaped or filled in stands for itself, by a `\` before each sign of a glob. */
  readonly pattern: string;
  readonly span: Span;
}

/** What an expression in a word may be. */
const SCALARS = 'give a text, a number or a boolean, a list of these, or a future';

/** A text as a glob that matches it and nothing else. */
export const escapeGlob = (text: string): string => text.replace(/[\\*?[\]{},!^:-]/g, '\\$&');

/**
 * Fills a word (LANGUAGE 2 and 3). A word that is one expression and gives an array becomes several words; inside a data id
 * (`dataId`) an array after `=` is joined by `^`.
 */
export function fillWord(
  word: Word,
  fillings: Fillings,
  dataId: boolean,
): {readonly words: readonly FilledWord[]; readonly diagnostics: readonly Diagnostic[]} {
  const diagnostics: Diagnostic[] = [];
  let text = '';
  let pattern = '';
  let glob = false;
  const literally = (value: string): void => {
    text += value;
    pattern += escapeGlob(value);
  };
  const bad = (span: Span, message: string, hint?: string): void => {
    diagnostics.push({code: 'W2030', severity: 'error', message, span, ...(hint === undefined ? {} : {hint})});
  };
  for (const piece of word.pieces) {
    switch (piece.is) {
      case 'text':
        if (piece.quoted) literally(piece.text);
        else {
          text += piece.text;
          pattern += piece.text;
          glob ||= /[*?]/.test(piece.text);
        }
        break;
      case 'variable': {
        const value = fillings.variable(piece.name);
        if (value === undefined) diagnostics.push(fillings.unknownVariable(piece.name, piece.span));
        else literally(value);
        break;
      }
      case 'expression': {
        const filling = fillings.expression(piece.span, piece.code);
        if (filling.is === 'text') literally(filling.text);
        else if (filling.is === 'none')
          bad(piece.span, `\`${piece.code.trim()}\` is ${filling.why}`, filling.hint ?? SCALARS);
        else {
          const {value} = filling;
          if (Array.isArray(value) && word.pieces.length === 1)
            return severalWords(value, word, piece.code, piece.span);
          if (Array.isArray(value) && dataId && text.includes('=')) {
            if (value.length === 0)
              bad(
                piece.span,
                `\`${piece.code.trim()}\` is an empty list: the data id would name nothing`,
                'leave the key out for all, or give the list an element',
              );
            else if (!value.every(isScalar))
              bad(piece.span, `\`${piece.code.trim()}\` has elements that are no text, number or boolean`, SCALARS);
            else literally(value.map(String).join('^'));
          } else if (isScalar(value)) literally(String(value));
          else
            bad(
              piece.span,
              `\`${piece.code.trim()}\` is ${kindOf(value)}: it can't stand inside a word`,
              Array.isArray(value)
                ? 'let it be the whole word, then it becomes several'
                : 'write the part of it that you mean',
            );
        }
      }
    }
  }
  return {words: diagnostics.length > 0 ? [] : [{text, glob, pattern, span: word.span}], diagnostics};
}

function severalWords(values: readonly unknown[], word: Word, code: string, span: Span): ReturnType<typeof fillWord> {
  if (values.every(isScalar))
    return {
      words: values.map(String).map(text => ({text, glob: false, pattern: escapeGlob(text), span: word.span})),
      diagnostics: [],
    };
  const message = `\`${code.trim()}\` has elements that are no text, number or boolean`;
  return {words: [], diagnostics: [{code: 'W2030', severity: 'error', message, span, hint: SCALARS}]};
}

const isScalar = (value: unknown): value is string | number | boolean =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : typeof value;

/** `$NAME` of a magic line: the kernel's own environment (LANGUAGE 2). */
export const kernelVariables = (
  home: string,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<Fillings, 'variable' | 'unknownVariable'> => ({
  variable: name => (name === 'HOME' ? home : Object.hasOwn(environment, name) ? environment[name] : undefined),
  unknownVariable: (name, span) => ({
    code: 'W2033',
    severity: 'error',
    span,
    message: `the environment has no variable \`${name}\``,
    hint: 'a dollar sign itself is written `$$`',
  }),
});
