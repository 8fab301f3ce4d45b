import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Blocked, Failure} from '../graph/failure.js';
import {fail, ok, type Result} from '../graph/result.js';
import {isFinal, type TaskState, type TaskView} from '../graph/task.js';
import {labelOf, type Task} from '../graph/work.js';
import type {Entry} from '../run/entry.js';
import {failureMessage} from '../show/failure-text.js';
import type {FutureKind, FutureRef, Settled} from '../typescript/messages.js';
import type {Draft} from './magic.js';

/** What the nodes of a notebook share: the way to the scheduler, and who wants to know of changes. */
export interface NodePorts {
  submit(task: Task): Entry;
  now(): number;
  changed(node: FutureNode): void;
  /** A set's members have become known. */
  expanded(node: SetNode): void;
}

/** A future of the notebook, as the kernel holds it. */
export type FutureNode = TaskNode | SetNode;

/** Why a node will never have a fingerprint, or its task no result. */
export type Stop = {readonly is: 'blocked'; readonly blocked: Blocked} | {readonly is: 'failed'; readonly failure: Failure};

/** A future of one task: from the draft that waits for what decides it, to the scheduler's entry. */
export class TaskNode {
  readonly is = 'task';
  readonly id: string;
  readonly draft: Draft;
  /** Cells whose draft waits for this one. */
  readonly dependents = new Set<FutureNode>();
  name: string;
  entry: Entry | undefined;
  /** Another node that stands for it. */
  inner: TaskNode | undefined;
  /** The tasks that a split has made of it: shown before the one that stands for it. */
  parts: readonly TaskNode[] = [];
  #state: TaskState;
  #known = new Deferred<Result<Task, Stop>>();
  #round = 0;
  readonly #ports: NodePorts;

  constructor(id: string, draft: Draft, ports: NodePorts) {
    this.id = id;
    this.draft = draft;
    this.name = draft.name;
    this.#ports = ports;
    this.#state = {is: 'waiting', on: []};
    for (const need of draft.needs) need.dependents.add(this);
    void this.#make();
  }

  get kind(): FutureKind {
    return this.draft.kind;
  }

  get label(): string {
    return labelOf(this.draft);
  }

  get state(): TaskState {
    return this.inner?.state ?? this.entry?.state ?? this.#state;
  }

  /** The task, once it is known what it is; waits for values that decide it. */
  known(): Promise<Result<Task, Stop>> {
    return this.#known.promise;
  }

  /** The fingerprint if it is known by now. */
  get fingerprint(): Fingerprint | undefined {
    return this.inner?.fingerprint ?? this.entry?.fingerprint;
  }

  /** How it ends. */
  async ended(): Promise<TaskState> {
    for (;;) {
      const known = await this.#known.promise;
      if (!known.ok) return this.state;
      const state = await (this.inner ?? this.entry)?.ended();
      if (state !== undefined && isFinal(this.state)) return this.state;
    }
  }

  /** Its result, for what reads it as a value or a directory. */
  async settled(): Promise<Settled> {
    const state = await this.ended();
    switch (state.is) {
      case 'done':
        return (this.inner?.draft ?? this.draft).settle(state.manifest);
      case 'failed':
        return {is: 'failed', name: this.label, message: failureMessage(this.label, state.failure)};
      case 'blocked':
        return {is: 'failed', name: this.label, message: `${this.label} is blocked: ${state.blocked.because}`};
      default:
        return {is: 'failed', name: this.label, message: `${this.label} was cancelled`};
    }
  }

