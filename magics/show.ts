import {existsSync, readFileSync, statSync} from 'node:fs';
import {basename, resolve} from 'node:path';
import {readTable} from '../kernel/show/fits-table.js';
import {readFits, readImage, type FitsHdu} from '../kernel/show/fits.js';
import {colourBundle, pictureBundle, type Image} from '../kernel/show/picture.js';
import {tableBundle} from '../kernel/show/table.js';
import type {MagicLine} from '../kernel/cell/syntax.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {LineContext, Problem} from '../kernel/session/magic.js';
import {lineMagic} from './line/line-magic.js';
import {fileOf, problem, type Piece} from './shown-file.js';

/** Rows of a table, and lines of a text, that are shown. */
const SHOWN = {rows: 15, columns: 12, lines: 60};

/** `%show FILE`, `%show NAME [DATASET] [key=value…]`, `%show rgb=A,B[,C] …`: a picture, a table or a text (LANGUAGE 12). */
export const showMagic = lineMagic(
  {
    name: 'show',
    summary: 'shows a picture, a table or a text: of a file, or of a dataset of a repository',
    example: '%show coadds[HSC-I] deepCoadd patch=1,1\n%show rgb=coadds[HSC-I],coadds[HSC-R] patch=1,1',
    raw: true,
  },
  async (line, context) => {
    const words = wordsOf(line);
    const [first] = words;
    if (first === undefined)
      return [problem(line, 'W7010', '`%show` needs a file or a name', 'write `%show NAME patch=1,1`')];
    const keys: Record<string, string> = {};
    const names: Piece[] = [];
    let colours: readonly Piece[] | undefined;
    for (const word of words) {
      const at = word.text.indexOf('=');
      if (word.text.startsWith('rgb=')) colours = splitOutside(word, 4);
      else if (at > 0 && /^\w+$/.test(word.text.slice(0, at))) keys[word.text.slice(0, at)] = word.text.slice(at + 1);
      else names.push(word);
    }
    if (colours !== undefined) return showColours(line, context, colours, names[0]?.text, keys);
    const [name, dataset] = names;
    if (name === undefined)
      return [problem(line, 'W7010', '`%show` needs a file or a name', 'write `%show NAME patch=1,1`')];
    const path = resolve(context.directory, name.text);
    const isFile = !name.text.includes('[') && existsSync(path) && statSync(path).isFile();
    const found = isFile ? ok(path) : await fileOf(line, context, name, dataset, keys);
    if (!found.ok) return [found.error];
    return showFile(line, context, found.value, isFile ? basename(path) : titleOf(name.text, found.value));
  },
);

function wordsOf(line: MagicLine): readonly Piece[] {
  return Array.from(line.rest.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g), match => ({
    text: match[0].replace(/^(['"])(.*)\1$/, '$2'),
    start: line.restSpan.start + match.index,
  }));
}

/** Splits at commas outside brackets. */
function splitOutside(word: Piece, from: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let start = from;
  let depth = 0;
  for (let i = from; i <= word.text.length; i++) {
    const character = word.text[i];
    if (character === '[') depth += 1;
    if (character === ']') depth -= 1;
    if (character !== undefined && (character !== ',' || depth > 0)) continue;
    pieces.push({text: word.text.slice(start, i), start: word.start + start});
    start = i + 1;
  }
  return pieces;
}

const titleOf = (name: string, path: string): string => `${name} ${basename(path)}`;

async function showColours(
  line: MagicLine,
  context: LineContext,
  names: readonly Piece[],
  dataset: string | undefined,
  keys: Readonly<Record<string, string>>,
): Promise<readonly Problem[] | undefined> {
  if (names.length < 2 || names.length > 3)
    return [
      problem(
        line,
        'W7018',
        '`rgb=` takes two or three names',
        'the reddest first: `%show rgb=coadds[HSC-I],coadds[HSC-R] patch=1,1`',
      ),
    ];
  const images: Image[] = [];
  const titles: string[] = [];
  for (const name of names) {
    const found = await fileOf(
      line,
      context,
      name,
      dataset === undefined ? undefined : {text: dataset, start: name.start},
      keys,
    );
    if (!found.ok) return [found.error];
    const image = imageOf(found.value);
    if (!image.ok) return [problem(line, 'W7019', image.error, undefined, name)];
    images.push(image.value);
    titles.push(titleOf(name.text, found.value));
  }
  const [red, green, blue] = images;
  if (red === undefined || green === undefined) return undefined;
  if (images.some(image => image.width !== red.width || image.height !== red.height)) {
    return [problem(line, 'W7018', 'the images are of different size', 'show the same patch of each')];
  }
  context.display(colourBundle(blue === undefined ? [red, green] : [red, green, blue], titles));
  return undefined;
}

function showFile(line: MagicLine, context: LineContext, path: string, title: string): readonly Problem[] | undefined {
  if (!/\.(fits|fit|fz)$/i.test(path)) {
    const lines = readFileSync(path, 'utf8').replace(/\n$/, '').split('\n');
    context.stream(
      'stdout',
      `${lines.slice(0, SHOWN.lines).join('\n')}${lines.length > SHOWN.lines ? `\n… ${lines.length - SHOWN.lines} lines more: ${path}` : ''}\n`,
    );
    return undefined;
  }
  const units = readUnits(path);
  if (!units.ok) return [problem(line, 'W7019', units.error)];
  const image = imageOf(path);
  if (image.ok) {
    context.display(pictureBundle(image.value, {title}));
    return undefined;
  }
  for (const unit of units.value) {
    const table = readTable(unit);
    if (!table.ok) continue;
    const columns = table.value.columns.slice(0, SHOWN.columns);
    const cells = columns.map(({name}) => table.value.column(name));
    const rows = Array.from({length: Math.min(table.value.rows, SHOWN.rows)}, (_, i) =>
      cells.map(column => (column.ok ? cellText(column.value[i]) : '')),
    );
    context.display(
      tableBundle({caption: title, columns: columns.map(({name}) => ({title: name})), rows, total: table.value.rows}),
    );
    return undefined;
  }
  return [problem(line, 'W7019', image.error)];
}

const cellText = (value: unknown): string =>
  typeof value === 'number' && !Number.isInteger(value)
    ? value.toPrecision(6)
    : Array.isArray(value)
      ? value.join(' ')
      : typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
        ? String(value)
        : '';

function readUnits(path: string): Result<readonly FitsHdu[], string> {
  try {
    return readFits(readFileSync(path));
  } catch (error) {
    return fail(`${path}: ${(error as Error).message}`);
  }
}

/** The first plane of a FITS file that is a picture, pixels that its mask calls empty taken as no data. */
function imageOf(path: string): Result<Image, string> {
  const units = readUnits(path);
  if (!units.ok) return units;
  for (const unit of units.value) {
    if (unit.kind !== 'image' || unit.data.length === 0) continue;
    const image = readImage(unit);
    if (image.ok)
      return ok({width: image.value.width, height: image.value.height, data: Float32Array.from(image.value.pixels)});
  }
  return fail(`${basename(path)} has no plain image`);
}
