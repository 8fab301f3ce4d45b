import {checkName, notTyped} from '../cell/identifier.js';
import {nearest} from '../cell/suggest.js';
import type {Span} from '../cell/source.js';
import type {MagicLine} from '../cell/syntax.js';
import type {Problem} from './magic.js';
import {mentions} from './scope.js';

/** The name that a line of a cell gives to what the cell makes. */
export interface GivenName {
  readonly name: string;
  /** It was not typed, but should come from an expression or a variable. */
  readonly filled?: true;
  readonly span: Span;
}

/** What `--as` says on a magic line. */
export function namesGiven(line: Pick<MagicLine, 'options'>): readonly GivenName[] {
  const words = line.options.filter(option => option.name === 'as').flatMap(option => option.values);
  return words.map(({pieces, raw, span}) =>
    pieces.every(piece => piece.is === 'text')
      ? {name: pieces.map(({text}) => text).join(''), span}
      : {name: raw, span, filled: true},
  );
}

/** What is wrong with the names that the lines of a cell give: no identifier, Weft's own, or two different ones. */
export function checkNames(names: readonly GivenName[], ownNames: readonly string[]): readonly Problem[] {
  const [first] = names;
  return names.flatMap(({name, span, filled}): readonly Problem[] => {
    if (filled === true) return [notTyped(name, span)];
    const wrong = checkName(name, span, ownNames);
    if (wrong !== undefined) return [wrong];
    if (first === undefined || first.name === name) return [];
    return [
      {
        code: 'W2012',
        severity: 'error',
        span,
        message: `the cell is named \`${first.name}\` already`,
        hint: 'one `--as` names all that the cell makes: remove the other',
      },
    ];
  });
}

/** A cell that binds a name which it also takes would mean another thing when it is run again. `codes` are what it takes. */
export function boundAndTaken(name: string, span: Span, codes: readonly string[]): readonly Problem[] {
  if (!codes.some(code => mentions(code, name))) return [];
  return [
    {
      code: 'W2011',
      severity: 'error',
      span,
      message: `the cell binds \`${name}\`, which it also takes`,
      hint: `give what it makes another name: \`--as ${name}_2\``,
    },
  ];
}

/** Says of a name that is not defined which one may be meant. */
export function suggestName(problem: Problem, known: readonly string[]): Problem {
  const missing = /^`?(?:[^`]*)`?: ReferenceError: (\S+) is not defined$/.exec(problem.message)?.[1];
  if (missing === undefined) return problem;
  const near = nearest(missing, known);
  return {
    ...problem,
    code: 'W2034',
    message: `\`${missing}\` is not defined`,
    hint: near === undefined ? 'run the cell that makes it first' : `did you mean \`${near}\`?`,
  };
}

/** Each problem once: the rows of a loop mostly have the same. */
export function once(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(problem => {
    const key = `${problem.code} ${problem.span?.start ?? -1} ${problem.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
