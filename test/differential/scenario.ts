import {cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {FakeEngines} from '../magics/fake-engines.js';
import {Random} from '../rig/random.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {writeModel} from './disk.js';
import {endAllBelow} from './ended.js';
import {scriptsOf, type Edit, type Place} from './edit.js';
import {EDITS} from './edits.js';
import {generate, type Flavour} from './generate.js';
import {Kernels, type Reply} from './kernels.js';
import {taskOf, type Model, type Task} from './model.js';
import {Oracle, type Expected} from './oracle.js';
import {stable} from './oracle-files.js';
import {cellsOf} from './render.js';

/** One notebook and a series of edits. */
export interface Scenario {
  readonly seed: number;
  readonly flavour: Flavour;
  /** How often it is edited and run. */
  readonly steps: number;
  /** Edits before each run. */
  readonly edits: number;
  /** Every so many steps the notebook is run from nothing as well; 0: never. */
  readonly fromNothing: number;
  /** The first kinds of edits that are made; then all in turn. */
  readonly wanted?: readonly string[];
  /** Milliseconds of one run after which it is one that never ends: a difference too. */
  readonly limit?: number;
}

/** The builds that run it: of this version of the hashed form, and of the next one. */
export interface Builds {
  readonly now: string;
  readonly next: string;
  /** The program of `%%python`. */
  readonly python: string;
}

/** What a scenario came to. */
export interface Outcome {
  readonly edits: number;
  readonly cosmetic: number;
  readonly runs: number;
  readonly fromNothing: number;
  /** Kinds of edits that were made, each with how often. */
  readonly kinds: ReadonlyMap<string, number>;
  /** The first difference between the notebook and the model; a scenario ends there. */
  readonly difference?: string;
  /** The edits of the step that made it. */
  readonly caught?: readonly string[];
}

/** Runs a scenario to its end, or to the first difference. No process of it is left. */
export async function play(scenario: Scenario, builds: Builds): Promise<Outcome> {
  using folder = scratch();
  try {
    return await playIn(folder, scenario, builds);
  } finally {
    await endAllBelow(folder.path);
  }
}

async function playIn(
  folder: Scratch,
  {seed, flavour, steps, edits: perStep, fromNothing, wanted = [], limit = 200_000}: Scenario,
  builds: Builds,
): Promise<Outcome> {
  await using now = new Kernels(builds.now);
  await using next = new Kernels(builds.next);
  const random = new Random(seed);
  const engines = flavour.containers ? new FakeEngines(folder.at('engines')) : undefined;
  const kinds = new Map<string, number>();
  const counts = {edits: 0, cosmetic: 0, runs: 0, fromNothing: 0};
  const oracle = new Oracle();
  let model = generate(random, flavour);
  let directory = folder.at('work', 'nb');
  mkdirSync(folder.at('work'));
  let results = new Map<string, string>();
  let bag: Edit[] = [];
  const first = [...wanted];

  const run = async (where: string, fresh: boolean, keep: boolean): Promise<Reply | string> => {
    const kernels = model.format === 1 ? now : next;
    await (model.format === 1 ? next : now).end();
    engines?.has('podman', 'localhost/weft:1', model.image.repeat(64));
    for (const ending of ['log', 'seen']) writeFileSync(`${where}.${ending}`, '');
    const asked = kernels.run({
      directory: where,
      cells: cellsOf(model, builds.python),
      slots: model.slots,
      fresh,
      keep,
      limit,
      ...(engines === undefined ? {} : {path: engines.path}),
    });
    return asked.catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  };

  for (let step = 0; step <= steps; step++) {
    const made: Edit[] = [];
    const before = model;
    if (step > 0) {
      model = structuredClone(before);
      const disk: Edit[] = [];
      while (made.length < perStep) {
        const name = first.shift();
        if (name === undefined && bag.length === 0) bag = shuffled(EDITS, random);
        const edit = name === undefined ? bag.pop() : EDITS.find(other => other.name === name);
        if (edit === undefined) throw new Error(`there is no edit “${name ?? ''}”`);
        if (edit.disk !== undefined) disk.push(edit);
        else if (edit.apply?.(model, random) !== true) continue;
        made.push(edit);
        // One that needs a lasting order among others is made alone.
        if (edit.name === 'the tree is copied elsewhere, without its times') break;
      }
      if (model.image !== before.image) rmSync(join(directory, 'weft.lock'), {force: true});
      writeModel(model, directory);
      const place: Place = {directory, model, results, damaged: identity => oracle.damage(identity)};
      for (const edit of disk) edit.disk?.(place, random);
      directory = place.directory;
    } else writeModel(model, directory);
    const restart = step === 0 || !flavour.kept || made.some(edit => edit.restart === true) || random.below(3) === 0;
    if (restart && random.below(3) === 0) await now.end();
    const expected = oracle.run(model);
    const reply = await run(directory, restart, flavour.kept);
    counts.runs += 1;
    counts.edits += made.length;
    counts.cosmetic += made.filter(({cosmetic}) => cosmetic).length;
    for (const {name} of made) kinds.set(name, (kinds.get(name) ?? 0) + 1);
    const only = made.length > 0 && made.every(({cosmetic}) => cosmetic);
    let difference =
      typeof reply === 'string'
        ? reply
        : compare(model, expected, reply, ranIn(directory), oracle.joins, only, seenIn(directory));
    if (difference === undefined && typeof reply !== 'string' && fromNothing > 0 && step % fromNothing === 0) {
      const other = folder.at(`nothing${step}`, 'nb');
      mkdirSync(join(other, '..'), {recursive: true});
      writeModel(model, other);
      const whole = await run(other, true, false);
      counts.fromNothing += 1;
      difference = typeof whole === 'string' ? whole : compareRuns(reply, whole, directory, other);
      rmSync(join(other, '..'), {recursive: true, maxRetries: 5});
    }
    if (difference !== undefined || typeof reply === 'string') {
      if (process.env['KEEP'] !== undefined)
        cpSync(folder.path, process.env['KEEP'], {recursive: true, verbatimSymlinks: true});
      const names = made.map(({name}) => name);
      const cells = cellsOf(model, builds.python).join('\n---\n');
      const text = `seed ${seed}, step ${step}, ${restart ? 'a new kernel' : 'the same kernel'}, after: ${names.join('; ') || 'nothing'}\n${difference}\n\n${cells}`;
      return {...counts, kinds, difference: text, caught: names};
    }
    results = new Map(
      expected.flatMap(one => {
        const there = reply.results[labelOf(model, one)]?.directory ?? '';
        return one.identity === undefined || there === '' ? [] : [[one.identity, there] as const];
      }),
    );
    for (const task of scriptsOf(model)) task.force = false;
  }
  return {...counts, kinds};
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(random.below(left.length), 1));
  return result;
}

