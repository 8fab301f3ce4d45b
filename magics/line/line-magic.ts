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
}

/** A line magic of a function that gives problems, or nothing where all is well. */
export function lineMagic(
  {name, summary, example, options = {}, raw}: LineShape,
  run: (line: MagicLine, context: LineContext) => Promise<readonly Problem[] | undefined>,
): LineMagic {
  return {
    shape: {name, use: 'line', options, body: 'none', ...(raw === undefined ? {} : {raw})},
    summary,
    example,
    run: async (line, context): Promise<Result<undefined, readonly Problem[]>> => {
      const problems = await run(line, context);
      return problems === undefined || problems.length === 0 ? ok(undefined) : {ok: false, error: problems};
    },
  };
}

/** One error at the line's name. */
export const wrong = (line: MagicLine, code: Problem['code'], message: string, hint?: string): readonly Problem[] => [
  {code, severity: 'error', span: line.words[0]?.span ?? line.nameSpan, message, ...(hint === undefined ? {} : {hint})},
];
