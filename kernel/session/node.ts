import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Blocked, Failure} from '../graph/failure.js';
import {valueManifest} from '../graph/manifest.js';
import {fail, ok, type Result} from '../graph/result.js';
import {isFinal, type TaskState, type TaskView} from '../graph/task.js';
import {labelOf, type Task} from '../graph/work.js';
import type {Entry} from '../run/entry.js';
import {failureMessage, failureText} from '../show/failure-text.js';
import type {FutureKind, FutureRef, Settled} from '../typescript/messages.js';
import {Deferred} from './deferred.js';
import type {Draft} from './magic.js';
import {Refusal} from './refusal.js';
import {nodesOf} from './series.js';
import type {SetNode} from './set-node.js';

/** How many lines of a log an error of `await` shows. */
const TAIL_LINES = 20;

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
export type Stop =
  {readonly is: 'blocked'; readonly blocked: Blocked} | {readonly is: 'failed'; readonly failure: Failure};

/** A future of one task: from the draft that waits for what decides it, to the scheduler's entry. */
export class TaskNode {
  readonly is = 'task';
  readonly id: string;
  readonly draft: Draft;
  /** Cells whose draft waits for this one. */
  readonly dependents = new Set<FutureNode>();
  name: string;
  /** The key of an element in its set, one text a variable: empty for a future that stands alone. */
  index: readonly string[] = [];
  /** The long loop that it is of, where it was made because somebody asked for it. */
  set: SetNode | undefined;
  entry: Entry | undefined;
  /** Another node that stands for it. */
  inner: TaskNode | undefined;
  /** The tasks that a split has made of it: shown before the one that stands for it. */
  parts: readonly TaskNode[] = [];
  #work: readonly TaskNode[] = [];
  #refusal: Refusal | undefined;
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
    draft.planned?.(this);
    if (draft.task === undefined) void this.#make();
    else this.#submit(draft.task);
  }

  get kind(): FutureKind {
    return this.draft.kind;
  }

  /** How a person names it: `warps[HSC-R]`; by its task where the cell gave it no name. */
  get label(): string {
    if (this.name === '_') return labelOf(this.draft);
    return `${this.name}${this.index.map(key => `[${key}]`).join('')}`;
  }

  get state(): TaskState {
    return this.inner?.state ?? this.#refusal?.state ?? this.entry?.state ?? this.#state;
  }

  /** True where its task is done, with a result that lacks something for this future. */
  get refused(): boolean {
    return this.#refusal?.state !== undefined;
  }

  /** True when nothing of it will change by itself, nor of the tasks that a split has made of it. */
  get over(): boolean {
    return isFinal(this.state) && (this.parts.length === 0 || this.views().every(({state}) => isFinal(state)));
  }

  /** True where a task of it runs. */
  get running(): boolean {
    return this.parts.length === 0
      ? this.state.is === 'running'
      : this.views().some(({state}) => state.is === 'running');
  }

  /** The task, once it is known what it is; waits for values that decide it. */
  known(): Promise<Result<Task, Stop>> {
    return this.inner?.known() ?? this.#known.promise;
  }

  /** The fingerprint if it is known by now. */
  get fingerprint(): Fingerprint | undefined {
    return this.inner?.fingerprint ?? this.entry?.fingerprint;
  }

  /** How it ends. */
  async ended(): Promise<TaskState> {
    for (;;) {
      const known = await this.known();
      if (!known.ok) return this.state;
      const state = await (this.inner ?? this.entry)?.ended();
      if (state !== undefined && isFinal(this.state)) return this.state;
    }
  }

  /**
   * Its result, for what reads it as a value or a directory.
   * @param tail whether the message of a failure has the last lines of the log: not for one of many
   */
  async settled(tail = true): Promise<Settled> {
    const state = await this.ended();
    switch (state.is) {
      case 'done':
        // The files of a value are another thing than the value that stands for them.
        return (this.inner?.kind === this.kind ? this.inner : this).draft.settle(state.manifest);
      case 'failed':
        return {
          is: 'failed',
          name: this.label,
          message: [
            failureMessage(this.#fullLabel, state.failure),
            ...(tail ? failureText(state.failure).tail.slice(-TAIL_LINES) : []),
          ].join('\n'),
        };
      case 'blocked':
        return {is: 'failed', name: this.label, message: `${this.#fullLabel} is blocked: ${state.blocked.because}`};
      default:
        return {is: 'failed', name: this.label, message: `${this.#fullLabel} was cancelled`};
    }
  }

  /** True where the node that stands for it is its own task, which reads its parts; else that joins them. */
  get isItself(): boolean {
    return this.inner?.draft.name === this.draft.name;
  }

  /** How its end is said where it blocks something: `warps[HSC-R] failed`. */
  get stopWords(): string {
    const {is} = this.state;
    return `${this.label} ${is === 'blocked' ? 'is blocked' : is === 'cancelled' ? 'was cancelled' : 'failed'}`;
  }

  /** Starts over what failed, was blocked or cancelled; nothing where it is under way or done. */
  restart(start: (entry: Entry) => void): void {
    if (this.inner !== undefined && this.inner.state.is !== 'done') {
      this.inner.restart(start);
      if (this.inner.entry !== undefined || !isFinal(this.inner.state)) return;
    }
    if (this.entry !== undefined && (this.entry.final || this.entry.cancelling)) {
      start(this.entry);
      return;
    }
    if (this.entry === undefined && isFinal(this.#state) && this.#state.is !== 'done') {
      this.#known = new Deferred();
      this.inner = undefined;
      this.#state = {is: 'waiting', on: []};
      void this.#make();
    }
  }

  /** The tasks that run where it is forced: those of a split, and not their join. */
  forced(): readonly Entry[] {
    if (this.#work.length > 0) return this.#work.flatMap(part => part.forced());
    return this.inner?.forced() ?? (this.entry === undefined ? [] : [this.entry]);
  }

  /** Gives up before there is a task. */
  cancel(): void {
    if (this.entry !== undefined || this.inner !== undefined || isFinal(this.#state)) return;
    this.#round += 1;
    this.#stop(
      {is: 'cancelled', at: this.#ports.now()},
      {is: 'blocked', blocked: {because: `${this.label} was cancelled`}},
    );
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
        ...(entry === undefined || entry.checked || entry.state.is !== 'waiting' ? {} : {looking: true as const}),
        ...(entry?.elsewhere === true ? {elsewhere: true as const} : {}),
      },
    ];
  }

  ref(): FutureRef {
    return {id: this.id, name: this.name, kind: this.kind, ...(this.draft.files === true ? {files: true} : {})};
  }

  /** The future's name, and its task's where that says more. */
  get #fullLabel(): string {
    const {label} = this;
    const {name} = this.draft;
    return name === this.name || label.startsWith(name) ? label : `${label} (${labelOf(this.draft)})`;
  }

  async #make(): Promise<void> {
    const round = ++this.#round;
    const waiting = this.draft.needs.map(need => need.label);
    this.#state = {is: 'waiting', on: waiting};
    this.#ports.changed(this);
    const made = await this.draft.make().catch((error: unknown) => ({
      is: 'failed' as const,
      failure: {
        reason: 'bug' as const,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      },
    }));
    if (round !== this.#round) return;
    const at = this.#ports.now();
    switch (made.is) {
      case 'task':
        this.#submit(made.task);
        return;
      case 'node': {
        this.inner = made.node;
        this.parts = made.parts;
        this.#work = made.work ?? [];
        // The same task, once what it reads is joined, goes by the same name.
        if (this.isItself) Object.assign(made.node, {name: this.name, index: this.index});
        this.#ports.changed(this);
        const known = await made.node.known();
        this.#known.resolve(known);
        break;
      }
      case 'value': {
        const manifest = valueManifest(this.label, made.value, at);
        this.#stop(
          {is: 'done', at, how: 'ran', manifest},
          {is: 'failed', failure: {reason: 'bug', message: `${this.label} is no task`}},
        );
        return;
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

  #submit(task: Task): void {
    this.entry = this.#ports.submit(task);
    if (task.lacks !== undefined) this.#refusal = new Refusal(this.entry, task.lacks);
    this.#known.resolve(ok(task));
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
  /** What tells it from others, where that is known without its node. */
  readonly identity?: string | undefined;
}

/** The task nodes below a node that there are: of a long loop those that somebody has asked for, or that were not done. */
export const madeBelow = (node: FutureNode): readonly TaskNode[] =>
  node.is === 'task' ? [node] : nodesOf(node.members ?? []);

/** All task nodes below a node; those of a long loop are made for it. */
export const tasksOf = (node: FutureNode): readonly TaskNode[] =>
  node.is === 'task' ? [node] : (node.members ?? []).map(member => member.node);