const labelOf = (model: Model, {id, key}: Expected): string =>
  `${taskOf(model, id).look.name}${key.map(each => `[${each}]`).join('')}`;

/** What a task writes into the log. */
const tagOf = (task: Task): string => (task.is === 'command' ? task.rerun?.tag : undefined) ?? task.id;

/** It is never cached. */
const isRestless = (task: Task): boolean =>
  task.is === 'script' ? task.always : task.is === 'command' && task.rerun !== undefined;

/** The lines that scripts have written as they began. */
const ranIn = (directory: string): readonly string[] =>
  existsSync(`${directory}.log`)
    ? readFileSync(`${directory}.log`, 'utf8')
        .split('\n')
        .filter(line => line !== '')
        .sort()
    : [];

/** What scripts have seen, by their names. */
const seenIn = (directory: string): ReadonlyMap<string, string> =>
  new Map(
    (existsSync(`${directory}.seen`) ? readFileSync(`${directory}.seen`, 'utf8') : '')
      .split('\0')
      .map(line => [line.slice(0, Math.max(0, line.indexOf(': '))), line.slice(line.indexOf(': ') + 2)] as const),
  );

/** What is not as the model says; undefined where all is. */
function compare(
  model: Model,
  expected: readonly Expected[],
  reply: Reply,
  ran: readonly string[],
  joins: number,
  cosmetic: boolean,
  texts: ReadonlyMap<string, string>,
): string | undefined {
  const wrong = reply.cells
    .filter(({status}) => status !== 'ok')
    .map(({index, error}) => `cell ${index}: ${error?.evalue ?? ''}`);
  if (wrong.length > 0) return `a cell failed: ${wrong.join('; ')}`;
  const must = expected
    .filter(one => one.ran)
    .map(one => [tagOf(taskOf(model, one.id)), ...one.key].join(' '))
    .sort();
  // What failed runs again whatever was edited, and so does what is never cached, and what reads other bytes of that.
  const restless = model.tasks.some(isRestless) || expected.some(({state}) => state !== 'done');
  const surprise = cosmetic && !restless ? must : [];
  if (surprise.length > 0) return `the model is wrong: after cosmetic edits it runs ${surprise.join(', ')}`;
  const [needless, missed] = [without(ran, must), without(must, ran)];
  if (missed.length > 0)
    return `false hits: ${missed.join(', ')}${needless.length > 0 ? `; needless runs: ${needless.join(', ')}` : ''}`;
  if (needless.length > 0) return `needless runs: ${needless.join(', ')}`;
  if (reply.joins !== joins) return `${reply.joins} joins ran instead of ${joins}`;
  for (const one of expected) {
    if (one.identity === undefined && one.key.length === 0 && reply.results[labelOf(model, one)] === undefined)
      continue;
    const seen = reply.results[labelOf(model, one)];
    const is = seen?.is ?? 'nowhere';
    if (is !== one.state) return `${labelOf(model, one)} is ${is}, not ${one.state}: ${seen?.why ?? ''}`;
    if (one.state !== 'done') continue;
    const command = taskOf(model, one.id).is !== 'script';
    const files = Object.entries(seen?.files ?? {}).filter(([name]) => !command || !/repositoryCfg\.yaml$/.test(name));
    const chained = taskOf(model, one.id).is === 'join' && files.length === 0;
    if (!chained && stable(Object.fromEntries(files)) !== stable(one.files))
      return `${labelOf(model, one)} has the files ${stable(Object.fromEntries(files))}, not ${stable(one.files)}\nmodel: ${one.text}\n saw: ${texts.get([one.id, ...one.key].join('-')) ?? 'nothing in this run'}`;
    if (stable(seen?.value) !== stable(one.value))
      return `${labelOf(model, one)} is ${stable(seen?.value)}, not ${stable(one.value)}`;
  }
  return undefined;
}

/** Compares a run on an old store with one from nothing, byte by byte. */
function compareRuns(reply: Reply, whole: Reply, directory: string, other: string): string | undefined {
  const names = new Set([...Object.keys(reply.results), ...Object.keys(whole.results)]);
  for (const name of names) {
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
