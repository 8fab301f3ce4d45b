import {Slice} from '../fingerprint/slice.js';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Manifest} from '../graph/manifest.js';
import type {TaskView} from '../graph/task.js';
import type {AlikeTasks} from '../show/view.js';
import type {SeriesRef} from '../typescript/messages.js';
import {keyText} from './element.js';
import {MemberView} from './member-view.js';
import type {Draft, Row} from './magic.js';
import type {Member, TaskNode} from './node.js';
import type {Repeat} from './repeat.js';
import type {SetNode} from './set-node.js';

/** Milliseconds between two times that who shows a series is told how far the look at it has come. */
const TELL = 250;

/** From how many durations a median is taken. */
const SAMPLES = 1000;

/** What a series is made of. */
export interface SeriesParts {
  readonly rows: readonly Row[];
  readonly variables: readonly string[];
  readonly repeat: Repeat;
  /** What its tasks are called in displays, and the name that the cell binds. */
  readonly name: string;
  readonly label: string;
}

/** What a series needs of the notebook. */
export interface SeriesPorts {
  /** Milliseconds that a task took whose result is there, by a quick look: undefined only means that it has to be looked closer. */
  tookOf(fingerprint: Fingerprint): number | undefined;
  /** The record of a result that was found there. */
  manifest(fingerprint: Fingerprint): Manifest;
  /** A member is done: told once. */
  done(member: SeriesMember): void;
  /** Makes the node of a member. */
  plan(draft: Draft, label: string, id: string): TaskNode;
  now(): number;
  /** Resolves when it is known which results there are. */
  known(): Promise<void>;
}

/**
 * The members of a long loop. Of those whose results are there nothing is kept but the values of their loop variables: a node, an entry of
 * the scheduler and all that hangs on them are made when somebody asks for one. What is not there is made at once after the look at all.
 */
export class Series {
  readonly members: readonly SeriesMember[];
  readonly parts: SeriesParts;
  /** The number that the ids of its members begin with. */
  readonly first: number;
  readonly ports: SeriesPorts;
  /** Milliseconds since the epoch. */
  lookedAt = 0;
  /** The future of all of them. */
  set: SetNode | undefined;
  #looked: Promise<void> | undefined;
  #over = false;
  #took = 0;
  readonly #samples: number[] = [];
  /** Members that have nodes, in the order in which they got them, or in their own, and these nodes: it is asked for at each change of one. */
  #made: SeriesMember[] = [];
  #nodes: readonly TaskNode[] | undefined = [];
  #sorted = true;
  /** How many were found done and have no nodes. */
  #done = 0;

  /** @param first ids are this number and those after it, 12 hex digits each */
  constructor(parts: SeriesParts, first: number, ports: SeriesPorts) {
    this.members = parts.rows.map((row, at) => new SeriesMember(this, row, at));
    this.parts = parts;
    this.first = first;
    this.ports = ports;
  }

  /** Whether all results have been looked for. */
  get over(): boolean {
    return this.#over;
  }

