/** More elements than this in one list are taken for a mistake. */
export const MOST_ELEMENTS = 100_000;

/** A bare word of a list: a number where its text is that number's canonical JSON (RFC 8785), else a string. `007` and `1e3` are strings. */
export function bareValue(text: string): string | number {
  const number = Number(text);
  return Number.isFinite(number) && String(number) === text ? number : text;
}

/** The numbers of a range `a..b[:step]`, or why there are none. */
export type Range =
  | {readonly is: 'range'; readonly values: readonly number[]}
  /** From a greater number to a smaller: LSST takes it as nothing, and says nothing. */
  | {readonly is: 'empty'; readonly message: string; readonly hint: string}
  | {readonly is: 'wrong'; readonly message: string; readonly hint: string};

/**
 * Expands `a..b` and `a..b:step` as LSST's argument parser does: whole numbers from 0, both ends included
 * (pipe_base, python/lsst/pipe/base/argumentParser.py, IdValueAction). Undefined where the text is no range.
 */
export function expandRange(text: string): Range | undefined {
  const match = /^(\d+)\.\.(\d+)(?::(\d+))?$/.exec(text);
  if (match === null) {
    if (!/^-?\d+\.\.\.?-?\d+/.test(text) && !/^\d*\.\.\d*(?::\d*)?$/.test(text)) return undefined;
    return {
      is: 'wrong',
      message: `\`${text}\` is no range`,
      hint: 'a range is `a..b` or `a..b:step`, of whole numbers from 0',
    };
  }
  const [first, last, step] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 1)];
  if (step === 0)
    return {
      is: 'wrong',
      message: 'the step of a range is 0',
      hint: `write \`${first}..${last}\` or a step of 1 or more`,
    };
  if (first > last)
    return {is: 'empty', message: `the range \`${text}\` is empty`, hint: `did you mean \`${last}..${first}\`?`};
  const count = Math.floor((last - first) / step) + 1;
  if (!Number.isSafeInteger(last) || count > MOST_ELEMENTS) {
    return {
      is: 'wrong',
      message: `the range \`${text}\` is too long`,
      hint: `a list has at most ${MOST_ELEMENTS} elements`,
    };
  }
  return {is: 'range', values: Array.from({length: count}, (_, i) => first + i * step)};
}
