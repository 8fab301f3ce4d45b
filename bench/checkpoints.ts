import {spawnSync} from 'node:child_process';
import {mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {root, writeNotebook} from './notebook.js';
import type {Pair} from './pair.js';
import {cheapest, costOf, cpuATask, memoryATask, type Cost, type Slope} from './tree.js';

/** How much is measured. */
export interface CheckpointOptions {
  readonly rounds: number;
  /** Tasks of the larger runs; the smaller ones have a tenth. */
  readonly tasks: number;
  readonly folder: string;
  /** A Python, for measuring, and one that has Parsl. */
  readonly python: string;
  readonly parsl: string;
  /** Told what is left out, and why. */
  readonly say: (line: string) => void;
}

type Kind = 'files' | 'values';

/** A program that runs tasks of a kind in a directory, and finds them there the next time. */
interface Peer {
  readonly name: string;
  /** Writes what it needs and gives the command. */
  readonly prepare: (directory: string, count: number, kind: Kind) => readonly string[];
  /** Throws unless so many tasks have run by now. */
  readonly check: (directory: string, count: number, kind: Kind) => void;
}

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
    return [process.execPath, join(root, 'dist', 'weft.js'), 'run', notebook, '-o', join(directory, 'out.ipynb')];
  },
  check(directory, count) {
    const results = journals(directory).flatMap(path => readFileSync(path, 'utf8').match(/^\{"is":"result"/gm) ?? []);
    if (results.length !== count) throw new Error(`Weft ran ${results.length} of ${count} tasks`);
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
};

const ninja: Peer = {
  name: 'ninja, nothing to do',
  prepare(directory, count) {
    mkdirSync(join(directory, 'out'), {recursive: true});
    const builds = numbers(count).map(i => `build out/${i}: step\n  i = ${i}`);
    const rule = 'rule step\n  command = echo $i > $out';
    writeFileSync(join(directory, 'build.ninja'), `${rule}\n${builds.join('\n')}\n`);
    return ['ninja', '--quiet', '-j2'];
  },
  check: outputs('ninja'),
};

const parslPeer = (python: string): Peer => ({
  name: 'Parsl without its log',
  prepare(directory, count, kind) {
    mkdirSync(join(directory, 'out'), {recursive: true});
    return [python, join(root, 'bench', 'parsl_tasks.py'), String(count), kind];
  },
  check: outputs('Parsl'),
});

/** What a program takes for a task: made, and found done by a later process. Microseconds, and bytes. */
interface Measured {
  readonly cold: number;
  readonly again: number;
  readonly memory: number;
  readonly stored: number;
}

/**
 * What it costs to run a task and to find it done, in processor time of whole trees of processes: the slope between two numbers of
 * tasks, so that no start counts. Beside make, ninja and Parsl, those that are there.
 */
export async function checkpointPairs(options: CheckpointOptions): Promise<readonly Pair[]> {
  const {python, parsl, say} = options;
  if (spawnSync(python, ['-c', '']).status !== 0) {
    say(`checkpoints: left out, ${python} is not there to measure with; set WEFT_TEST_PYTHON`);
    return [];
  }
  const there = (name: string, command: readonly [string, ...string[]], remedy: string): boolean => {
    const found = spawnSync(command[0], command.slice(1)).status === 0;
    if (!found) say(`${name}: left out, ${remedy}`);
    return found;
  };
  const hasMake = there('make', ['make', '--version'], 'it is not on the PATH');
  const hasNinja = there('ninja', ['ninja', '--version'], 'it is not on the PATH');
  const hasParsl = there('Parsl', [parsl, '-c', 'import parsl'], `${parsl} has no parsl; set WEFT_PARSL_PYTHON`);
  const pairs: Pair[] = [];
  for (const kind of ['files', 'values'] as const) {
    const ours = await measure(weft, kind, options);
    const beside = async (peer: Peer, which: 'cold' | 'again', theirs?: Measured): Promise<Measured> => {
      const other = theirs ?? (await measure(peer, kind, options));
      const name = which === 'cold' ? `run a task, ${kind}` : `find a task done, ${kind}`;
      pairs.push({
        name,
        ours: ours[which],
        theirs: other[which],
        unit: 'µs CPU',
        against: peer.name,
        smallerIsBetter: true,
      });
      return other;
    };
    if (hasMake) await beside(make, 'cold');
    if (hasParsl) await beside(parslPeer(parsl), 'again', await beside(parslPeer(parsl), 'cold'));
    if (hasNinja && kind === 'files') await beside(ninja, 'again');
    pairs.push({
      name: `memory of a done task, ${kind}`,
      ours: ours.memory,
      theirs: 1024,
      unit: 'bytes',
      against: 'what is allowed',
      smallerIsBetter: true,
    });
    say(`${kind}: ${ours.stored.toFixed(0)} bytes of journal a task`);
  }
  return pairs;
}

async function measure(peer: Peer, kind: Kind, options: CheckpointOptions): Promise<Measured> {
  const slope: Slope = {few: Math.max(1, Math.round(options.tasks / 10)), many: options.tasks};
  const [few, many] = [
    await measureOne(peer, kind, slope.few, options),
    await measureOne(peer, kind, slope.many, options),
  ];
  return {
    cold: cpuATask(few.cold, many.cold, slope),
    again: cpuATask(few.again, many.again, slope),
    memory: memoryATask(few.again, many.again, slope),
    stored: (many.stored - few.stored) / (slope.many - slope.few),
  };
}

/** A run from nothing, and several that find all done. */
async function measureOne(
  peer: Peer,
  kind: Kind,
  count: number,
  {rounds, folder, python}: CheckpointOptions,
): Promise<{readonly cold: Cost; readonly again: Cost; readonly stored: number}> {
  const directory = join(folder, `${peer.name.replace(/\W+/g, '-')}-${kind}-${count}`);
  mkdirSync(directory, {recursive: true});
  const command = peer.prepare(directory, count, kind);
  const run = (): Promise<Cost> => costOf(python, command, directory, ENVIRONMENT);
  const cold = await run();
  peer.check(directory, count, kind);
  const again: Cost[] = [];
  for (let round = 0; round < rounds; round++) again.push(await run());
  // Nothing has run a second time.
  peer.check(directory, count, kind);
  const stored = peer === weft ? journals(directory).reduce((sum, path) => sum + statSync(path).size, 0) : 0;
  return {cold, again: cheapest(again), stored};
}
