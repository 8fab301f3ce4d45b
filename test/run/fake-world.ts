import {rmSync} from 'node:fs';
import {rm} from 'node:fs/promises';
import {basename, dirname} from 'node:path';
import type {Fingerprint} from '../../kernel/fingerprint/fingerprint.js';
import type {Failure} from '../../kernel/graph/failure.js';
import type {Holder} from '../../kernel/graph/holder.js';
import type {Manifest} from '../../kernel/graph/manifest.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {AttemptId, TaskState} from '../../kernel/graph/task.js';
import type {Outcome, Task} from '../../kernel/graph/work.js';
import type {Checkpoints, Claim, Claimed, Lanes, Publication, Refused} from '../../kernel/run/checkpoints.js';
import type {Entry} from '../../kernel/run/entry.js';
import type {Executor, Exit, Job} from '../../kernel/run/executor.js';
import {Scheduler} from '../../kernel/run/scheduler.js';

/** Waits as long as a test wants: a disk, a process. */
export type Delay = (what: string) => Promise<unknown>;

/** What several kernels share: a disk, without one. */
export class FakeDisk {
  readonly results = new Map<Fingerprint, Manifest>();
  readonly failures = new Map<Fingerprint, {failure: Failure; at: number}>();
  readonly claims = new Map<Fingerprint, {claim: Claim; owner: FakeKernel}>();
  /** Who has which lane. */
  readonly lanes = new Map<string, {claim: Claim; owner: FakeKernel}>();
  /** The lanes in which something runs. */
  readonly running = new Set<string>();
  /** Results whose files are damaged. */
  readonly damaged = new Set<Fingerprint>();
  /** Directories of attempts that run, and what they read. */
  readonly reading = new Map<string, readonly Fingerprint[]>();
  /** Those of which some was damaged while they ran. */
  readonly misled = new Set<string>();
  /** How often each task really ran. */
  readonly runs = new Map<Fingerprint, number>();
  /** What a run of a task writes; the bytes of its value. */
  readonly bytes = new Map<Fingerprint, string>();
  /** Tasks that exit with 1. */
  readonly failing = new Set<Fingerprint>();
  /** What went against a rule. */
  readonly wrong: string[] = [];
  clock = 1000;
  /** How many attempts there were. */
  attempts = 0;

  /** Damages the files of a result, if it is there, under those who read it. */
  damage(fingerprint: Fingerprint): void {
    if (!this.results.has(fingerprint)) return;
    this.damaged.add(fingerprint);
    for (const [directory, needs] of this.reading) if (needs.includes(fingerprint)) this.misled.add(directory);
  }
}

/** One kernel: a scheduler over fakes, which notes each broken rule on the disk. */
export class FakeKernel implements Checkpoints, Executor {
  readonly scheduler: Scheduler;
  /** Jobs in the order they were handed to the executor, by fingerprint. */
  readonly submitted: Fingerprint[] = [];
  readonly states = new Map<Fingerprint, TaskState>();
  readonly #disk: FakeDisk;
  readonly #slots: number;
  readonly #delay: Delay;
  readonly #jobs = new Map<AttemptId, {entry: Entry; end: (exit: Exit) => void}>();
  /** Which task each attempt is of. */
  readonly #claimed = new Map<AttemptId, Fingerprint>();
  /** How often a task has changed its state. */
  changes = 0;
  dead = false;

