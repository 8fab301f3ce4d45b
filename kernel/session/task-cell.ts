import type {Span} from '../cell/source.js';
import type {CellSyntax, MagicLine} from '../cell/syntax.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Evaluated} from '../typescript/messages.js';
import type {Futures} from './futures.js';
import type {MagicContext, Problem, Reading, Row, TaskMagic} from './magic.js';
import type {CellScope, RowValues} from './scope.js';
import type {UserPort} from './user-port.js';

/** A magic cell that makes tasks, and all that its rows are read with. */
export interface TaskCell {
  readonly syntax: Extract<CellSyntax, {is: 'magic'}>;
  readonly binders: NonNullable<Reading['binders']>;
  readonly magic: TaskMagic<unknown>;
  readonly line: MagicLine;
  readonly wants: ReturnType<TaskMagic<unknown>['wants']>;
  readonly scope: CellScope;
  readonly context: MagicContext;
  readonly user: UserPort;
  readonly futures: Futures;
  /** The cell's number. */
  readonly count: number;
  /** What the cell makes is called so; undefined: it has no name. */
  readonly name: string | undefined;
}

/** What is wrong with the expressions of a row. */
export const errorsOf = ({wants}: Pick<TaskCell, 'wants'>, values: RowValues): readonly Problem[] =>
  wants.expressions.flatMap(({code, span}) => {
    const got = values.get(code);
    return got.is === 'error'
      ? [
          {
            code: 'W2031' as const,
            severity: 'error' as const,
            span,
            message: `\`${code.trim()}\`: ${got.error.ename}: ${got.error.evalue}`,
            hint: 'it is JavaScript of the notebook: try it in a cell of its own',
          },
        ]
      : [];
  });

/** What a magic reads of a row. */
export const readingOf = (
  row: Row,
  values: RowValues,
  names: RowValues,
  {line, syntax, binders}: TaskCell,
): Reading => ({
  line,
  body: syntax.body,
  bodySpan: syntax.bodySpan,
  bodyLine: bodyLine(syntax),
  row,
  binders,
  evaluated: (_span: Span, code: string): Evaluated => values.get(code),
  lookup: (name: string): Evaluated =>
    Object.hasOwn(row, name) ? {is: 'json', value: row[name] as JsonValue} : names.get(name),
});

/** How many lines of the cell stand above the body: those of the stack, and the blank ones before it. */
export const bodyLine = ({stack}: TaskCell['syntax']): number =>
  stack.reduce((lines, line) => lines + line.rest.split('\n').length, stack[0]?.span.start ?? 0);
