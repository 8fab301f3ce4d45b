import {fail, ok} from '../graph/result.js';
import type {Result} from '../graph/result.js';
import {errorAt} from './diagnostic.js';
import type {Diagnostic} from './diagnostic.js';
import type {Span} from './source.js';

const UNITS = ['K', 'M', 'G', 'T'];

/** Bytes of a size of memory: `500M`, `4G`; K, M, G, T are powers of 1024 as Slurm's are, in either case. A whole number of bytes. */
export function parseSize(text: string, span: Span): Result<number, Diagnostic> {
  const match = /^(\d+(?:\.\d+)?)([KMGT])$/i.exec(text);
  const power = UNITS.indexOf(match?.[2]?.toUpperCase() ?? '') + 1;
  const bytes = Math.round(Number(match?.[1]) * 1024 ** power);
  if (match !== null && bytes > 0 && Number.isSafeInteger(bytes)) return ok(bytes);
  const number = /^\d+(?:\.\d+)?/.exec(text)?.[0];
  const hint =
    number !== undefined && Number(number) > 0
      ? `write \`${number}M\` or \`${number}G\``
      : 'write it as `500M` or `4G`';
  return fail(errorAt('W2009', span, `\`${text}\` is no size of memory`, hint));
}
