import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import {root, writeNotebook} from './notebook.js';
import type {Pair} from './pair.js';

/** Of some times in milliseconds. */
interface Spread {
  readonly median: number;
  readonly p99: number;
  readonly longest: number;
}

/**
 * How long after a task's end its record is on the disk, for each task of a loop that runs two at a time: what the sync itself takes is in
 * it, and is told as well. On a busy machine most of it passes before the kernel gets to see the end.
 */
export function durability(options: {
  readonly cold: number;
  readonly folder: string;
  readonly say: (line: string) => void;
}): readonly Pair[] {
  const directory = join(options.folder, 'durable');
  const cells = ['%executor local --slots 2', `%%foreach i in 1..${options.cold}\n%%bash --as t --value\necho $i`];
  const notebook = writeNotebook(directory, cells);
  const told = join(directory, 'durable.json');
  const watch = pathToFileURL(join(root, 'bench', 'durable.js')).href;
  const weft = join(root, 'dist', 'weft.js');
  const ran = spawnSync(weft, ['run', notebook, '-o', join(directory, 'out.ipynb')], {
    cwd: directory,
    env: {...process.env, NODE_OPTIONS: `--import ${watch}`, WEFT_BENCH_DURABLE: told},
  });
  if (ran.status !== 0 || !existsSync(told)) throw new Error(`durability was not measured: ${ran.stderr.toString()}`);
  const {count, written, sync, ...delay} = JSON.parse(readFileSync(told, 'utf8')) as Spread & {
    readonly count: number;
    readonly written: Spread;
    readonly sync: Spread;
  };
  if (count !== options.cold) throw new Error(`${count} of ${options.cold} tasks were seen to become durable`);
  const text = ({median, p99, longest}: Spread): string =>
    `median ${median.toFixed(1)}, 99 % within ${p99.toFixed(1)}, longest ${longest.toFixed(1)} ms`;
  options.say(
    `${count} records durable after a task's end: ${text(delay)}; of it since the line was written: ${text(written)}; fdatasync: ${text(sync)}`,
  );
  const pair = (name: string, ours: number): Pair => ({
    name,
    ours,
    theirs: 50,
    unit: 'ms',
    against: 'what is allowed',
    smallerIsBetter: true,
  });
  return [
    pair('a task is durable, median', delay.median),
    pair('a task is durable, longest', delay.longest),
    pair('of it since it was recorded, longest', written.longest),
  ];
}