  /** Starts over what failed, was blocked or cancelled; nothing where it is under way or done. */
  restart(start: (entry: Entry) => void): void {
    if (this.inner !== undefined && this.inner.state.is !== 'done') {
      this.inner.restart(start);
      if (this.inner.entry !== undefined || !isFinal(this.inner.state)) return;
    }
    if (this.entry !== undefined && this.entry.final) {
      start(this.entry);
      return;
    }
    if (this.entry === undefined && isFinal(this.#state)) {
      this.#known = new Deferred();
      this.inner = undefined;
      this.#state = {is: 'waiting', on: []};
      void this.#make();
    }
  }

  /** Gives up before there is a task. */
  cancel(): void {
    if (this.entry !== undefined || this.inner !== undefined || isFinal(this.#state)) return;
    this.#round += 1;
    this.#stop({is: 'cancelled', at: this.#ports.now()}, {is: 'blocked', blocked: {because: `${this.label} was cancelled`}});
  }

  views(): readonly TaskView[] {
    const {name, key} = this.draft;
    if (this.inner !== undefined) return [...this.parts.flatMap(part => part.views()), ...this.inner.views()];
    const {entry} = this;
    return [
      {
        name,
        key,
        state: this.state,
        ...(entry === undefined ? {} : {fingerprint: entry.fingerprint}),
        ...(entry?.missed === undefined ? {} : {missed: entry.missed}),
      },
    ];
  }

  ref(): FutureRef {
    return {id: this.id, name: this.name, kind: this.kind};
  }

  async #make(): Promise<void> {
    const round = ++this.#round;
    const waiting = this.draft.needs.map(need => need.label);
    this.#state = {is: 'waiting', on: waiting};
    this.#ports.changed(this);
    const made = await this.draft.make().catch((error: unknown) => ({
      is: 'failed' as const,
      failure: {reason: 'bug' as const, message: error instanceof Error ? (error.stack ?? error.message) : String(error)},
    }));
    if (round !== this.#round) return;
    const at = this.#ports.now();
    switch (made.is) {
      case 'task':
        this.entry = this.#ports.submit(made.task);
        this.#known.resolve(ok(made.task));
        break;
      case 'node': {
        this.inner = made.node;
        this.parts = made.parts;
        this.#ports.changed(this);
        const known = await made.node.known();
        this.#known.resolve(known);
        break;
      }
      case 'blocked':
        this.#stop({is: 'blocked', at, blocked: made.blocked}, made);
        return;
      case 'failed':
        this.#stop({is: 'failed', at, failure: made.failure}, made);
        return;
    }
    this.#ports.changed(this);
  }

  #stop(state: TaskState, stop: Stop): void {
    this.#state = state;
    this.#known.resolve(fail(stop));
    this.#ports.changed(this);
  }
}

/** One element of a set, with a JSON value for each of the set's variables. */
export interface Member {
  readonly key: readonly JsonValue[];
  readonly node: TaskNode;
}

/** A set of futures: what `%%foreach` makes. */
export class SetNode {
  readonly is = 'set';
  readonly kind = 'set';
  readonly id: string;
  readonly variables: readonly string[];
  readonly dependents = new Set<FutureNode>();
  name: string;
  #members: readonly Member[] | undefined;
  #stop: Stop | undefined;
  #waiting: string | undefined;
  #known = new Deferred<Result<readonly Member[], Stop>>();
  readonly #expand: (() => Promise<Result<readonly Member[], Stop>>) | undefined;
  readonly #ports: NodePorts;

  /** @param expand makes the members, where a future's list decides them; `waiting` names that list */
  constructor(id: string, name: string, variables: readonly string[], members: readonly Member[] | {readonly waiting: string; readonly expand: () => Promise<Result<readonly Member[], Stop>>}, ports: NodePorts) {
    this.id = id;
    this.name = name;
    this.variables = variables;
    this.#ports = ports;
    if ('expand' in members) {
      this.#expand = members.expand;
      this.#waiting = members.waiting;
      void this.#run();
    } else {
      this.#members = members;
      this.#known.resolve(ok(members));
    }
  }

  get label(): string {
    return this.name;
  }

  /** The members, if they are known by now. */
  get members(): readonly Member[] | undefined {
    return this.#members;
  }

  /** What the list of members waits for. */
  get pending(): string | undefined {
    return this.#waiting;
  }

  get stop(): Stop | undefined {
    return this.#stop;
  }

  known(): Promise<Result<readonly Member[], Stop>> {
    return this.#known.promise;
  }

  async ended(): Promise<void> {
    const known = await this.#known.promise;
    if (known.ok) await Promise.all(known.value.map(member => member.node.ended()));
  }

  async settled(): Promise<Settled> {
    const known = await this.#known.promise;
    if (!known.ok) {
      const message = known.error.is === 'blocked' ? known.error.blocked.because : failureMessage(this.name, known.error.failure);
      return {is: 'failed', name: this.name, message};
    }
    const members = await Promise.all(known.value.map(async ({key, node}) => ({key, settled: await node.settled()})));
    return {is: 'set', variables: this.variables, members};
  }

  restart(start: (entry: Entry) => void): void {
    if (this.#stop !== undefined) {
      this.#stop = undefined;
      this.#known = new Deferred();
      void this.#run();
    }
    for (const {node} of this.#members ?? []) node.restart(start);
  }

  views(): readonly TaskView[] {
    if (this.#stop !== undefined) {
      const state: TaskState = this.#stop.is === 'blocked' ? {is: 'blocked', at: this.#ports.now(), blocked: this.#stop.blocked} : {is: 'failed', at: this.#ports.now(), failure: this.#stop.failure};
      return [{name: this.name, key: '', state}];
    }
    return (this.#members ?? []).flatMap(({node}) => node.views());
  }

  ref(): FutureRef {
    const {id, name, variables} = this;
    if (this.#members === undefined) return {id, name, kind: 'set', variables};
    return {id, name, kind: 'set', variables, members: this.#members.map(({key, node}) => ({key, future: node.ref()}))};
  }

  async #run(): Promise<void> {
    const made = await this.#expand?.();
    if (made === undefined) return;
    this.#waiting = undefined;
    if (made.ok) {
      this.#members = made.value;
      this.#ports.expanded(this);
    } else this.#stop = made.error;
    this.#known.resolve(made);
    this.#ports.changed(this);
  }
}

/** All task nodes below a node. */
export const tasksOf = (node: FutureNode): readonly TaskNode[] => (node.is === 'task' ? [node] : (node.members ?? []).map(member => member.node));

/** A promise and its resolver. */
class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;

  constructor() {
    this.promise = new Promise(resolve => {
      this.resolve = resolve;
    });
  }
}
