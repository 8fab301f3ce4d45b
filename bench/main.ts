import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, resolve} from 'node:path';
import {parseArgs} from 'node:util';
import {showCheckpoints} from './checkpoints.js';
import {compareScenarios} from './compare-scenarios.js';
import {containerPairs} from './containers.js';
import {startEngines} from './engines.js';
import {historyPairs} from './history.js';
import type {KernelResults} from './kernel-results.js';
import {compareKernels, kernelPairs} from './kernels.js';
import {kernelsPage} from './kernels-page.js';
import {runCells} from './notebook.js';
import {line, median, ratio, type Pair} from './pair.js';
import {timed} from './timed.js';

const usage = `usage: npm run bench -- [--rounds N] [--tasks N] [--cells N] [--json]
Every figure is measured beside its reference in the same run, so that a loaded machine slows both.
  --rounds N  how often each is measured (3)
  --tasks N   bash tasks of one notebook (400)
  --cells N   cells of one kernel (200)
  --history N tasks of the history in which is looked back (50000)
  --done N    tasks that are found done, in a store that is filled with them; those of a tenth of N are subtracted (10000)
  --cold N    tasks that are run beside make and Parsl, in the same way (1000)
  --only WHAT kernels, tasks, checkpoints, history, containers, or scenarios (these only if asked for: they print no figures)
  --json      one JSON line a pair
WEFT_TEST_PYTHON names the Python that has jupyter_client and ipykernel; without one the kernels are left out.
WEFT_PARSL_PYTHON names the Python that has Parsl, for checkpoints and scenarios; make and ninja are taken from the PATH.
For containers it starts podman and docker in a directory of its own, and takes charliecloud, where they are installed.`;

interface Options {
  readonly rounds: number;
  readonly tasks: number;
  readonly cells: number;
  readonly peers: readonly string[];
  readonly folder: string;
}

/** Where the comparison of kernels is kept. */
interface Files {
  readonly results: string | undefined;
  readonly page: string | undefined;
}

/** Bash tasks that do nothing, as cells; `salt` makes them new tasks. */
const taskCells = (tasks: number, salt: string): readonly string[] => [
  '%executor local --slots 2',
  `%%foreach i in 1..${tasks}\n%%bash --as noop\nbash -c true # ${salt}`,
];

/** Two bare loops, side by side: the least that running so many tasks on two cores costs. */
async function bareLoops(tasks: number, folder: string): Promise<number> {
  const loop = `for ((i = 0; i < ${Math.ceil(tasks / 2)}; i++)); do bash -c true; done`;
  const began = performance.now();
  await Promise.all([timed('bash', ['-c', loop], folder), timed('bash', ['-c', loop], folder)]);
  return (performance.now() - began) / 1000;
}

/**
 * Tasks a second through the whole kernel, and against the bare loops. The start of the kernel is taken out: it is the same
 * notebook with one task.
 */
async function taskPairs({rounds, tasks, folder}: Options): Promise<readonly Pair[]> {
  const weft = (cells: readonly string[]) => runCells(join(folder, 'tasks'), cells);
  const seconds = {first: [] as number[], run: [] as number[], again: [] as number[], bare: [] as number[]};
  for (let round = 0; round < rounds; round++) {
    const many = taskCells(tasks, `many ${round}`);
    const start = await weft(taskCells(1, `one ${round}`));
    const first = await weft(many);
    seconds.first.push(first);
    seconds.run.push(first - start);
    seconds.bare.push(await bareLoops(tasks, folder));
    seconds.again.push(await weft(many));
  }
  const rate = (times: readonly number[]) => tasks / median(times);
  return [
    {
      name: 'run bash tasks',
      ours: rate(seconds.run),
      theirs: rate(seconds.bare),
      unit: 'tasks/s',
      against: `two bare bash loops, ${tasks} tasks`,
      smallerIsBetter: false,
    },
    {
      name: 'the notebook again, all cached',
      ours: median(seconds.again),
      theirs: median(seconds.first),
      unit: 's',
      against: 'its first run',
      smallerIsBetter: true,
    },
  ];
}

