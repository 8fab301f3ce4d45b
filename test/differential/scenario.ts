import {cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {FakeEngines} from '../magics/fake-engines.js';
import {Random} from '../rig/random.js';
import {scratch, type Scratch} from '../rig/scratch.js';
import {writeModel} from './disk.js';
import {endAllBelow} from './ended.js';
import type {Edit, Place} from './edit.js';
import {EDITS} from './edits.js';
import {generate, type Flavour} from './generate.js';
import {compare, compareRuns, labelOf} from './compare.js';
import {Kernels, type Reply} from './kernels.js';
import {Oracle, type ExpectedRun} from './oracle.js';
import {stable} from './oracle-files.js';
import {cellsBehind, cellsOf} from './render.js';
import type {Model} from './model.js';

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
      then: cellsBehind(model),
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
        if (edit.name === 'the tree is copied elsewhere, without its times') {
          model.copies += 1;
          break;
        }
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
    const only = made.length > 0 && before.copies === model.copies && made.every(({cosmetic}) => cosmetic);
    let difference =
      typeof reply === 'string' ? reply : compare(model, expected, reply, ranIn(directory), only, seenIn(directory));
    if (difference === undefined && typeof reply !== 'string' && fromNothing > 0 && step % fromNothing === 0) {
      const other = folder.at(`nothing${step}`, 'nb');
      mkdirSync(join(other, '..'), {recursive: true});
      writeModel(model, other);
      const whole = await run(other, true, false);
      counts.fromNothing += 1;
      const anew = new Oracle().run(model);
      difference =
        typeof whole === 'string'
          ? whole
          : (compare(model, anew, whole, ranIn(other), false, seenIn(other)) ??
            compareRuns(reply, whole, directory, other, sameIn(model, expected, anew)));
      rmSync(join(other, '..'), {recursive: true, maxRetries: 5});
    }
    if (difference !== undefined || typeof reply === 'string') {
      if (process.env['KEEP'] !== undefined)
        cpSync(folder.path, process.env['KEEP'], {recursive: true, verbatimSymlinks: true});
      const names = made.map(({name}) => name);
      const cells = [...cellsOf(model, builds.python), ...cellsBehind(model)].join('\n---\n');
      const text = `seed ${seed}, step ${step}, ${restart ? 'a new kernel' : 'the same kernel'}, after: ${names.join('; ') || 'nothing'}\n${difference}\n\n${cells}`;
      return {...counts, kinds, difference: text, caught: names};
    }
    results = new Map(
      expected.tasks.flatMap(one => {
        const there = reply.results[labelOf(model, one)]?.directory ?? '';
        return one.identity === undefined || there === '' ? [] : [[one.identity, there] as const];
      }),
    );
    for (const task of model.tasks) if (task.is !== 'join') task.force = false;
    model.forced = [];
    if (model.stack !== null) model.stack.ingested = [...expected.ingested];
  }
  return {...counts, kinds};
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  const left = [...all];
  const result: T[] = [];
  while (left.length > 0) result.push(...left.splice(random.below(left.length), 1));
  return result;
}

/** Whether a name of the notebook stands for the same in two runs. */
function sameIn(model: Model, one: ExpectedRun, other: ExpectedRun): (name: string) => boolean {
  const contents = ({tasks}: ExpectedRun): ReadonlyMap<string, string> =>
    new Map(tasks.map(task => [labelOf(model, task), stable([task.state, task.files, task.value])]));
  // The same change of another root is another one.
  const changes = new Set(model.tasks.flatMap(({is, look}) => (is === 'ingest' ? [look.name] : [])));
  const [ones, others] = [contents(one), contents(other)];
  // Parts of what is split have one name.
  return name =>
    (ones.has(name) || name.startsWith('join ')) && ones.get(name) === others.get(name) && !changes.has(name);
}

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
