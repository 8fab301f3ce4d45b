import {createHash} from 'node:crypto';
import {existsSync, readFileSync, readdirSync, statSync} from 'node:fs';
import {join} from 'node:path';
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
  readonly outputs: readonly {readonly path: string; readonly size: number; readonly sha256: string}[];
}

const names = (path: string): readonly string[] => (existsSync(path) ? readdirSync(path) : []);

/** Looks at all results, attempts and journals. */
export function lookAtStore(notebook: CrashNotebook): Look {
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

  for (const place of names(join(store, 'work'))) {
    for (const name of names(join(store, 'work', place))) {
      const directory = join(store, 'work', place, name);
      if (name.startsWith('.dead-')) aside.push(name);
      const short = /^bash-([0-9a-f]{12})$/.exec(name)?.[1];
      if (short === undefined) continue;
      const task = finish(short, `result ${name}`);
      if (task !== undefined) wrong.push(...lookAtResult(directory, notebook.contents(task) ?? {}));
    }
  }
  const attempts = ['scratch', ...names(join(store, 'work')).map(name => join('work', name))];
  for (const name of attempts.flatMap(place => names(join(store, place)).map(name => join(store, place, name)))) {
    const short = /\/\.bash-([0-9a-f]{12})\.[^/]*$/.exec(name)?.[1];
    const exit = join(name, '.weft.exit');
    if (short !== undefined && existsSync(exit) && /^0 .*\n$/.test(readFileSync(exit, 'utf8')))
      finish(short, `exit ${name}`);
  }
  for (const name of names(join(store, 'runs')).filter(file => !file.startsWith('.'))) {
    for (const line of readFileSync(join(store, 'runs', name), 'utf8')
      .split('\n')
      .slice(0, -1)) {
      const {is, fingerprint, manifest} = JSON.parse(line) as {is: string; fingerprint: string; manifest?: Written};
      if (is !== 'result') continue;
      const task = finish(fingerprint.slice(0, 12), `journal ${name}`);
      const value = task?.startsWith('v') === true ? notebook.value(task) : undefined;
      if (manifest?.value !== value) wrong.push(`${task} has the value ${JSON.stringify(manifest?.value)}`);
    }
  }
  return {finished, wrong, aside};
}

/** A result that stands under its final name is whole, and as its task makes it. */
function lookAtResult(directory: string, contents: Readonly<Record<string, string>>): readonly string[] {
  const wrong: string[] = [];
  let manifest: Written | undefined;
  try {
    manifest = JSON.parse(readFileSync(join(directory, '.weft.json'), 'utf8')) as Written;
  } catch (error) {
    wrong.push(`${directory} has no manifest: ${String(error)}`);
  }
  for (const {path, size, sha256} of manifest?.outputs ?? []) {
    const file = join(directory, path);
    if (!existsSync(file)) wrong.push(`${file} is missing`);
    else if (statSync(file).size !== size) wrong.push(`${file} is cut`);
    else if (!sha256.endsWith(createHash('sha256').update(readFileSync(file)).digest('hex')))
      wrong.push(`${file} has other bytes`);
  }
  for (const [path, expected] of Object.entries(contents)) {
    const file = join(directory, path);
    const found = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
    if (found !== expected) wrong.push(`${file} says ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`);
  }
  const recorded = (manifest?.outputs ?? []).map(({path}) => path).sort();
  const made = Object.keys(contents).sort();
  if (manifest !== undefined && recorded.join() !== made.join()) wrong.push(`${directory} records ${recorded.join()}`);
  return wrong;
}

/** What crashes have left: claims, attempts, files that were never put into place, results that were set aside. */
export function leftovers(notebook: CrashNotebook): readonly string[] {
  const store = notebook.at('.weft');
  const claims = names(join(store, 'claims')).map(name => join('claims', name));
  const places = ['scratch', ...names(join(store, 'work')).map(name => join('work', name))];
  const hidden = places.flatMap(place => names(join(store, place)).map(name => join(place, name)));
  const journals = names(join(store, 'runs')).filter(name => name.startsWith('.'));
  return [...claims, ...hidden.filter(path => /\/\.[^/]*$/.test(path)), ...journals];
}
