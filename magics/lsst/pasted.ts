import {basename} from 'node:path';
import {quoteWord} from '../../kernel/cell/words.js';
import type {Problem} from '../../kernel/session/magic.js';
import type {Span} from '../../kernel/cell/source.js';
import {nearest} from '../../kernel/cell/suggest.js';
import {rerunProblems} from './line-problems.js';
import type {ArgumentWord} from './lsst-call.js';

/** What a whole pasted command line says besides the task's arguments. */
export interface Pasted {
  /** The task's own arguments. */
  readonly words: readonly ArgumentWord[];
  /** The root that it names. */
  readonly root?: ArgumentWord;
  /** The person's rerun in which it ran, and the one that it read; ours, below `weft/`, are left out. */
  readonly rerun?: string;
  readonly parent?: string;
  readonly problems: readonly Problem[];
}

/** The name of the program that a word may be: `bin/processCcd.py` is `processCcd`. */
const programOf = (text: string): string | undefined =>
  /^[^=\s-][^=\s]*\.py$/.test(text) ? basename(text, '.py') : undefined;

/**
 * Takes apart the words of a body that are a whole command line, as copied from a terminal (LANGUAGE 3); undefined where they are
 * arguments only. The note shows the cell as Weft would have it.
 * @param said what the magic line says of reruns and parts
 */
export function readPasted(
  task: string,
  words: readonly ArgumentWord[],
  said: {readonly rerun?: string; readonly from: boolean; readonly split: boolean},
): Pasted | undefined {
  const [first, ...rest] = words;
  const program = first === undefined ? undefined : (programOf(first.text) ?? (first.text === task ? task : undefined));
  if (first === undefined || program === undefined) return undefined;
  const problems: Problem[] = [];
  if (program !== task) {
    problems.push({
      code: 'W5004',
      severity: 'error',
      message: `the pasted command is \`${program}\`, but the cell is of \`${task}\``,
      hint:
        nearest(program, [task]) === undefined
          ? `write \`%%lsst ${program}\``
          : `write \`%%lsst ${program}\`, or mend the command`,
      ...(first.span === undefined ? {} : {span: first.span}),
    });
  }
  const next = rest[0];
  const root = next !== undefined && !/^-[^\d]/.test(next.text) ? next : undefined;
  const kept: ArgumentWord[] = [];
  let given: string | undefined;
  let span: Span | undefined;
  const behind = root === undefined ? rest : rest.slice(1);
  for (let at = 0; at < behind.length; at++) {
    const word = behind[at];
    if (word === undefined) continue;
    if (word.text === '--rerun') {
      given = behind[++at]?.text;
      span = behind[at]?.span;
    } else if (word.text.startsWith('--rerun=')) {
      given = word.text.slice('--rerun='.length);
      ({span} = word);
    } else kept.push(word);
  }
  const colon = given?.indexOf(':') ?? -1;
  const parent = colon < 0 ? undefined : given?.slice(0, colon);
  const own = given?.slice(colon + 1);
  const mine = own?.startsWith('weft/') === true;
  const persons: {readonly rerun?: string; readonly parent?: string} =
    own !== undefined && !mine ? {rerun: own, ...(parent === undefined ? {} : {parent})} : {};
  const at = span === undefined ? {} : {span};
  if (persons.rerun !== undefined) {
    if (said.rerun === undefined) problems.push(...rerunProblems(persons.rerun, said.split, span));
    const two =
      said.rerun !== undefined && said.rerun !== persons.rerun
        ? `\`--rerun ${said.rerun}\``
        : said.from && persons.parent !== undefined
          ? '`--from`'
          : undefined;
    if (two !== undefined)
      problems.push({
        code: 'W5005',
        severity: 'error',
        message: `the pasted command has \`--rerun ${given ?? ''}\`, and the magic line ${two}`,
        hint: 'leave one of them out',
        ...at,
      });
  }
  const line = [
    '%%lsst',
    program,
    ...(persons.rerun === undefined
      ? []
      : [...(persons.parent === undefined ? [] : ['--from', `rerun:${persons.parent}`]), '--rerun', persons.rerun]),
  ].join(' ');
  const note: Problem = {
    code: 'W5009',
    severity: 'info',
    message: `a pasted command line: read as \`${line}\``,
    hint: `as Weft writes it:\n${root === undefined ? '' : `%repo ${quoteWord(root.text)}   (in a cell before)\n`}${line}\n${bodyText(kept)}`.trimEnd(),
    ...(first.span === undefined ? {} : {span: first.span}),
  };
  if (problems.length === 0) problems.push(note);
  return {words: kept, ...(root === undefined ? {} : {root}), ...persons, problems};
}

/** Words as the lines of a body: an option a line. */
function bodyText(words: readonly ArgumentWord[]): string {
  let text = '';
  for (const [at, word] of words.entries())
    text += `${at === 0 ? '' : /^-[^\d]/.test(word.text) ? '\n' : ' '}${word.glob ? globWord(word) : quoteWord(word.text)}`;
  return text;
}

/** A glob as a word, in which quotes would make it literal. */
const globWord = ({text, pattern = text}: ArgumentWord): string =>
  pattern.replace(/\\.|[^\w./,+=:@%^~*?[\]{}-]/gsu, typed =>
    typed.length > 1 && typed.startsWith('\\') ? typed : `\\${typed}`,
  );
