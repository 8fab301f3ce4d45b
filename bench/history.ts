import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {fillStore} from './history-store.js';
import {root, runCells} from './notebook.js';
import {median, type Pair} from './pair.js';
import {timed} from './timed.js';

/** How much of a history is measured. */
export interface HistoryOptions {
  readonly rounds: number;
  /** Tasks in the history. */
  readonly tasks: number;
  readonly folder: string;
}

/** Lines of a kind in one cell: so many that the start of the kernel is little beside them. */
const REPEATED = 10;

/**
 * What looking back costs in a store with a long history: the commands in a shell, whole processes; the line magics, each alone, without
 * the kernel's start. Beside each: `grep` for a word that is in none of the lines of the same journals.
 */
export async function historyPairs({rounds, tasks, folder}: HistoryOptions): Promise<readonly Pair[]> {
  const directory = join(folder, 'history');
  const store = join(directory, '.weft');
  const env = {XDG_CACHE_HOME: join(folder, 'cache')};
  mkdirSync(directory, {recursive: true});
  await fillStore(store, tasks);
  const weft = (...words: readonly string[]): Promise<number> =>
    timed(join(root, 'dist', 'weft.js'), words, directory, env);
  const task = '%%foreach visit in [900002]\n%%bash --as detect\necho "$visit"';
  const cells = (line?: string): Promise<number> =>
    runCells(directory, [task, '%wait', ...(line === undefined ? [] : [Array(REPEATED).fill(line).join('\n')])], env);
  const each = async (line: string): Promise<number> => ((await cells(line)) - (await cells())) / REPEATED;
  const grep = (): Promise<number> =>
    timed('bash', ['-c', 'grep -c no-such-word .weft/runs/*.jsonl || true'], directory);
  const measures: readonly (readonly [name: string, run: () => Promise<number>])[] = [
    ['weft cache ls', () => weft('cache', 'ls')],
    ['weft history', () => weft('history')],
    ['weft history --search', () => weft('history', '--search', 'no star')],
    ['%history', () => each('%history')],
    ['%history --search', () => each('%history --search "no star"')],
    ['%cache ls', () => each('%cache ls')],
    ['%why', () => each('%why detect')],
  ];
  const first = await weft('history', '--search', 'no star');
  const pairs: Pair[] = [pairOf('weft history --search, first time', tasks, [first], [await grep()])];
  for (const [name, run] of measures) {
    const [ours, theirs] = [[] as number[], [] as number[]];
    for (let round = 0; round < rounds; round++) {
      ours.push(await run());
      theirs.push(await grep());
    }
    pairs.push(pairOf(name, tasks, ours, theirs));
  }
  return pairs;
}

const pairOf = (name: string, tasks: number, ours: readonly number[], theirs: readonly number[]): Pair => ({
  name,
  ours: median(ours),
  theirs: median(theirs),
  unit: 's',
  against: `grep in the journals, ${tasks} tasks`,
  smallerIsBetter: true,
});
