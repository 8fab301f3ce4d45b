import {existsSync, statSync} from 'node:fs';
import {join} from 'node:path';
import type {MagicLine} from '../kernel/cell/syntax.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {LineContext, Problem} from '../kernel/session/magic.js';
import {DATASETS, defaultDataset, findDatasets} from './lsst/dataset.js';

/** A word of the line, and where it stands. */
export interface Piece {
  readonly text: string;
  readonly start: number;
}

/** What is wrong with a line of `%show`, at a word of it. */
export function problem(
  line: MagicLine,
  code: Problem['code'],
  message: string,
  hint?: string,
  piece?: Piece,
): Problem {
  const span = piece === undefined ? line.nameSpan : {start: piece.start, end: piece.start + piece.text.length};
  return {code, severity: 'error', span, message, ...(hint === undefined ? {} : {hint})};
}

/** The directory of a future's result, waited for. */
async function directoryOf(
  line: MagicLine,
  context: LineContext,
  name: Piece,
): Promise<Result<{readonly path: string; readonly files?: readonly string[]}, Problem>> {
  const span = {start: name.start, end: name.start + name.text.length};
  const word = {pieces: [{is: 'text' as const, text: name.text, quoted: false, span}], span, raw: name.text};
  const named = await context.resolve({...line, words: [word]});
  if (!named.ok) return fail(named.error[0] ?? problem(line, 'W7010', `\`${name.text}\` is unknown`, undefined, name));
  const [only] = named.value;
  if (only?.node.is !== 'task') {
    const keys =
      only?.node.is === 'set'
        ? (only.node.members ?? []).slice(0, 8).map(({key}) => `${name.text}[${key.map(String).join('][')}]`)
        : [];
    return fail(
      problem(
        line,
        'W7011',
        `\`${name.text}\` is a whole set`,
        keys.length === 0 ? 'name one of its elements' : `name one of its elements: ${keys.join(', ')}`,
        name,
      ),
    );
  }
  if (!(await context.notebook.wait([only.node]))) return fail(problem(line, 'W7012', 'interrupted', undefined, name));
  const settled = await only.node.settled();
  switch (settled.is) {
    case 'repo':
      return ok({path: settled.path});
    case 'files':
      return ok({path: settled.path, files: settled.files});
    case 'failed':
      return fail(problem(line, 'W7013', settled.message, undefined, name));
    default:
      return fail(
        problem(
          line,
          'W7014',
          `\`${name.text}\` is a value, it has no files`,
          `show it by \`await ${name.text}\``,
          name,
        ),
      );
  }
}

/** The file that a name and a dataset, or the name of a file, mean; what the name stands for is waited for. */
export async function fileOf(
  line: MagicLine,
  context: LineContext,
  name: Piece,
  dataset: Piece | undefined,
  keys: Readonly<Record<string, string>>,
): Promise<Result<string, Problem>> {
  const directory = await directoryOf(line, context, name);
  if (!directory.ok) return directory;
  const {path: place, files} = directory.value;
  if (!existsSync(place))
    return fail(
      problem(
        line,
        'W7015',
        `\`${name.text}\` has no files any more: ${place} is missing`,
        'run the cell that makes it again',
        name,
      ),
    );
  if (dataset !== undefined) {
    const path = join(place, dataset.text);
    if (existsSync(path) && statSync(path).isFile()) return ok(path);
    if (!DATASETS.includes(dataset.text) && files !== undefined)
      return fail(
        problem(
          line,
          'W7015',
          `\`${name.text}\` has no file \`${dataset.text}\``,
          files.length === 0 ? 'it has no files' : `it has ${some(files, ', ')}`,
          dataset,
        ),
      );
    if (!DATASETS.includes(dataset.text))
      return fail(
        problem(
          line,
          'W7015',
          `\`${name.text}\` has no file and no dataset \`${dataset.text}\``,
          `datasets that can be shown are ${DATASETS.join(', ')}`,
          dataset,
        ),
      );
  }
  const wanted = dataset?.text ?? defaultDataset(place);
  if (wanted === undefined)
    return fail(
      problem(
        line,
        'W7015',
        `\`${name.text}\` has no dataset that can be shown`,
        files?.[0] === undefined
          ? `\`!ls \${${name.text}}\` lists what it has`
          : `name one of its files: \`%show ${name.text} ${files[0]}\``,
        name,
      ),
    );
  const found = findDatasets(place, wanted, keys);
  const [only] = found;
  const given = Object.entries(keys)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');
  if (only === undefined) {
    const all = findDatasets(place, wanted, {});
    const there = all.map(each => idText(each.keys));
    return fail(
      problem(
        line,
        'W7016',
        `\`${name.text}\` has no ${wanted}${given === '' ? '' : ` of ${given}`}`,
        there.length === 0 ? `\`!ls \${${name.text}}\` lists what it has` : `there is ${some(there, '; ')}`,
        name,
      ),
    );
  }
  if (found.length > 1)
    return fail(
      problem(
        line,
        'W7017',
        `\`${name.text}\` has ${found.length} of ${wanted}${given === '' ? '' : ` with ${given}`}`,
        `say which one: ${some(
          found.map(each => idText(each.keys)),
          '; ',
        )}`,
        name,
      ),
    );
  return ok(only.path);
}

const idText = (keys: Readonly<Record<string, string>>): string =>
  Object.entries(keys)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ');

/** The first few of names. */
const some = (names: readonly string[], between: string): string =>
  `${names.slice(0, 8).join(between)}${names.length > 8 ? `${between}…` : ''}`;
