import {basename, join} from 'node:path';
import type {Ready} from './engines.js';
import {endsOf, runCells, steps} from './notebook.js';
import {median, type Pair} from './pair.js';
import {timed} from './timed.js';

/** How much is measured of each runtime. */
export interface ContainerOptions {
  readonly rounds: number;
  /** Tasks that are run in bundles. */
  readonly tasks: number;
  /** Tasks in a container of their own: their time is scaled to as many as are bundled. */
  readonly single: number;
  /** Tasks for which a container stays up. */
  readonly bundle: number;
  readonly folder: string;
}

const loop = (count: number, options: string, salt: string): string =>
  `%%foreach i in 1..${count}\n%%bash ${options} --as noop\ntrue # ${salt}`;

/**
 * What a task that does nothing costs in a container, against starting one by hand, and many in few containers against each in its own. One
 * slot: the time of a task is that from the end of the one before to its own, so that all that Weft does for it is in it and the start of
 * the kernel is not. Tasks and starts by hand take turns, a few of each.
 */
export async function containerPairs(
  name: string,
  runtime: Ready,
  options: ContainerOptions,
): Promise<readonly Pair[]> {
  const {rounds, tasks, bundle, folder} = options;
  const {container, program, byHand, env} = runtime;
  const directory = (what: string): string => join(folder, `${name}-${what}`);
  const setUp = ['%executor local --slots 1', `%container ${container}`];
  const single = [] as number[];
  const hand = byHand.map(() => [] as number[]);
  await runCells(directory('warm'), [...setUp, loop(1, '', 'warm')], env);
  for (const words of byHand) await timed(program, words, folder, env);
  const turn = Math.ceil(options.single / rounds);
  for (let round = 0; round < rounds; round++) {
    const where = directory(`single-${round}`);
    // The first has none before it.
    await runCells(where, [...setUp, loop(turn + 1, '', 'single')], env);
    single.push(...steps(endsOf(where)));
    for (let i = 0; i < turn; i++)
      for (const [way, words] of byHand.entries()) hand[way]?.push(await timed(program, words, folder, env));
  }
  const start = await runCells(directory('empty'), setUp, env);
  const all = await runCells(directory('bundled'), [...setUp, loop(tasks, `--bundle ${bundle}`, '')], env);
  return [
    ...byHand.map((words, way) => ({
      name: `a task in ${name}`,
      ours: median(single) * 1000,
      theirs: median(hand[way] ?? []) * 1000,
      unit: 'ms',
      against: commandText(program, words),
      smallerIsBetter: true,
    })),
    {
      name: `${tasks} tasks in ${name}, bundled by ${bundle}`,
      ours: all - start,
      theirs: median(single) * tasks,
      unit: 's',
      against: `each in its own container, scaled from ${single.length}`,
      smallerIsBetter: true,
    },
  ];
}

/** A command for a line of the table. */
const commandText = (program: string, words: readonly string[]): string =>
  `\`${[basename(program), ...words.map(word => (/[/:]/.test(word) ? 'IMAGE' : word))].join(' ')}\``;
