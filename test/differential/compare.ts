import {taskOf, type Model, type Task} from './model.js';
import type {Reply} from './kernels.js';
import type {Expected, ExpectedRun} from './oracle.js';
import {stable} from './oracle-files.js';

/** How the notebook names what a task makes. */
export const labelOf = (model: Model, {id, key}: Expected): string =>
  `${taskOf(model, id).look.name}${key.map(each => `[${each}]`).join('')}`;

/** It is never cached. */
const isRestless = (task: Task): boolean =>
  task.is === 'script' ? task.always : task.is === 'command' && task.rerun !== undefined;

/** What is not as the model says; undefined where all is. */
export function compare(
  model: Model,
  {tasks: expected, ran: must, joins}: ExpectedRun,
  reply: Reply,
  ran: readonly string[],
  cosmetic: boolean,
  texts: ReadonlyMap<string, string>,
): string | undefined {
  const wrong = reply.cells
    .filter(({status}) => status !== 'ok')
    .map(({index, error}) => `cell ${index}: ${error?.evalue ?? ''}`);
  if (wrong.length > 0) return `a cell failed: ${wrong.join('; ')}`;
  // What failed runs again whatever was edited, and so does what is never cached, and what reads other bytes of that.
  const restless = model.tasks.some(isRestless) || expected.some(({state}) => state !== 'done');
  const surprise = cosmetic && !restless ? must : [];
  if (surprise.length > 0) return `the model is wrong: after cosmetic edits it runs ${surprise.join(', ')}`;
  const [needless, missed] = [without(ran, must), without(must, ran)];
  const others = [
    ...(needless.length > 0 ? [`; needless runs: ${needless.join(', ')}`] : []),
    ...expected.flatMap(one => {
      const {is = one.state, why = ''} = reply.results[labelOf(model, one)] ?? {};
      return is === one.state ? [] : [`; ${labelOf(model, one)} is ${is}, not ${one.state}: ${why}`];
    }),
  ].join('');
  if (missed.length > 0) return `false hits: ${missed.join(', ')}${others}`;
  if (needless.length > 0) return others.slice(2);
  if (reply.joins !== joins) return `${reply.joins} joins ran instead of ${joins}`;
  for (const one of expected) {
    if (one.identity === undefined && one.key.length === 0 && reply.results[labelOf(model, one)] === undefined)
      continue;
    const seen = reply.results[labelOf(model, one)];
    const is = seen?.is ?? 'nowhere';
    if (is !== one.state) return `${labelOf(model, one)} is ${is}, not ${one.state}: ${seen?.why ?? ''}`;
    if (one.state !== 'done') continue;
    const command = taskOf(model, one.id).is !== 'script';
    if (taskOf(model, one.id).is === 'ingest') continue;
    const files = Object.entries(seen?.files ?? {}).filter(([name]) => !command || !/repositoryCfg\.yaml$/.test(name));
    const task = taskOf(model, one.id);
    const chained = (task.is === 'join' || (task.is === 'command' && task.split !== undefined)) && files.length === 0;
    if (!chained && stable(Object.fromEntries(files)) !== stable(one.files))
      return `${labelOf(model, one)} has the files ${stable(Object.fromEntries(files))}, not ${stable(one.files)}\nmodel: ${one.text}\n saw: ${texts.get([one.id, ...one.key].join('-')) ?? 'nothing in this run'}`;
    if (stable(seen?.value) !== stable(one.value))
      return `${labelOf(model, one)} is ${stable(seen?.value)}, not ${stable(one.value)}`;
  }
  return undefined;
}

/**
 * Compares a run on an old store with one from nothing, byte by byte.
 * @param fresh what of it must be the same: what read something undeclared that has changed since is not
 */
export function compareRuns(
  reply: Reply,
  whole: Reply,
  directory: string,
  other: string,
  fresh: (name: string) => boolean,
): string | undefined {
  const names = new Set([...Object.keys(reply.results), ...Object.keys(whole.results)]);
  for (const name of names) {
    if (!fresh(name)) continue;
    const [a, b] = [reply.results[name], whole.results[name]];
    const plain = (seen: typeof a, place: string): string =>
      stable([seen?.is, seen?.files, seen?.value, seen?.directory.replace(place, '')]);
    if (plain(a, directory) !== plain(b, other))
      return `${name} is ${plain(a, directory)}, and from nothing ${plain(b, other)}`;
  }
  return undefined;
}

/** What the first list has more than the second, each as often as it stands there. */
function without(all: readonly string[], others: readonly string[]): readonly string[] {
  const left = [...others];
  return all.filter(one => {
    const at = left.indexOf(one);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}
