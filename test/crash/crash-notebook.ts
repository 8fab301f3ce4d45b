import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {text} from 'node:stream/consumers';
import {scratch, type Scratch} from '../rig/scratch.js';
import {leftovers} from './look-at-store.js';
import {RerunSets} from './rerun-sets.js';
import {RootSets} from './root-sets.js';
import {LINGER, ScriptSets, type TaskSets} from './task-sets.js';

/** How a run of `weft` ended. `code` is null where it was killed. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A `weft run` that goes on. */
export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
}

/** The bundles that are under test. */
export const built = resolve(import.meta.dirname, '../../dist');

/** Which tasks a notebook has: scripts, or command-line tasks in reruns, or these and scripts that change their root. */
export type Tasks = 'scripts' | 'reruns' | 'roots';

/**
 * A notebook of sets of small tasks, in a directory that kernels come and go on. Each task notes in a file outside of it when it
 * begins and ends, and holds a lock meanwhile, so that a second one at the same time is seen.
 */
export class CrashNotebook implements Disposable {
  readonly #scratch: Scratch = scratch();
  readonly directory: string;
  readonly #side: string;
  readonly tasks: TaskSets;

  constructor(tasks: Tasks = 'scripts') {
    this.directory = this.#scratch.at('notebook');
    this.#side = this.#scratch.at('side');
    for (const path of [this.directory, this.#side]) mkdirSync(path);
    writeFileSync(join(this.#side, 'log'), '');
    writeFileSync(join(this.#side, 'linger'), LINGER);
    const Sets = tasks === 'roots' ? RootSets : RerunSets;
    this.tasks = tasks === 'scripts' ? new ScriptSets(this.#side) : new Sets(this.directory, this.#side);
  }

  at(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** Runs these sets, with bundles other than the product's perhaps. `name` is that of the executed notebook. */
  run(
    sets: readonly number[],
    environment: Readonly<Record<string, string>>,
    {dist = built, name: output = 'out'}: {readonly dist?: string | undefined; readonly name?: string} = {},
  ): Running {
    const cells = this.#cells(sets).map((source, at) => ({
      ...{cell_type: 'code', id: `c${at}`, metadata: {}, outputs: [], execution_count: null},
      source,
    }));
    const name = `sets-${sets.join('-')}.ipynb`;
    writeFileSync(this.#scratch.at(name), JSON.stringify({nbformat: 4, nbformat_minor: 5, metadata: {}, cells}));
    writeFileSync(this.at(name), readFileSync(this.#scratch.at(name)));
    const child = spawn(
      process.execPath,
      [join(dist, 'weft.js'), 'run', name, '--json', '--keep-going', '-o', `${this.#side}/${output}-${name}`],
      {
        cwd: this.directory,
        env: {HOME: this.#scratch.at(), LANG: 'C.UTF-8', WEFT_SLOTS: '2', PATH: process.env['PATH'], ...environment},
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]).then(
      ([out, err, [code]]) => ({
        ...{out, err},
        code: code as number | null,
      }),
    );
    return {pid: child.pid!, ended};
  }

  #cells(sets: readonly number[]): readonly string[] {
    const {heading} = this.tasks;
    const read = sets.map(set => this.tasks.read(set)).join(', ');
    return [...heading, ...sets.flatMap(set => this.tasks.cells(set)), `console.log(JSON.stringify([${read}]))`];
  }

  /** What a run of these sets has printed last: all results, as it read them. */
  printed(sets: readonly number[], output = 'out'): string {
    const path = join(this.#side, `${output}-sets-${sets.join('-')}.ipynb`);
    if (!existsSync(path)) return '(no output)';
    const {cells} = JSON.parse(readFileSync(path, 'utf8')) as {cells: {outputs: {text?: string | string[]}[]}[]};
    return (cells.at(-1)?.outputs ?? []).flatMap(({text: said}) => said ?? []).join('');
  }

  /** What it must print. */
  expected(sets: readonly number[]): string {
    return `${JSON.stringify(sets.map(this.tasks.made))}\n`;
  }

  /** The task whose fingerprint begins so; undefined: none that ever began. */
  taskOf(short: string): string | undefined {
    return this.#lines.find(({is, rest}) => is === 'begin' && rest.includes(`-${short}.`))?.task;
  }

  /** How often a task has begun. */
  begun(task: string): number {
    return this.#lines.filter(line => line.is === 'begin' && line.task === task).length;
  }

  /** The directories of all attempts that have begun or may still do so. */
  get attempts(): ReadonlySet<string> {
    const begun = this.#lines.map(({rest}) => rest);
    return new Set([...begun, ...leftovers(this).map(name => this.at(name))]);
  }

  /** Tasks of which an attempt has ended that was not among these directories. Whose runner lives has finished then. */
  endedBeside(before: ReadonlySet<string>): readonly string[] {
    return this.#lines.flatMap(({is, task, rest}) => (is === 'end' && !before.has(rest) ? [task] : []));
  }

  /** Tasks that ran twice at once. */
  get twice(): readonly string[] {
    return this.#lines.flatMap(({is, task}) => (is === 'twice' ? [task] : []));
  }

  get #lines(): readonly {readonly is: string; readonly task: string; readonly rest: string}[] {
    const whole = readFileSync(join(this.#side, 'log'), 'utf8').split('\n').slice(0, -1);
    return whole.map(line => {
      const [is, task, rest] = line.split(' ');
      return {is: is!, task: task!, rest: rest ?? ''};
    });
  }

  [Symbol.dispose](): void {
    this.#scratch[Symbol.dispose]();
  }
}
