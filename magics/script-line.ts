import {fillWord, kernelVariables, type FilledWord, type Filling} from '../kernel/cell/fill.js';
import type {Span} from '../kernel/cell/source.js';
import type {MagicLine, Word} from '../kernel/cell/syntax.js';
import type {MagicContext, Problem, Reading} from '../kernel/session/magic.js';
import type {Evaluated} from '../kernel/typescript/messages.js';

/** All words of all occurrences of an option. */
export const valuesOf = (line: MagicLine, name: string): readonly Word[] =>
  line.options.filter(option => option.name === name).flatMap(option => option.values);

/** Every expression that stands in a magic line. */
export const expressionsOf = (line: MagicLine): readonly {span: Span; code: string}[] =>
  [...line.words, ...line.options.flatMap(option => option.values)].flatMap(word =>
    word.pieces.flatMap(piece => (piece.is === 'expression' ? [{span: piece.span, code: piece.code}] : [])),
  );

/** `name`, `name=text` or `name=${expr}` of `--with`. */
export function withWord(word: Word): {readonly name: string; readonly value: Word | undefined} {
  const [first, ...rest] = word.pieces;
  if (first?.is !== 'text') return {name: word.raw, value: undefined};
  const at = first.text.indexOf('=');
  if (at < 0) return {name: first.text, value: undefined};
  const text = first.text.slice(at + 1);
  const pieces = text === '' && rest.length > 0 ? rest : [{...first, text}, ...rest];
  return {name: first.text.slice(0, at), value: {...word, pieces}};
}

/** What an expression gave, as text can be made of it: a future is its placeholder. */
export function fillingOf(evaluated: Evaluated): Filling {
  switch (evaluated.is) {
    case 'json':
      return {is: 'json', value: evaluated.value};
    case 'future':
      if (evaluated.ref.kind === 'set')
        return {
          is: 'none',
          why: `the whole set \`${evaluated.ref.name}\`: await it first, or name one of its elements`,
        };
      return {is: 'text', text: `/weft:${evaluated.ref.name}:${evaluated.ref.id}`};
    case 'other':
      return {is: 'none', why: evaluated.type};
    case 'error':
      return {is: 'none', why: `${evaluated.error.ename}: ${evaluated.error.evalue}`};
    case 'deferred':
      return {is: 'none', why: 'not known yet'};
  }
}

/** Fills the words of a magic line, whose `$NAME` are of the kernel's environment. */
export function fillLine(
  words: readonly Word[],
  reading: Pick<Reading, 'evaluated'>,
  context: MagicContext,
  problems: Problem[],
): readonly FilledWord[] {
  return words.flatMap(word => {
    const filled = fillWord(
      word,
      {
        expression: (span, code) => fillingOf(reading.evaluated(span, code)),
        ...kernelVariables(context.home, context.environment),
      },
      false,
    );
    problems.push(...filled.diagnostics);
    return filled.words;
  });
}

/** A word on the line of a script that stands for nothing: it was meant for an option. */
export const surplusWords = ({name, words}: MagicLine): readonly Problem[] =>
  words.map(({raw, span}) => ({
    code: 'W2013',
    severity: 'error',
    span,
    message: `\`%%${name}\` takes no word, and here is \`${raw}\``,
    hint: '`--with NAME` gives it a value, `--in FILE` a file, `--as NAME` names what it makes',
  }));
