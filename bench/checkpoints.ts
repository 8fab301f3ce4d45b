import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {fillDone} from './done-store.js';
import {durability} from './durability.js';
import {indexBytes} from './index-bytes.js';
import {root, writeNotebook} from './notebook.js';
import type {Pair} from './pair.js';
import {cheapest, costOf, cpuATask, memoryATask, rateOf, type Cost, type Slope} from './tree.js';

/** How much is measured. */
export interface CheckpointOptions {
  readonly rounds: number;
  /** Tasks that are found done, in the larger runs; the smaller ones have a tenth. */
  readonly done: number;
  /** Tasks that are run, in the same way. */
  readonly cold: number;
  readonly folder: string;
  /** A Python, for measuring, and one that has Parsl. */
  readonly python: string;
  readonly parsl: string;
  /** Told what is left out, and why. */
  readonly say: (line: string) => void;
  /** Told each figure as soon as it is there: all of them take long. */
  readonly show: (pair: Pair) => void;
}

type Kind = 'files' | 'values';

/** A program that runs tasks of a kind in a directory, and finds them there the next time. */
interface Peer {
  readonly name: string;
  /** Writes what it needs and gives the command. */
  readonly prepare: (directory: string, count: number, kind: Kind) => readonly string[];
  /** Throws unless so many tasks have run by now. */
  readonly check: (directory: string, count: number, kind: Kind) => void;
  /** The peer whose outputs it looks at, in its directory; absent: it has its own. */
  readonly on?: Peer;
  /** Makes all tasks done, in a directory that is prepared, where that can be had without running them. */
  readonly fill?: (directory: string, count: number, kind: Kind, run: Run) => Promise<void>;
}

/** Runs a command in a directory. */
type Run = (command: readonly string[], directory: string) => Promise<Cost>;

/** The commands of all programs run in this environment, which is the one that Weft's tasks have. */
const ENVIRONMENT = {LC_ALL: 'C.UTF-8'};

const cells = (count: number, kind: Kind): readonly string[] => [
  '%executor local --slots 2',
  `%%foreach i in 1..${count}\n%%bash --as t ${kind === 'files' ? '--out o\necho $i > o' : '--value\necho $i'}`,
];