/** Weft beside other kernels: on the terminal, and where it is asked for in a file of results and on the page of the documentation. */
async function showKernels(options: Options, files: Files, show: (pair: Pair) => void): Promise<void> {
  const full = files.results !== undefined;
  const save = (results: KernelResults): void => {
    if (files.results !== undefined) writeFileSync(files.results, `${JSON.stringify(results)}\n`);
  };
  const results = await compareKernels({
    ...options,
    lines: 20_000,
    checkpoints: full ? 100_000 : 0,
    behaviour: full,
    say: line => console.error(line),
    save,
  });
  if (results === undefined) return;
  kernelPairs(results).forEach(show);
}

/** Writes the page of the documentation from a file of results. */
function writePage(results: string, page: string): void {
  writeFileSync(page, kernelsPage(JSON.parse(readFileSync(results, 'utf8')) as KernelResults));
}

/** All runtimes that are here, one after the other. */
async function showContainers({rounds, folder}: Options, show: (pair: Pair) => void): Promise<void> {
  const {runtimes, stop} = await startEngines();
  try {
    for (const {name, found} of runtimes) {
      if (!found.ok) {
        console.error(`${name}: left out, ${found.why}`);
        continue;
      }
      (await containerPairs(name, found.value, {rounds, tasks: 200, single: 42, bundle: 50, folder})).forEach(show);
    }
  } finally {
    await stop();
  }
}

function count(text: string | undefined, otherwise: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`not a count: ${text ?? ''}\n\n${usage}`);
  return value;
}

async function main(): Promise<void> {
  const text = {type: 'string'} as const;
  const {values} = parseArgs({
    options: {
      rounds: text,
      tasks: text,
      cells: text,
      history: text,
      only: text,
      peers: text,
      results: text,
      page: text,
      done: text,
      cold: text,
      json: {type: 'boolean'},
      help: {type: 'boolean', short: 'h'},
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const files: Files = {
    results: values.results === undefined ? undefined : resolve(values.results),
    page: values.page === undefined ? undefined : resolve(values.page),
  };
  if (files.page !== undefined && files.results === undefined) throw new Error(`--page needs --results\n\n${usage}`);
  if (files.page !== undefined && values.only === undefined) {
    writePage(files.results ?? '', files.page);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'weft-bench-'));
  try {
    const options = {
      rounds: count(values.rounds, 3),
      tasks: count(values.tasks, 400),
      cells: count(values.cells, 200),
      peers: (values.peers ?? 'python3').split(',').filter(name => name !== ''),
      folder,
    };
    if (values.only === 'scenarios') {
      console.log(await compareScenarios(folder));
      return;
    }
    const show = (pair: Pair) => console.log(values.json ? JSON.stringify({...pair, ratio: ratio(pair)}) : line(pair));
    if (!values.json)
      console.log(
        `${''.padEnd(34)} ${'Weft'.padStart(9)} ${'other'.padStart(9)} ${''.padEnd(8)} ${'ratio'.padStart(8)}`,
      );
    const only = (what: string): boolean => values.only === undefined || values.only === what;
    if (only('kernels')) await showKernels(options, files, show);
    if (files.page !== undefined && files.results !== undefined) writePage(files.results, files.page);
    if (only('tasks')) (await taskPairs(options)).forEach(show);
    if (only('checkpoints')) {
      const python = process.env['WEFT_TEST_PYTHON'] ?? 'python3';
      const parsl = process.env['WEFT_PARSL_PYTHON'] ?? python;
      const [done, cold] = [count(values.done, 10_000), count(values.cold, 1000)];
      const say = (text: string): void => console.error(text);
      await showCheckpoints({rounds: options.rounds, done, cold, folder, python, parsl, say, show});
    }
    if (only('history'))
      (await historyPairs({rounds: options.rounds, tasks: count(values.history, 50_000), folder})).forEach(show);
    if (only('containers')) await showContainers(options, show);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
