import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {timed} from './timed.js';

/** The root of the repository, of which the benchmark is a bundle in `dist/`. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** A notebook of code cells, as a file's text. */
export function notebookText(cells: readonly string[]): string {
  return JSON.stringify({
    cells: cells.map((source, i) => ({
      cell_type: 'code',
      execution_count: null,
      id: `c${i}`,
      metadata: {},
      outputs: [],
      source,
    })),
    metadata: {kernelspec: {name: 'weft', display_name: 'Weft', language: 'typescript'}},
    nbformat: 4,
    nbformat_minor: 5,
  });
}

/** Writes cells as a notebook into a directory, which is made, and gives its path. */
export function writeNotebook(directory: string, cells: readonly string[]): string {
  mkdirSync(directory, {recursive: true});
  const notebook = join(directory, 'bench.ipynb');
  writeFileSync(notebook, notebookText(cells));
  return notebook;
}

/** Runs cells as a notebook with `weft run` in a directory, which keeps its store, and gives the seconds it took. */
export function runCells(
  directory: string,
  cells: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const notebook = writeNotebook(directory, cells);
  const weft = join(root, 'dist', 'weft.js');
  return timed(weft, ['run', notebook, '-o', join(directory, 'out.ipynb')], directory, env);
}

/** When each task of a directory's notebooks ended, seconds since the epoch, as their journals have it; in order. */
export function endsOf(directory: string): readonly number[] {
  const runs = join(directory, '.weft', 'runs');
  return readdirSync(runs)
    .flatMap(name => endsIn(readFileSync(join(runs, name), 'utf8')))
    .sort((a, b) => a - b);
}

/** The same, of one journal's text. */
export function endsIn(journal: string): readonly number[] {
  return journal.split('\n').flatMap(line => {
    if (!line.startsWith('{"is":"result"')) return [];
    const {manifest} = JSON.parse(line) as {readonly manifest: {readonly endedAt: string}};
    return [Date.parse(manifest.endedAt) / 1000];
  });
}

/** The times between one and the next. */
export const steps = (times: readonly number[]): readonly number[] => times.slice(1).map((time, i) => time - times[i]!);
