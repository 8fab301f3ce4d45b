import {mkdir, mkdtemp, readFile, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import type {Holder} from '../../../kernel/graph/holder.js';
import type {AttemptId} from '../../../kernel/graph/task.js';
import type {Exit, Job} from '../../../kernel/run/executor.js';
import {LocalExecutor, type LocalOptions} from '../../../kernel/run/local/local-executor.js';

/** The runner of this checkout. */
export const runnerPath = fileURLToPath(new URL('../../../kernel/run/runner.sh', import.meta.url));

/** Waits until a condition holds; looks every 10 ms. Fails after 20 seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Timed out: ${what}`);
    await delay(10);
  }
}

/** Whether a process lives, zombies excluded. */
export async function lives(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat !== '' && !/\) Z/.test(stat);
}

/** What a job has beside its script. */
export type JobOptions = Partial<Pick<Job, 'cpus' | 'time' | 'memory' | 'inside' | 'text' | 'stdout' | 'told'>>;

/** An executor in a directory of its own, whose jobs are given as text of scripts and named by words. */
export class ExecutorRig {
  readonly directory: string;
  readonly executor: LocalExecutor;
  /** `assigned a`, `started a`, `ended a`, in the order they were told. */
  readonly events: string[] = [];
  readonly assigned = new Map<string, Holder>();
  readonly exits = new Map<string, Exit>();

  constructor(directory: string, options: Partial<LocalOptions>) {
    this.directory = directory;
    this.executor = new LocalExecutor(
      {slots: 1, runner: runnerPath, ...options},
      {
        assigned: (attempt, holder) => {
          this.events.push(`assigned ${attempt}`);
          this.assigned.set(attempt, holder);
        },
        started: attempt => void this.events.push(`started ${attempt}`),
        ended: (attempt, exit) => {
          if (this.exits.has(attempt)) throw new Error(`${attempt} ended twice`);
          this.events.push(`ended ${attempt}`);
          this.exits.set(attempt, exit);
        },
      },
    );
  }

  static async make(options: Partial<LocalOptions> = {}, name = 'weft-run-'): Promise<ExecutorRig> {
    return new ExecutorRig(await mkdtemp(join(tmpdir(), name)), options);
  }

  /** Makes a job's directory and its script. */
  async job(name: string, script: string, options: JobOptions = {}): Promise<Job> {
    const directory = join(this.directory, name);
    await mkdir(directory, {recursive: true});
    await writeFile(join(directory, 'task.sh'), script);
    return {attempt: name as AttemptId, directory, script: join(directory, 'task.sh'), cpus: 1, ...options};
  }

  async submit(name: string, script: string, options: JobOptions = {}): Promise<void> {
    this.executor.submit(await this.job(name, script, options));
  }

  /** Resolves when the job has ended. */
  async exit(name: string): Promise<Exit> {
    await until(`${name} ends`, () => this.exits.has(name));
    return this.exits.get(name)!;
  }

  async run(name: string, script: string, options: JobOptions = {}): Promise<Exit> {
    await this.submit(name, script, options);
    return this.exit(name);
  }

  async toldStart(name: string): Promise<void> {
    await until(`${name} starts`, () => this.events.includes(`started ${name}`));
  }

  cancel(name: string): void {
    this.executor.cancel(name as AttemptId);
  }

  read(name: string, file: string): Promise<string> {
    return readFile(join(this.directory, name, file), 'utf8').catch(() => '');
  }

  /** The process id that a script wrote into a file of its directory. */
  async pid(name: string, file: string): Promise<number> {
    await until(`${name}/${file} is written`, async () => (await this.read(name, file)).endsWith('\n'));
    return Number(await this.read(name, file));
  }

  /** Only the events of one kind: `order('started')` gives the names. */
  order(kind: string): string[] {
    return this.events.filter(event => event.startsWith(`${kind} `)).map(event => event.slice(kind.length + 1));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const left = [...this.assigned.keys()].filter(name => !this.exits.has(name));
    for (const name of left) this.cancel(name);
    for (const name of left) await this.exit(name);
    await this.executor.close();
    await rm(this.directory, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
  }
}
