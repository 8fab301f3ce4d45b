import type {MagicLine, Takes} from '../../kernel/cell/syntax.js';
import {ok, type Result} from '../../kernel/graph/result.js';
import type {LineContext, LineMagic, Problem} from '../../kernel/session/magic.js';

/** What makes a line magic: its options, and whether it reads its line itself. */
export interface LineShape {
  readonly name: string;
  readonly summary: string;
  readonly example: string;
  readonly options?: Readonly<Record<string, Takes>>;
  readonly raw?: boolean;
  /** How many words it takes at most. Absent: as many as there are. */
  readonly most?: number;
}

/** A line magic of a function that gives problems, or nothing where all is well. */
export function lineMagic(
  {name, summary, example, options = {}, raw, most = Infinity}: LineShape,
  run: (line: MagicLine, context: LineContext) => Promise<readonly Problem[] | undefined>,
): LineMagic {
  return {
    shape: {name, use: 'line', options, body: 'none', ...(raw === undefined ? {} : {raw})},
    summary,
    example,
    run: async (line, context): Promise<Result<undefined, readonly Problem[]>> => {
      const problems = surplusOf(line, most, example) ?? (await run(line, context));
      return problems === undefined || problems.length === 0 ? ok(undefined) : {ok: false, error: problems};
    },
  };
}

/** The error of a line with more words than it takes: they would be passed over without a word. */
export function surplusOf(line: MagicLine, most: number, example: string): readonly Problem[] | undefined {
  const word = line.words[most];
  if (word === undefined) return undefined;
  const what = line.words.slice(0, most).map(({raw}) => ` ${raw}`);
  return wrong(
    line,
    'W2013',
    `\`%${line.name}${what.join('')}\` takes ${most === 0 ? 'no word' : 'no word more'}, and here is \`${word.raw}\``,
    `write \`${example}\``,
    most,
  );
}

/** One error, at a word of the line or, where there is none, at its name. */
export const wrong = (
  line: MagicLine,
  code: Problem['code'],
  message: string,
  hint?: string,
  word = 0,
): readonly Problem[] => {
  const {span} = line.words[word] ?? line.words[0] ?? {span: line.nameSpan};
  return [{code, severity: 'error', span, message, ...(hint === undefined ? {} : {hint})}];
};