  /**
   * Looks for the results, in slices, and makes what is missing. The same promise each time.
   * @param tell is called now and then meanwhile, and at the end
   */
  look(tell: () => void = () => undefined): Promise<void> {
    return (this.#looked ??= this.#look(tell));
  }

  async #look(tell: () => void): Promise<void> {
    const {ports, members} = this;
    const slice = new Slice();
    const missing: SeriesMember[] = [];
    // The cell that made it goes first.
    await slice.rest();
    await ports.known();
    let told = performance.now();
    for (const member of members) {
      if (slice.over) {
        await slice.rest();
        const now = performance.now();
        if (now - told > TELL) {
          told = now;
          tell();
        }
      }
      if (member.made !== undefined) continue;
      const fingerprint = this.parts.repeat.fingerprint(member.row);
      const took = ports.tookOf(fingerprint);
      if (took === undefined) {
        missing.push(member);
        continue;
      }
      member.found(fingerprint, took);
      this.#done++;
      this.#took += took;
      if (this.#samples.length < SAMPLES) this.#samples.push(took);
    }
    this.lookedAt = ports.now();
    const making = Slice.ofPlanning();
    for (const member of missing) {
      if (making.over) await making.rest();
      member.make();
    }
    this.#over = true;
    tell();
  }

  /** The tasks that were found done, but for those that have nodes. */
  *done(): Iterable<Fingerprint> {
    for (const {fingerprint, made} of this.members)
      if (fingerprint !== undefined && made === undefined) yield fingerprint;
  }

  /** The nodes that there are by now, in the order of the members. */
  get made(): readonly TaskNode[] {
    if (!this.#sorted) this.#made.sort((a, b) => a.at - b.at);
    this.#sorted = true;
    return (this.#nodes ??= this.#made.flatMap(({made}) => made ?? []));
  }

  /** A member has got a node. */
  noteMade(member: SeriesMember): void {
    if (member.fingerprint !== undefined) {
      this.#done--;
      this.#took -= member.took;
    }
    this.#sorted &&= (this.#made.at(-1)?.at ?? -1) < member.at;
    this.#made.push(member);
    this.#nodes = undefined;
  }

  /** Its members that have no nodes, all in one, for a display. */
  get alike(): AlikeTasks {
    const looking = this.members.length - this.#made.length - this.#done;
    return {name: this.parts.name, done: this.#done, looking, took: this.#took, samples: this.#samples};
  }

  /** As the user's process is told of it. */
  ref(): SeriesRef {
    const {kind, files} = this.parts.repeat;
    return {
      first: idOf(this.first),
      name: this.parts.label,
      kind,
      ...(files === undefined ? {} : {files}),
      keys: this.members.map(({key}) => key),
    };
  }

  /** The draft of a member, whose task is known at once. */
  draftOf(row: Row): Draft {
    const {repeat, name} = this.parts;
    const task = {...repeat.task(row), name};
    return {
      name,
      key: task.key,
      kind: repeat.kind,
      ...(repeat.files === undefined ? {} : {files: repeat.files}),
      needs: [],
      task,
      make: () => Promise.resolve({is: 'task', task}),
      settle: manifest => repeat.settle(manifest),
      ...(repeat.pictures === undefined ? {} : {pictures: repeat.pictures}),
    };
  }
}

/** A member of a series: its node is made when somebody asks for it. */
export class SeriesMember implements Member {
  readonly series: Series;
  readonly row: Row;
  readonly at: number;
  /** Set once its result was found there. */
  fingerprint: Fingerprint | undefined;
  /** Milliseconds that it took then. */
  took = 0;
  /** Another member that is the same task. */
  older: SeriesMember | undefined;
  #node: TaskNode | undefined;
  #making = false;

  constructor(series: Series, row: Row, at: number) {
    this.series = series;
    this.row = row;
    this.at = at;
  }

  get key(): readonly JsonValue[] {
    return this.series.parts.variables.map(variable => this.row[variable] ?? null);
  }

  get id(): string {
    return idOf(this.series.first + this.at);
  }

  get identity(): string | undefined {
    return this.#node === undefined ? (this.fingerprint ?? this.id) : undefined;
  }

  /** The node, if there is one by now. */
  get made(): TaskNode | undefined {
    return this.#node;
  }

  get node(): TaskNode {
    return this.#node ?? this.#make();
  }

  /** Makes the node, if it is not there and not being made just now. */
  make(): void {
    if (!this.#making && this.#node === undefined) this.#make();
  }

  /** Its result is there. */
  found(fingerprint: Fingerprint, took: number): void {
    this.fingerprint = fingerprint;
    this.took = took;
    this.series.ports.done(this);
  }

  view(): TaskView {
    return new MemberView(this);
  }

  #make(): TaskNode {
    const {series, row, id, key} = this;
    this.#making = true;
    const node = series.ports.plan(series.draftOf(row), series.parts.label, id);
    node.index = key.map(keyText);
    node.set = series.set;
    // Whoever is told of the plan may have asked for it meanwhile.
    if (this.#node === undefined) {
      this.#node = node;
      series.noteMade(this);
    }
    return this.#node;
  }
}

const idOf = (number: number): string => number.toString(16).padStart(12, '0');

/** The node of a member, if there is one by now. */
export const madeOf = (member: Member): TaskNode | undefined =>
  member instanceof SeriesMember ? member.made : member.node;

/** The nodes of members that there are by now. */
export const nodesOf = (members: readonly Member[]): readonly TaskNode[] =>
  seriesOf(members)?.made ?? members.map(({node}) => node);

/** The series that some members are of. */
export const seriesOf = (members: readonly Member[]): Series | undefined => {
  const [first] = members;
  return first instanceof SeriesMember ? first.series : undefined;
};
