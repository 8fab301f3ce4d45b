import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import {dirname, join} from 'node:path';
import type {Random} from '../rig/random.js';
import {filesIn} from './disk.js';
import {flipped} from './change.js';
import type {Edit} from './edit.js';

/** Files that are outputs of a result. */
const outputsIn = (directory: string): readonly string[] =>
  existsSync(directory) ? filesIn(directory, '').filter(name => !name.startsWith('.weft')) : [];

const touch = (path: string, random: Random): void => {
  const seconds = 1_500_000_000 + random.below(1e8);
  utimesSync(path, seconds, seconds);
};

const everyFile = (directory: string, below = ''): readonly string[] =>
  readdirSync(join(directory, below), {withFileTypes: true}).flatMap(entry => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.name === '.weft' || entry.name === 'rerun') return [];
    return entry.isDirectory() ? everyFile(directory, name) : entry.isFile() ? [name] : [];
  });

const cosmetic = (name: string, disk: NonNullable<Edit['disk']>, restart = false): Edit => ({
  name,
  cosmetic: true,
  disk,
  ...(restart ? {restart} : {}),
});

/** Does something to the files of one result. */
const damage = (name: string, how: (directory: string, files: readonly string[], random: Random) => void): Edit => ({
  name,
  cosmetic: false,
  disk: (place, random) => {
    const all = [...place.results].filter(([, directory]) => outputsIn(directory).length > 0);
    if (all.length === 0) return false;
    const [identity, directory] = random.of(all);
    how(directory, outputsIn(directory), random);
    place.damaged(identity);
    return true;
  },
});

/** What becomes of files without the notebook being edited. */
export const DISK_EDITS: readonly Edit[] = [
  cosmetic('inputs are touched', ({directory}, random) => {
    for (const name of everyFile(directory)) if (random.below(2) === 0) touch(join(directory, name), random);
    return true;
  }),
  cosmetic('inputs are written again with the same bytes', ({directory}) => {
    for (const name of filesIn(directory, '')) {
      const path = join(directory, name);
      const text = readFileSync(path);
      rmSync(path);
      writeFileSync(path, text);
    }
    return true;
  }),
  cosmetic(
    'the tree is copied elsewhere, without its times',
    place => {
      const to = join(dirname(place.directory), `copy${readdirSync(dirname(place.directory)).length}`, 'nb');
      mkdirSync(dirname(to), {recursive: true});
      cpSync(place.directory, to, {recursive: true, preserveTimestamps: false, verbatimSymlinks: true});
      for (const ending of ['.undeclared', '.failing'])
        if (existsSync(place.directory + ending)) cpSync(place.directory + ending, to + ending);
      rmSync(place.directory, {recursive: true});
      place.directory = to;
      return true;
    },
    true,
  ),
  cosmetic('outputs are touched', ({results}, random) => {
    for (const directory of results.values())
      for (const name of outputsIn(directory)) touch(join(directory, name), random);
    return true;
  }),
  cosmetic('Python has left its compiled form beside declared code', ({directory}, random) => {
    if (!existsSync(join(directory, 'lib'))) return false;
    mkdirSync(join(directory, 'lib', '__pycache__'), {recursive: true});
    writeFileSync(join(directory, 'lib', '__pycache__', 'code.cpython-311.pyc'), `compiled ${random.below(1000)}`);
    return true;
  }),
  cosmetic('files that nobody names come and go', ({directory}, random) => {
    writeFileSync(join(directory, 'other.md'), `other ${random.below(1000)}`);
    return true;
  }),
  damage('an output is removed', (directory, files, random) => rmSync(join(directory, random.of(files)))),
  damage('an output is written over', (directory, files, random) => {
    const path = join(directory, random.of(files));
    const before = readFileSync(path, 'utf8');
    const {mtimeMs} = statSync(path);
    let text = before;
    while (text === before) text = flipped(before, random);
    // Another file, as outputs of joins are links to those of others.
    rmSync(path);
    writeFileSync(path, text);
    if (statSync(path).mtimeMs === mtimeMs) touch(path, random);
  }),
  damage('a result is moved away', directory => renameSync(directory, `${directory}.gone`)),
];
