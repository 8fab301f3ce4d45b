import {ok, type Result} from '../graph/result.js';
import type {TaskState, TaskView} from '../graph/task.js';
import type {Entry} from '../run/entry.js';
import {failureMessage} from '../show/failure-text.js';
import type {FutureKind, FutureRef, Settled} from '../typescript/messages.js';
import {Deferred} from './deferred.js';
import type {FutureNode, Member, NodePorts, Stop, TaskNode} from './node.js';
import {madeOf, nodesOf, SeriesMember, seriesOf} from './series.js';

/** A set of futures: what `%%foreach` makes. */
export class SetNode {
  readonly is = 'set';
  readonly kind = 'set';
  readonly id: string;
  readonly variables: readonly string[];
  readonly dependents = new Set<FutureNode>();
  /** What its members give, where that is known before they are. */
  readonly member: FutureKind | undefined;
  /** The list that its members are made of, where that is another future's. */
  readonly list: string | undefined;
  name: string;
  #members: readonly Member[] | undefined;
  #stop: Stop | undefined;
  #waiting: string | undefined;
  /** Where the first member was that had not ended. */
  #open = 0;
  #known = new Deferred<Result<readonly Member[], Stop>>();
  readonly #expand: (() => Promise<Result<readonly Member[], Stop>>) | undefined;
  readonly #ports: NodePorts;

  /** @param expand makes the members, where a future's list decides them; `waiting` names that list */
  constructor(
    id: string,
    name: string,
    variables: readonly string[],
    members:
      readonly Member[] | {readonly waiting: string; readonly expand: () => Promise<Result<readonly Member[], Stop>>},
    ports: NodePorts,
    member?: FutureKind,
  ) {
    this.id = id;
    this.name = name;
    this.variables = variables;
    this.member = member;
    this.#ports = ports;
    if ('expand' in members) {
      this.#expand = members.expand;
      this.#waiting = this.list = members.waiting;
      void this.#run();
    } else {
      this.list = undefined;
      this.#give(members);
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

  /** True when nothing of it will change by itself. */
  get over(): boolean {
    if (this.#members === undefined) return this.#stop !== undefined;
    if (seriesOf(this.#members)?.over === false) return false;
    // Tasks end about in their order: the one that was open the last time is looked at first.
    const nodes: readonly (TaskNode | Member)[] = seriesOf(this.#members)?.made ?? this.#members;
    const {length} = nodes;
    for (let n = 0; n < length; n++) {
      const at = (this.#open + n) % length;
      const one = nodes[at];
      if (one === undefined || ('node' in one ? one.node : one).over) continue;
      this.#open = at;
      return false;
    }
    return true;
  }

  /** True where a task of it runs. */
  get running(): boolean {
    return nodesOf(this.#members ?? []).some(node => node.running);
  }

  /** What the list of members waits for. */
  get pending(): string | undefined {
    return this.#waiting;
  }

  get stop(): Stop | undefined {
    return this.#stop;
  }

  /** How its end is said where it blocks something. */
  get stopWords(): string {
    if (this.#stop === undefined)
      return (
        nodesOf(this.#members ?? []).find(node => node.over && node.state.is !== 'done')?.stopWords ??
        `${this.name} failed`
      );
    return this.#stop.is === 'blocked' ? `${this.name} is blocked` : `${this.name} failed`;
  }

  known(): Promise<Result<readonly Member[], Stop>> {
    return this.#known.promise;
  }

  async ended(): Promise<void> {
    const known = await this.#known.promise;
    if (!known.ok) return;
    await seriesOf(known.value)?.look();
    for (const node of nodesOf(known.value)) await node.ended();
  }

  /** The results of all members, for what reads them. */
  async settled(): Promise<Settled> {
    const known = await this.#known.promise;
    if (!known.ok) {
      const message =
        known.error.is === 'blocked' ? known.error.blocked.because : failureMessage(this.name, known.error.failure);
      return {is: 'failed', name: this.name, message};
    }
    const members = await Promise.all(
      known.value.map(async ({key, node}) => ({key, settled: await node.settled(false)})),
    );
    return {is: 'set', variables: this.variables, members};
  }

  restart(start: (entry: Entry) => void): void {
    if (this.#stop !== undefined) {
      this.#stop = undefined;
      this.#known = new Deferred();
      void this.#run();
    }
    for (const node of nodesOf(this.#members ?? [])) node.restart(start);
  }

  views(): readonly TaskView[] {
    if (this.#stop !== undefined) {
      const state: TaskState =
        this.#stop.is === 'blocked'
          ? {is: 'blocked', at: this.#ports.now(), blocked: this.#stop.blocked}
          : {is: 'failed', at: this.#ports.now(), failure: this.#stop.failure};
      return [{name: this.name, key: '', state}];
    }
    return this.#views(true);
  }

  /** The same without the members of a long loop that have no nodes. */
  madeViews(): readonly TaskView[] {
    return this.#stop === undefined ? this.#views(false) : this.views();
  }

  #views(all: boolean): readonly TaskView[] {
    if (!all) return nodesOf(this.#members ?? []).flatMap(node => node.views());
    const views: TaskView[] = [];
    for (const member of this.#members ?? []) {
      const node = madeOf(member);
      if (node !== undefined) views.push(...node.views());
      else if (member instanceof SeriesMember) views.push(member.view());
    }
    return views;
  }

  ref(): FutureRef {
    const {id, name, variables} = this;
    const known = {
      id,
      name,
      kind: 'set' as const,
      variables,
      ...(this.member === undefined ? {} : {member: this.member}),
    };
    if (this.#members === undefined) return known;
    const series = seriesOf(this.#members);
    if (series !== undefined) return {...known, series: series.ref()};
    return {...known, members: this.#members.map(({key, node}) => ({key, future: node.ref()}))};
  }

  #give(members: readonly Member[]): void {
    this.#members = members;
    const series = seriesOf(members);
    if (series === undefined) return;
    series.set = this;
    void series.look(() => this.#ports.changed(this));
  }

  async #run(): Promise<void> {
    const made = await this.#expand?.();
    if (made === undefined) return;
    this.#waiting = undefined;
    if (made.ok) {
      this.#give(made.value);
      this.#ports.expanded(this);
    } else this.#stop = made.error;
    this.#known.resolve(made);
    this.#ports.changed(this);
  }
}
