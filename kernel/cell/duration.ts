import {fail, ok} from '../graph/result.js';
import type {Result} from '../graph/result.js';
import {errorAt} from './diagnostic.js';
import type {Diagnostic} from './diagnostic.js';
import type {Span} from './source.js';

const SECONDS: Readonly<Record<string, number>> = {s: 1, m: 60, h: 3600, d: 86400};

/** Seconds of a duration: `90s`, `10m`, `2h`, `1d`; a fraction is allowed (`1.5h`). More than nothing, and with its unit. */
export function parseDuration(text: string, span: Span): Result<number, Diagnostic> {
  const match = /^(\d+(?:\.\d+)?)([smhd])$/.exec(text);
  const seconds = Number(match?.[1]) * (SECONDS[match?.[2] ?? ''] ?? NaN);
  if (seconds > 0 && Number.isFinite(seconds)) return ok(seconds);
  if (seconds === 0)
    return fail(errorAt('W2008', span, `\`${text}\` is no time at all`, 'write more than 0: `90s`, `10m` or `2h`'));
  const number = /^\d+(?:\.\d+)?/.exec(text)?.[0];
  const hint =
    number !== undefined && Number(number) > 0
      ? `write \`${number}s\`, \`${number}m\` or \`${number}h\``
      : 'write it as `90s`, `10m` or `2h`';
  return fail(errorAt('W2008', span, `\`${text}\` is no duration`, hint));
}

/** Seconds of an age, which may be nothing: `0`, `0s`; else as a duration. */
export const parseAge = (text: string, span: Span): Result<number, Diagnostic> =>
  /^0+(?:\.0+)?[smhd]?$/.test(text) ? ok(0) : parseDuration(text, span);
