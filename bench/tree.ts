import {spawn} from 'node:child_process';
import {join} from 'node:path';
import {root} from './notebook.js';

/** What a command took, with all of its descendants: seconds, seconds of processor time, and bytes of the largest process. */
export interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

/** Runs a command to its end, measured by Python, which can wait for what outlives it. Throws when it fails. */
export async function costOf(
  python: string,
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Cost> {
  const child = spawn(python, [join(root, 'bench', 'tree.py'), ...command], {
    cwd,
    env: {...process.env, ...env},
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out: Buffer[] = [];
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
  await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const {status, ...cost} = JSON.parse(Buffer.concat(out).toString() || '{"status":-1}') as Cost & {status: number};
  if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${Buffer.concat(said).toString()}`);
  return cost;
}

/** One program that makes so many tasks, and what it takes for a few and for many of them. */
export interface Slope {
  readonly few: number;
  readonly many: number;
}

/** Microseconds of processor time for one more task: what does not depend on their number, the start above all, is left out. */
export const cpuATask = (few: Cost, many: Cost, {few: a, many: b}: Slope): number =>
  ((many.cpu - few.cpu) / (b - a)) * 1e6;

/** Tasks a second, by the clock: of the quickest runs, and without what does not depend on their number. */
export const rateOf = (few: readonly Cost[], many: readonly Cost[], {few: a, many: b}: Slope): number =>
  (b - a) / (Math.min(...many.map(({wall}) => wall)) - Math.min(...few.map(({wall}) => wall)));

/** Bytes of memory for one more task. */
export const memoryATask = (few: Cost, many: Cost, {few: a, many: b}: Slope): number =>
  (many.memory - few.memory) / (b - a);

/** The cheapest of several runs: what other processes take from a run only adds to it. */
export const cheapest = (costs: readonly Cost[]): Cost => {
  const [first, ...others] = costs;
  if (first === undefined) throw new Error('no run was measured');
  return others.reduce((best, cost) => (cost.cpu < best.cpu ? cost : best), first);
};
