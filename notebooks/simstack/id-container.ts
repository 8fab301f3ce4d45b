import {expandPiece} from '../../magics/lsst/data-id.js';
import {Butler} from './butler.js';
import type {CommandLine} from './command-line.js';
import type {CastDataId} from './dataset.js';
import type {Log} from './log.js';
import type {PythonValue} from './python.js';
import {PythonError, PythonFloat, repr} from './python.js';
import {readSkyMap} from './sky-map.js';
import type {IdArgument} from './task.js';

/**
 * The combinations that the words of one `--id` stand for, uncast. A key without `=` has an empty value.
 * Source: `lsst/pipe_base@18.1.0:python/lsst/pipe/base/argumentParser.py`, IdValueAction.
 */
export function expandIdWords(
  words: readonly string[],
  line: CommandLine,
): readonly Readonly<Record<string, string>>[] {
  let ids: Record<string, string>[] = [{}];
  const seen = new Set<string>();
  for (const word of words) {
    const key = word.split('=', 1)[0] ?? '';
    if (seen.has(key)) throw line.error(`${key} appears multiple times in one ID argument`);
    seen.add(key);
    const values = word
      .slice(key.length + 1)
      .split('^')
      .flatMap(piece => {
        const expanded = expandPiece(piece);
        if (!expanded.ok) throw new PythonError('ValueError', 'range() arg 3 must not be zero');
        return expanded.value;
      });
    ids = ids.flatMap(id => values.map(value => ({...id, [key]: value})));
  }
  return ids;
}

/** The same ids with values of the types that the butler knows. An unknown key is a warning, and text. */
export function castIds(
  ids: readonly Readonly<Record<string, string>>[],
  argument: IdArgument,
  log: Log,
  line: CommandLine,
): readonly CastDataId[] {
  const types = Butler.keyTypes(argument.dataset);
  const warned = new Set<string>();
  const cast = (key: string, text: string): PythonValue => {
    const type = types[key];
    if (type === undefined && !warned.has(key)) {
      log.warn('root', `Unexpected ID ${key}; guessing type is "str"`);
      warned.add(key);
    }
    if (type === undefined || type === 'str') return text;
    const valid = type === 'int' ? /^\s*[+-]?\d+\s*$/ : /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
    if (!valid.test(text)) throw line.error(`Cannot cast value ${repr(text)} to <class '${type}'> for ID key '${key}'`);
    return type === 'int' ? Number(text) : new PythonFloat(Number(text));
  };
  return ids.map(id => Object.fromEntries(Object.entries(id).map(([key, text]) => [key, cast(key, text)])));
}

/** The whole data ids that the given ones stand for. */
export function dataRefs(
  ids: readonly CastDataId[],
  argument: IdArgument,
  butler: Butler,
  log: Log,
): readonly CastDataId[] {
  return ids.flatMap(id => {
    if (argument.container === 'patches') return patchRefs(id, argument, butler);
    const found = butler.subset(argument.dataset, id);
    if (found.length === 0) log.warn('root', `No data found for dataId=${repr(id)}`);
    return found;
  });
}

/** Source: `lsst/coadd_utils@18.1.0:python/lsst/coadd/utils/coaddDataIdContainer.py`. */
function patchRefs(id: CastDataId, argument: IdArgument, butler: Butler): readonly CastDataId[] {
  for (const key of Object.keys(Butler.keyTypes(argument.dataset))) {
    if (key !== 'tract' && key !== 'patch' && id[key] === undefined) {
      throw new PythonError('argparse.ArgumentError', `--id must include ${key}`);
    }
  }
  if (id['tract'] !== undefined && id['patch'] !== undefined) return [id];
  if (id['patch'] !== undefined) throw new PythonError('RuntimeError', "'patch' cannot be specified without 'tract'");
  const tracts = readSkyMap(butler).filter(tract => id['tract'] === undefined || tract.id === id['tract']);
  return tracts.flatMap(tract => tract.patches().map(patch => ({...id, tract: tract.id, patch: patch.name})));
}
