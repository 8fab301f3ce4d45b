import {readdirSync} from 'node:fs';
import type {Candidate, Completer, CompletionContext, KnownResult} from '../../kernel/session/completer.js';
import {datasetsAmong, searchPath, type DataId} from '../lsst/dataset.js';
import {dataIdCandidates} from './data-id.js';

/** So many entries of a directory that no record tells of are looked at. */
const MOST_ENTRIES = 4000;

/** What fits behind `%show`: futures and files; behind a future, its datasets, or its files, and the keys of data ids with their values. */
export const completeShow: Completer = ({at, text, words}, context) => {
  if (at.is !== 'word') return [];
  if (text.startsWith('rgb=')) return ['futures'];
  const colours = words.find(word => word.startsWith('rgb='));
  const names = words.filter(word => !/^\w+=/.test(word));
  const future = colours === undefined ? names[0] : /^rgb=((?:[^,[]|\[[^\]]*\])*)/.exec(colours)?.[1];
  if (future === undefined) return ['futures', 'files', {text: 'rgb=', type: 'key', open: true}];
  const result = context.result(future);
  if (result === undefined) return [];
  const datasets = datasetsOf(result, context);
  const dataset = names[colours === undefined ? 1 : 0];
  const [first] = datasets.keys();
  const ids = datasets.get(dataset ?? first ?? '') ?? [];
  const given = words.filter(word => /^\w+=/.test(word) && !word.startsWith('rgb='));
  const keys = ids.length === 0 ? [] : keysOf(text, given, ids);
  return dataset === undefined ? [...namesOf(datasets, result), ...keys] : keys;
};

/** Datasets, and files that `%show` would take by their names. */
function namesOf(datasets: ReadonlyMap<string, readonly DataId[]>, {files}: KnownResult): readonly Candidate[] {
  const found = [...datasets].map(([text, {length}]): Candidate => ({
    text,
    type: 'dataset',
    help: length === 1 ? 'one file' : `${length} files`,
  }));
  // Where there are datasets, nobody looks for them by the names of their files.
  return found.length > 0 ? found : files.map((text): Candidate => ({text: wordOf(text), type: 'file'}));
}

const wordOf = (path: string): string => (/[\s"']/.test(path) ? `"${path}"` : path);

/** `%show` takes one value of a key, and no key that the files do not tell. */
function keysOf(text: string, given: readonly string[], ids: readonly DataId[]): readonly Candidate[] {
  if (text.includes('^')) return [];
  const known = new Set(ids.flatMap(id => Object.keys(id)));
  return dataIdCandidates(text, given, ids).filter(each => known.has(each.text.replace(/=.*$/, '')));
}

/** The datasets of a result and its parents; the default is the first: what the result has itself comes before what its parents have. */
function datasetsOf(result: KnownResult, context: CompletionContext): ReadonlyMap<string, readonly DataId[]> {
  const found = new Map<string, readonly DataId[]>();
  for (const directory of searchPath(result.directory)) {
    const known = directory === result.directory ? result : context.resultAt(directory);
    const files = known === undefined || known.files.length === 0 ? someFiles(directory) : undefined;
    const own = files === undefined && known !== undefined ? ownDatasets(known) : datasetsAmong(files ?? []);
    for (const [dataset, ids] of own) found.set(dataset, [...(found.get(dataset) ?? []), ...ids]);
  }
  return found;
}

const datasets = new WeakMap<KnownResult, ReadonlyMap<string, readonly DataId[]>>();

function ownDatasets(result: KnownResult): ReadonlyMap<string, readonly DataId[]> {
  let own = datasets.get(result);
  if (own === undefined) datasets.set(result, (own = datasetsAmong(result.files)));
  return own;
}

/** The first files of a rerun that no record of this notebook tells of: a person's, or another notebook's. */
function someFiles(directory: string): readonly string[] {
  const files: string[] = [];
  const below = [''];
  let left = MOST_ENTRIES;
  for (let at = below.shift(); at !== undefined && left > 0; at = below.shift()) {
    let entries;
    try {
      entries = readdirSync(`${directory}/${at}`, {withFileTypes: true});
    } catch {
      continue;
    }
    for (const entry of entries.slice(0, left)) {
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) below.push(`${at}${entry.name}/`);
      else files.push(at + entry.name);
    }
    left -= entries.length;
  }
  return files;
}
