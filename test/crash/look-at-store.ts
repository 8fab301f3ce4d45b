import {createHash} from 'node:crypto';
import {existsSync, lstatSync, readFileSync, readdirSync, statSync} from 'node:fs';
import {join, relative} from 'node:path';
import type {CrashNotebook} from './crash-notebook.js';

/** What a store shows to who reads its files and knows nothing of Weft's code. */
export interface Look {
  /** Tasks that are done: their results are there, or their ends are recorded. Each with where that was seen. */
  readonly finished: ReadonlyMap<string, string>;
  /** Results that are not what they should be. */
  readonly wrong: readonly string[];
  /** What was taken from under its final name. */
  readonly aside: readonly string[];
}

interface Written {
  readonly fingerprint: string;
  readonly value?: unknown;
  readonly directory?: string;
  readonly outputs: readonly {readonly path: string; readonly size: number; readonly sha256: string}[];
}

const names = (path: string): readonly string[] => (existsSync(path) ? readdirSync(path) : []);

/**
 * Looks at all results, attempts and journals.
 * @param damaged whether manifests and lines of journals may say anything
 */
export function lookAtStore(notebook: CrashNotebook, damaged = false): Look {
  const finished = new Map<string, string>();
  const wrong: string[] = [];
  const aside: string[] = [];
  const store = notebook.at('.weft');
  const finish = (short: string, where: string): string | undefined => {
    const task = notebook.taskOf(short);
    if (task === undefined) wrong.push(`${where} is of a task that never began`);
    else if (!finished.has(task)) finished.set(task, where);
    return task;
  };

  for (const place of placesOf(notebook)) {
    for (const name of names(place)) {
      const directory = join(place, name);
      if (name.startsWith('.dead-')) aside.push(name);
      const [, hidden, kind = '', short = ''] = /^(\.?)([A-Za-z]+)-([0-9a-f]{12})(\.[^/]*)?$/.exec(name) ?? [];
      if (hidden === undefined) continue;
      if (hidden === '' && name.endsWith('.json')) {
        // The name of the list in a result: there is none before the result, but for where the look comes between both.
        if (!lstatSync(directory).isSymbolicLink()) wrong.push(`${name} is no link`);
        continue;
      }
      if (hidden === '') {
        // A join is made by the kernel itself.
        const task = kind === 'join' ? undefined : finish(short, `result ${name}`);
        const contents = task === undefined ? undefined : (notebook.tasks.contents(task) ?? {});
        wrong.push(...lookAtResult(directory, contents, damaged));
      } else {
        const exit = join(directory, '.weft.exit');
        if (existsSync(exit) && /^0 .*\n$/.test(readFileSync(exit, 'utf8'))) finish(short, `exit ${directory}`);
      }
    }
  }
  const journals = damaged ? [] : names(join(store, 'runs'));
  for (const name of journals.filter(file => !file.startsWith('.'))) {
    for (const line of readFileSync(join(store, 'runs', name), 'utf8')
      .split('\n')
      .slice(0, -1)) {
      const {is, fingerprint, manifest} = JSON.parse(line) as {is: string; fingerprint: string; manifest?: Written};
      if (is !== 'result') continue;
      const {directory} = manifest ?? {};
      const task =
        directory !== undefined && /join-[0-9a-f]{12}$/.test(directory)
          ? undefined
          : finish(fingerprint.slice(0, 12), `journal ${name}`);
      const value = task === undefined ? undefined : notebook.tasks.value(task);
      if (manifest?.value !== value) wrong.push(`${task} has the value ${JSON.stringify(manifest?.value)}`);
    }
  }
  return {finished, wrong, aside};
}

/** The directories in which results lie, and attempts beside them. */
function placesOf(notebook: CrashNotebook): readonly string[] {
  const work = notebook.at('.weft', 'work');
  const places = [notebook.at('.weft', 'scratch'), ...names(work).map(name => join(work, name))];
  return [...places, notebook.at('DATA', 'rerun', 'weft'), notebook.at('DATA', '.weft')];
}

/** A result that stands under its final name is whole, and as its task makes it, as far as that is known. */
function lookAtResult(
  directory: string,
  contents: Readonly<Record<string, string | RegExp>> | undefined,
  damaged: boolean,
): readonly string[] {
  const wrong: string[] = [];
  let manifest: Written | undefined;
  try {
    manifest = JSON.parse(readFileSync(join(directory, '.weft.json'), 'utf8')) as Written;
  } catch (error) {
    wrong.push(`${directory} has no manifest: ${String(error)}`);
  }
  for (const {path, size, sha256} of damaged ? [] : (manifest?.outputs ?? [])) {
    const file = join(directory, path);
    if (!existsSync(file)) wrong.push(`${file} is missing`);
    else if (statSync(file).size !== size) wrong.push(`${file} is cut`);
    else if (!sha256.endsWith(createHash('sha256').update(readFileSync(file)).digest('hex')))
      wrong.push(`${file} has other bytes`);
  }
  for (const [path, expected] of Object.entries(contents ?? {})) {
    const file = join(directory, path);
    const found = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    const good = typeof expected === 'string' ? found === expected : expected.test(found ?? '');
    if (!good) wrong.push(`${file} says ${JSON.stringify(found)}, not ${String(expected)}`);
  }
  const recorded = (manifest?.outputs ?? []).map(({path}) => path).sort();
  const made = Object.keys(contents ?? {}).sort();
  if (!damaged && manifest !== undefined && contents !== undefined && recorded.join() !== made.join())
    wrong.push(`${directory} records ${recorded.join()}`);
  return wrong;
}

/** The mark of when attempts were last looked for, among the claims: it stays. */
export const LOOKED = '.looked';

/** What crashes have left, below the notebook: claims, attempts, files that were never put into place, results that were set aside. */
export function leftovers(notebook: CrashNotebook): readonly string[] {
  const claims = ['.weft/claims', 'DATA/rerun/weft/.claims', 'DATA/.weft/claims'].map(place => notebook.at(place));
  const hidden = [...placesOf(notebook), notebook.at('.weft', 'runs')].flatMap(place =>
    names(place)
      .filter(name => name.startsWith('.') && name !== '.claims' && !name.startsWith('.begun-'))
      .map(name => join(place, name)),
  );
  const claimed = claims.flatMap(place =>
    names(place)
      .filter(name => name !== LOOKED)
      .map(name => join(place, name)),
  );
  return [...claimed, ...hidden].map(path => relative(notebook.directory, path));
}
