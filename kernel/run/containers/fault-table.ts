import type {ContainerProblem, RuntimeFault} from './runtime.js';

/** What a runtime prints, what that means, and what to do. `$1` stands for the first group of the pattern. */
export type FaultRow = readonly [pattern: RegExp, is: ContainerProblem['is'], message: string, remedy: string];

/** The first row that fits a text; undefined where none does. */
export function problemOf(text: string, rows: readonly FaultRow[]): ContainerProblem | undefined {
  for (const [pattern, is, message, remedy] of rows) {
    const match = pattern.exec(text);
    // A function, since a path may hold what `replaceAll` takes for a pattern.
    const put = (line: string): string => line.replaceAll('$1', () => match?.[1] ?? '');
    if (match !== null) return {is, message: put(message), remedy: put(remedy)};
  }
  return undefined;
}

/** The same without its kind, and words for what no row knows. */
export function faultOf(line: string, rows: readonly FaultRow[], program: string): RuntimeFault {
  const {message, remedy} = problemOf(line, rows) ?? {
    message: `\`${program}\` did not start the container: ${line.slice(0, 500)}`,
    remedy: `see whether \`${program}\` starts it in a terminal`,
  };
  return {message, remedy};
}

/** The last lines of a log: what a runtime says of its own stands there. */
export const lastLines = (log: string, count: number): readonly string[] => log.trimEnd().split('\n').slice(-count);