  constructor(disk: FakeDisk, slots: number, delay: Delay) {
    this.#disk = disk;
    this.#slots = slots;
    this.#delay = async what => {
      await delay(what);
      // Who is dead does nothing any more.
      if (this.dead) await new Promise(() => undefined);
    };
    this.scheduler = new Scheduler({
      checkpoints: this,
      executor: this,
      now: () => ++disk.clock,
      newAttempt: () => `attempt-${++disk.attempts}` as AttemptId,
      outstanding: () => slots,
      changed: entry => this.#changed(entry),
    });
  }

  get live(): number {
    return this.#jobs.size;
  }

  #rule(holds: boolean, what: string): void {
    if (!holds) this.#disk.wrong.push(what);
  }

  #changed(entry: Entry): void {
    this.changes += 1;
    const before = this.states.get(entry.fingerprint);
    this.states.set(entry.fingerprint, entry.state);
    const wasFinal = before !== undefined && !['waiting', 'queued', 'running'].includes(before.is);
    this.#rule(!wasFinal || entry.state.is === 'waiting', `${entry.task.key}: ${before?.is} → ${entry.state.is}`);
  }

  // --- the executor ---

  submit(job: Job): void {
    if (this.dead) return;
    const claimed = this.#claimed.get(job.attempt);
    const entry = claimed === undefined ? undefined : this.scheduler.entry(claimed);
    if (entry?.attempt !== job.attempt) throw new Error('a job of nobody');
    const {key, needs, lane} = entry.task;
    this.submitted.push(entry.fingerprint);
    this.#rule(this.#jobs.size < this.#slots, 'more jobs than slots');
    this.#rule(this.#disk.claims.get(entry.fingerprint)?.owner === this, `${key} runs without a claim`);
    for (const {entry: other} of this.#jobs.values()) this.#rule(other !== entry, `${key} is there twice`);
    for (const need of needs) this.#rule(this.#disk.results.has(need), `${key} starts before its need is done`);
    if (lane !== undefined) {
      this.#rule(!this.#disk.running.has(lane), `two of lane ${lane}`);
      this.#rule(this.#disk.lanes.get(lane)?.owner === this, `${key} runs without its lane`);
      this.#disk.running.add(lane);
    }
    this.#disk.runs.set(entry.fingerprint, (this.#disk.runs.get(entry.fingerprint) ?? 0) + 1);
    this.#disk.reading.set(job.directory, needs);
    if (needs.some(need => this.#disk.damaged.has(need))) this.#disk.misled.add(job.directory);
    const end = (exit: Exit): void => {
      if (this.dead || !this.#jobs.delete(job.attempt)) return;
      if (lane !== undefined) this.#disk.running.delete(lane);
      this.#disk.reading.delete(job.directory);
      this.scheduler.ended(job.attempt, exit);
    };
    this.#jobs.set(job.attempt, {entry, end});
    void this.#delay(`run ${key}`).then(() => {
      if (!this.#jobs.has(job.attempt) || this.dead) return;
      this.scheduler.started(job.attempt, ++this.#disk.clock);
      return this.#delay(`end ${key}`).then(() => {
        const at = this.#disk.clock;
        end({is: 'exited', code: this.#disk.failing.has(entry.fingerprint) ? 1 : 0, startedAt: at, endedAt: at});
      });
    });
  }

  adopt(attempt: AttemptId): void {
    throw new Error(`nothing is adopted here, nor is ${attempt}`);
  }

  holderOf(): undefined {
    return undefined;
  }

  cancel(attempt: AttemptId): void {
    queueMicrotask(() => this.#jobs.get(attempt)?.end({is: 'cancelled'}));
  }

  resize(): void {
    throw new Error('nobody resizes');
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  // --- the checkpoints ---

  async known(): Promise<void> {
    return Promise.resolve();
  }

  tookOf(): undefined {
    return undefined;
  }

  lookup(fingerprint: Fingerprint): Manifest | undefined {
    return this.#disk.results.get(fingerprint);
  }

  async check(manifest: Manifest): Promise<Result<Manifest, Refused>> {
    await this.#delay(`check ${manifest.label}`);
    const there = this.#disk.results.get(manifest.fingerprint);
    if (there?.endedAt !== manifest.endedAt)
      return there === undefined ? fail({message: 'out.fits is missing'}) : ok(there);
    if (!this.#disk.damaged.has(manifest.fingerprint)) return ok(manifest);
    this.#disk.damaged.delete(manifest.fingerprint);
    this.#disk.results.delete(manifest.fingerprint);
    return fail({message: 'out.fits is missing'});
  }

  async find(): Promise<undefined> {
    await this.#delay('find');
  }

  async refresh(): Promise<void> {
    await this.#delay('refresh');
  }

  failureOf(fingerprint: Fingerprint, since: number): Failure | undefined {
    const found = this.#disk.failures.get(fingerprint);
    return found !== undefined && found.at >= since ? found.failure : undefined;
  }

  verified(): Promise<Outcome | undefined> {
    return Promise.resolve(undefined);
  }

  isElsewhere({fingerprint}: Task): boolean {
    const owner = this.#disk.claims.get(fingerprint)?.owner;
    return owner !== undefined && owner !== this && !owner.dead;
  }

  async claim(task: Task, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    await this.#delay('claim');
    const held = this.#disk.claims.get(task.fingerprint);
    if (held === undefined) return this.#take(task, attempt, directory, 1);
    return ok(held.owner.dead ? {is: 'orphan', claim: held.claim} : {is: 'held', claim: held.claim});
  }

  async takeOver(task: Task, old: Claim, attempt: AttemptId, directory: string): Promise<Result<Claimed, Failure>> {
    await this.#delay('take over');
    const held = this.#disk.claims.get(task.fingerprint);
    if (held !== undefined && held.claim.number !== old.number) return ok({is: 'held', claim: held.claim});
    return this.#take(task, attempt, directory, old.number + 1);
  }

  #take(task: Task, attempt: AttemptId, directory: string, number: number): Result<Claimed, Failure> {
    const claim = {attempt, directory, number, at: ++this.#disk.clock};
    this.#claimed.set(attempt, task.fingerprint);
    this.#disk.claims.set(task.fingerprint, {claim, owner: this});
    return ok({is: 'mine', claim});
  }

  owns({fingerprint}: Task, claim: Claim): boolean {
    const held = this.#disk.claims.get(fingerprint);
    return held?.owner === this && held.claim === claim;
  }

  /** What a kernel that is dead ran has ended with it. */
  recall({lane = ''}: Task): Promise<Holder | undefined> {
    this.#disk.running.delete(lane);
    return Promise.resolve(undefined);
  }

  readonly lanes: Lanes = {
    claim: async (task, attempt, directory) => {
      await this.#delay('claim lane');
      const held = this.#disk.lanes.get(task.lane ?? '');
      if (held === undefined) return this.#takeLane(task, attempt, directory, 1);
      return ok({is: held.owner.dead ? 'orphan' : 'held', claim: held.claim});
    },
    takeOver: async (task, old, attempt, directory) => {
      await this.#delay('take lane over');
      const held = this.#disk.lanes.get(task.lane ?? '');
      if (held !== undefined && held.claim !== old) return ok({is: 'held', claim: held.claim});
      return this.#takeLane(task, attempt, directory, old.number + 1);
    },
    owns: ({lane = ''}, claim) => this.#disk.lanes.get(lane)?.claim === claim,
    recall: task => this.recall(task),
    release: ({lane = ''}, claim) => {
      if (this.dead) return;
      const held = this.#disk.lanes.get(lane);
      this.#rule(held?.owner === this && held.claim === claim, `a lane is released that is not its own`);
      this.#rule(!this.#disk.running.has(lane), `a lane is released in which something runs`);
      this.#disk.lanes.delete(lane);
    },
  };

  #takeLane(
    {lane = '', fingerprint}: Task,
    attempt: AttemptId,
    directory: string,
    number: number,
  ): Result<Claimed, Failure> {
    const claim = {attempt, directory, number, at: ++this.#disk.clock, task: fingerprint};
    this.#disk.lanes.set(lane, {claim, owner: this});
    return ok({is: 'mine', claim});
  }

  async release(task: Task, claim: Claim): Promise<void> {
    if (this.dead) return;
    const held = this.#disk.claims.get(task.fingerprint);
    this.#rule(held?.owner === this && held.claim === claim, `${task.key} releases what is not its own`);
    if (held?.owner === this) this.#disk.claims.delete(task.fingerprint);
    await this.#delay('release');
  }

  assigned(): void {
    throw new Error('nothing is assigned here');
  }

  async publish({task, directory, value, force, read}: Publication): Promise<Result<Manifest, Failure>> {
    this.#rule(!this.#disk.misled.has(directory), `${task.key} is published, though what it read was damaged`);
    await this.#delay('publish');
    const previous = this.#disk.results.get(task.fingerprint);
    const edition = (previous?.edition ?? 1) + (force && previous !== undefined && previous.value !== value ? 1 : 0);
    const manifest = manifestOf(task, {
      edition,
      read,
      endedAt: new Date(++this.#disk.clock).toISOString(),
      value: value ?? null,
      directory: `/result/${basename(directory)}`,
    });
    this.#disk.results.set(task.fingerprint, manifest);
    rmSync(directory, {recursive: true});
    return ok(manifest);
  }

  recordFailure(task: Task, failure: Failure): void {
    this.#disk.failures.set(task.fingerprint, {failure, at: ++this.#disk.clock});
  }

  recordCancelled({fingerprint}: Task): void {
    this.#disk.failures.delete(fingerprint);
  }

  async discard(directory: string): Promise<void> {
    await rm(directory, {recursive: true, force: true});
  }
}

/** A manifest with what matters to a scheduler. */
export function manifestOf(task: Task, more: Partial<Manifest> = {}): Manifest {
  return {
    version: 1,
    fingerprint: task.fingerprint,
    recipe: task.recipe,
    label: task.key,
    edition: 1,
    read: {},
    outputs: [],
    exit: 0,
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: new Date().toISOString(),
    host: 'here',
    ...more,
  };
}

/** A task whose value is what the disk says of it. */
export function fakeTask(
  disk: FakeDisk,
  attempts: string,
  key: string,
  needs: readonly Task[] = [],
  more: {readonly force?: boolean; readonly lane?: string; readonly retries?: number} = {},
): Task {
  const fingerprint = Buffer.from(key).toString('hex').padStart(64, '0') as Fingerprint;
  const {retries = 0, ...rest} = more;
  return {
    fingerprint,
    recipe: {kind: 'bash', name: 'bash', arguments: {}, variables: {}, inputs: []},
    name: 'bash',
    key,
    needs: needs.map(need => need.fingerprint),
    placement: {executor: 'local', cpus: 1, retries},
    ...rest,
    work: {
      attempts,
      stem: key,
      claims: dirname(attempts),
      prepare: attempt => {
        for (const need of needs) attempt.pathOf(need.fingerprint);
        return Promise.resolve(ok('true'));
      },
      finish: () => Promise.resolve(ok({value: disk.bytes.get(fingerprint) ?? key})),
    },
  };
}
