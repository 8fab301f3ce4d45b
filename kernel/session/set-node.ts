import {ok, type Result} from '../graph/result.js';
import {isFinal, type TaskState, type TaskView} from '../graph/task.js';
import type {Entry} from '../run/entry.js';
import {failureMessage} from '../show/failure-text.js';
import type {FutureKind, FutureRef, Settled} from '../typescript/messages.js';
import {Deferred} from './deferred.js';
import type {FutureNode, Member, NodePorts, Stop} from './node.js';

/** A set of futures: what `%%foreach` makes. */
export class SetNode {
  readonly is = 'set';
  readonly kind = 'set';
  readonly id: string;
  readonly variables: readonly string[];
  readonly dependents = new Set<FutureNode>();
  /** What its members give, where that is known before they are. */
  readonly member: FutureKind | undefined;
  name: string;
  #members: readonly Member[] | undefined;
  #stop: Stop | undefined;
  #waiting: string | undefined;
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

  /** How its end is said where it blocks something. */
  get stopWords(): string {
    if (this.#stop === undefined)
      return (
        (this.#members ?? []).find(({node}) => isFinal(node.state) && node.state.is !== 'done')?.node.stopWords ??
        `${this.name} failed`
      );
    return this.#stop.is === 'blocked' ? `${this.name} is blocked` : `${this.name} failed`;
  }

  known(): Promise<Result<readonly Member[], Stop>> {
    return this.#known.promise;
  }

  async ended(): Promise<void> {
    const known = await this.#known.promise;
    if (known.ok) await Promise.all(known.value.map(member => member.node.ended()));
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
    for (const {node} of this.#members ?? []) node.restart(start);
  }

  views(): readonly TaskView[] {
    if (this.#stop !== undefined) {
      const state: TaskState =
        this.#stop.is === 'blocked'
          ? {is: 'blocked', at: this.#ports.now(), blocked: this.#stop.blocked}
          : {is: 'failed', at: this.#ports.now(), failure: this.#stop.failure};
      return [{name: this.name, key: '', state}];
    }
    return (this.#members ?? []).flatMap(({node}) => node.views());
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
    return {...known, members: this.#members.map(({key, node}) => ({key, future: node.ref()}))};
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
