import {isAbsolute, normalize} from 'node:path';
import {OWN} from '../kernel/graph/own-files.js';
import type {Word} from '../kernel/cell/syntax.js';
import type {Problem} from '../kernel/session/magic.js';
import {readGlob} from './glob.js';

/** Why a pattern of `--out` can never be met: what a script makes lies in its own directory. Told before it runs, as it may run for hours. */
export function outProblem(pattern: string, span?: Problem['span']): readonly Problem[] {
  const {text, never} = readGlob(pattern);
  const path = normalize(text);
  const why =
    text.trim() === ''
      ? 'an empty name is no output'
      : isAbsolute(text) || path === '..' || path.startsWith('../')
        ? `\`${text}\` lies outside of the directory in which the script works`
        : path.startsWith(OWN)
          ? `\`${text}\` is a name of Weft's own, as all that begin with \`${OWN}\``
          : never === undefined
            ? undefined
            : `\`${text}\` can match nothing: \`${never}\` runs backwards`;
  if (why === undefined) return [];
  return [
    {
      code: 'W7006',
      severity: 'error',
      message: why,
      hint: 'name what it makes from there: `--out *.fits`; what it writes elsewhere is no result',
      ...(span === undefined ? {} : {span}),
    },
  ];
}

/** A `*` in quotes is the name of a file, and few mean that: shells are given globs so. Told before the script runs. */
export const quotedOut = ({raw, pieces, span}: Word): readonly Problem[] =>
  /["'][^]*[*?]/.test(raw) && pieces.every(piece => piece.is === 'text' && (piece.quoted || !/[*?[{]/.test(piece.text)))
    ? [
        {
          code: 'W7006',
          severity: 'warning',
          message: `${raw} is the name of one file, as it is quoted, and no glob`,
          hint: 'a glob is written without quotes: `--out *.fits`; nothing else expands it here',
          span,
        },
      ]
    : [];