const weft: Peer = {
  name: 'Weft',
  prepare(directory, count, kind) {
    const notebook = writeNotebook(directory, cells(count, kind));
    return [join(root, 'dist', 'weft.js'), 'run', notebook, '-o', join(directory, 'out.ipynb')];
  },
  check(directory, count) {
    const results = journals(directory).flatMap(path => readFileSync(path, 'utf8').match(/^\{"is":"result"/gm) ?? []);
    if (results.length !== count) throw new Error(`Weft ran ${results.length} of ${count} tasks`);
  },
  // Two are run, and the others are made after them.
  async fill(directory, count, kind, run) {
    await run(weft.prepare(directory, 2, kind), directory);
    await fillDone(join(directory, '.weft'), count, kind);
    weft.prepare(directory, count, kind);
  },
};

const journals = (directory: string): readonly string[] => {
  const runs = join(directory, '.weft', 'runs');
  return readdirSync(runs).map(name => join(runs, name));
};

function outputs(name: string): Peer['check'] {
  return (directory, count, kind) => {
    const made = kind === 'files' ? readdirSync(join(directory, 'out')).length : count;
    if (made !== count) throw new Error(`${name} ran ${made} of ${count} tasks`);
  };
}

const numbers = (count: number): readonly number[] => Array.from({length: count}, (_, i) => i + 1);

/** The text of a Makefile; a value is a target that makes no file. */
export function makefile(count: number, kind: Kind): string {
  const targets = numbers(count).map(i => (kind === 'files' ? `out/${i}` : `v${i}`));
  const rules = targets.map((target, at) =>
    kind === 'files' ? `${target}:\n\t@echo ${at + 1} > $@` : `${target}:\n\t@echo ${at + 1} > /dev/null`,
  );
  return `SHELL := /bin/bash\nMAKEFLAGS += --no-builtin-rules\nall: ${targets.join(' ')}\n${rules.join('\n')}\n`;
}

const make: Peer = {
  name: 'make -j2',
  prepare(directory, count, kind) {
    mkdirSync(join(directory, 'out'), {recursive: true});
    writeFileSync(join(directory, 'Makefile'), makefile(count, kind));
    return ['make', '-s', '-j2', 'all'];
  },
  check: outputs('make'),
  fill: (directory, count) => {
    for (const i of numbers(count)) writeFileSync(join(directory, 'out', String(i)), `${i}\n`);
    return Promise.resolve();
  },
};

/** The files of Weft's results, relative to the directory of its notebook. */
function files(directory: string): readonly string[] {
  const work = join('.weft', 'work');
  return readdirSync(join(directory, work)).flatMap(part =>
    readdirSync(join(directory, work, part)).map(name => join(work, part, name, 'o')),
  );
}

/** Has all that Weft has made for its outputs, so that both look at the same files. */
const ninja: Peer = {
  name: 'ninja',
  on: weft,
  prepare(directory) {
    const builds = files(directory).map((path, at) => `build ${path}: step\n  i = ${at}`);
    writeFileSync(join(directory, 'build.ninja'), `rule step\n  command = test -e $out # $i\n${builds.join('\n')}\n`);
    return ['ninja', '--quiet', '-j2'];
  },
  check(directory, count) {
    const ran = readFileSync(join(directory, '.ninja_log'), 'utf8').match(/^[^#]/gm)?.length;
    if (ran !== count) throw new Error(`ninja ran ${ran} of ${count} tasks`);
  },
};

const parslPeer = (python: string, log: boolean): Peer => {
  const command = (count: number, kind: Kind): readonly string[] => [
    python,
    join(root, 'bench', 'parsl_tasks.py'),
    String(count),
    kind,
    ...(log ? ['--log'] : []),
  ];
  return {
    name: log ? 'Parsl' : 'Parsl without its log',
    prepare(directory, count, kind) {
      mkdirSync(join(directory, 'out'), {recursive: true});
      return command(count, kind);
    },
    check: outputs('Parsl'),
    fill: async (directory, count, kind, run) => {
      await run([...command(count, kind), '--fill'], directory);
    },
  };
};

const KINDS = ['files', 'values'] as const;

/**
 * What it costs to run a task and to find it done, in processor time of whole trees of processes: the slope between two numbers of
 * tasks, so that no start counts. Beside make, ninja and Parsl, those that are there.
 */
export async function showCheckpoints(options: CheckpointOptions): Promise<void> {
  const {python, parsl, say} = options;
  if (spawnSync(python, ['-c', '']).status !== 0) {
    say(`checkpoints: left out, ${python} is not there to measure with; set WEFT_TEST_PYTHON`);
    return;
  }
  const there = (name: string, command: readonly [string, ...string[]], remedy: string): boolean => {
    const found = spawnSync(command[0], command.slice(1)).status === 0;
    if (!found) say(`${name}: left out, ${remedy}`);
    return found;
  };
  const makes = there('make', ['make', '--version'], 'it is not on the PATH') ? [make] : [];
  const ninjas = there('ninja', ['ninja', '--version'], 'it is not on the PATH') ? [ninja] : [];
  const parsls = there('Parsl', [parsl, '-c', 'import parsl'], `${parsl} has no parsl; set WEFT_PARSL_PYTHON`)
    ? [[parslPeer(parsl, false)], [parslPeer(parsl, true)]]
    : [];
  const [quiet, logging] = parsls;
  for (const kind of KINDS) {
    const peers = [...(quiet ?? []), ...(kind === 'files' ? [...ninjas, ...makes, ...(logging ?? [])] : [])];
    await showFound(kind, peers, options);
  }
  for (const pair of durability(options)) options.show(pair);
  for (const kind of KINDS) await showCold(kind, [...makes, ...(quiet ?? []), ...(logging ?? [])], options);
}

const CPU = {unit: 'µs CPU', smallerIsBetter: true};

/** What it costs to find a task done. */
async function showFound(kind: Kind, peers: readonly Peer[], options: CheckpointOptions): Promise<void> {
  const {show, say, done, folder} = options;
  const name = `find a task done, ${kind}`;
  const allowed = {against: 'what is allowed', smallerIsBetter: true};
  const ours = await found(weft, kind, options);
  show({...allowed, name, ours: ours.cpu, theirs: 15, unit: 'µs CPU'});
  show({...allowed, name: `memory of a done task, ${kind}`, ours: ours.memory, theirs: 1024, unit: 'bytes'});
  const index = indexBytes(folderOf(weft, kind, done, options), folder);
  if (index === undefined) say('index: left out, better-sqlite3 does not load here');
  else show({...allowed, name: `index of a done task, ${kind}`, ours: index / done, theirs: 256, unit: 'bytes'});
  for (const peer of peers) {
    const theirs = await found(peer, kind, options);
    show({...CPU, name, ours: ours.cpu, theirs: theirs.cpu, against: `${peer.name}, nothing to do`});
  }
}

/** What it costs to run a task, and how many are run in a second: the best of some rounds, in each of which all are measured one after the other. */
async function showCold(kind: Kind, peers: readonly Peer[], options: CheckpointOptions): Promise<void> {
  const slope = slopeOf(options.cold);
  const all = [weft, ...peers].map(peer => ({peer, few: [] as Cost[], many: [] as Cost[]}));
  for (let round = 0; round < options.rounds; round++) {
    for (const {peer, few, many} of all) {
      few.push(await cold(peer, kind, slope.few, options));
      many.push(await cold(peer, kind, slope.many, options));
    }
  }
  const name = `run a task, ${kind}`;
  const rows = [
    {...CPU, name, of: all.map(({few, many}) => cpuATask(cheapest(few), cheapest(many), slope))},
    // On a machine that has something else to do this says little.
    {unit: 'tasks/s', smallerIsBetter: false, name, of: all.map(({few, many}) => rateOf(few, many, slope))},
  ];
  for (const {of, ...row} of rows) {
    const [ours = NaN, ...others] = of;
    for (const [at, theirs] of others.entries()) options.show({...row, ours, theirs, against: peers[at]?.name ?? ''});
  }
}

const folderOf = ({name, on}: Peer, kind: Kind, count: number, {folder}: CheckpointOptions): string =>
  join(folder, `${(on?.name ?? name).replace(/\W+/g, '-')}-${kind}-${count}`);

const slopeOf = (many: number): Slope => ({few: Math.max(1, Math.round(many / 10)), many});

/** Runs so many tasks in a directory that has nothing, and leaves nothing. */
async function cold(peer: Peer, kind: Kind, count: number, options: CheckpointOptions): Promise<Cost> {
  const directory = `${folderOf(peer, kind, count, options)}-cold`;
  mkdirSync(directory, {recursive: true});
  const cost = await costOf(options.python, peer.prepare(directory, count, kind), directory, ENVIRONMENT);
  peer.check(directory, count, kind);
  rmSync(directory, {recursive: true});
  return cost;
}

async function found(
  peer: Peer,
  kind: Kind,
  options: CheckpointOptions,
): Promise<{readonly cpu: number; readonly memory: number}> {
  const slope = slopeOf(options.done);
  const one = async (count: number): Promise<Cost> => {
    const directory = folderOf(peer, kind, count, options);
    mkdirSync(directory, {recursive: true});
    const command = peer.prepare(directory, count, kind);
    const run: Run = (words, where) => costOf(options.python, words, where, ENVIRONMENT);
    if (peer.fill === undefined) await run(command, directory);
    else await peer.fill(directory, count, kind, run);
    peer.check(directory, count, kind);
    const again: Cost[] = [];
    for (let round = 0; round < options.rounds; round++) again.push(await run(command, directory));
    // Nothing has run a second time.
    peer.check(directory, count, kind);
    return cheapest(again);
  };
  const few = await one(slope.few);
  const many = await one(slope.many);
  return {cpu: cpuATask(few, many, slope), memory: memoryATask(few, many, slope)};
}
