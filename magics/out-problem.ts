import {isAbsolute, normalize} from 'node:path';
import type {Problem} from '../kernel/session/magic.js';

/** Why a pattern of `--out` can never be met: what a script makes lies in its own directory. Told before it runs, as it may run for hours. */
export function outProblem(pattern: string, span?: Problem['span']): readonly Problem[] {
  const path = normalize(pattern);
  const why =
    pattern.trim() === ''
      ? 'an empty name is no output'
      : isAbsolute(pattern) || path === '..' || path.startsWith('../')
        ? `\`${pattern}\` lies outside of the directory in which the script works`
        : path.startsWith('.weft')
          ? `\`${pattern}\` is a file of Weft's own`
          : undefined;
  if (why === undefined) return [];
  return [
    {
      code: 'W7006',
      severity: 'error',
      message: why,
      hint: 'name what it makes from there: `--out "*.fits"`; what it writes elsewhere is no result',
      ...(span === undefined ? {} : {span}),
    },
  ];
}
