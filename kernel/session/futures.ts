import {randomBytes} from 'node:crypto';
import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Task} from '../graph/work.js';
import {isThere} from '../run/inputs.js';
import type {Scheduler} from '../run/scheduler.js';
import type {Entry} from '../run/entry.js';
import type {FutureKind} from '../typescript/messages.js';
import type {Bundle} from '../wire/notebook.js';
import type {Draft} from './magic.js';
import {TaskNode, type FutureNode, type Member, type NodePorts, type Stop} from './node.js';
import {AllSeries} from './all-series.js';
import {listedFutures, type ListedFuture} from './listed-futures.js';
import {replaceResultPaths, resultPathsIn} from './result-paths.js';
import {madeOf, seriesOf, type Series, type SeriesParts} from './series.js';
import {SetNode} from './set-node.js';

/** A placeholder of a future in text: `/weft:NAME:<12 hex>` (LANGUAGE 5). */
const PLACEHOLDER = /\/weft:([^:/\s'"]*):([0-9a-f]{12})/g;

/** What may be left of one that was cut, joined or quoted apart. */
const MANGLED = /(?:\/?weft:[\w$.-]*:[0-9a-f]{0,12})/g;

/** The futures of a notebook, by id, by the place of their result, and by the name that a cell gave them. */
export class Futures {
  readonly #nodes = new Map<string, FutureNode>();
  readonly #places = new Map<string, TaskNode>();
  /** Their directories by the last twelve digits. */
  readonly #directories = new Map<string, readonly string[]>();
  readonly #named = new Map<string, FutureNode>();
  /** What once had a name that is now another's. */
  readonly #replaced = new Set<FutureNode>();
  readonly #byTask = new Map<Fingerprint, Set<TaskNode>>();
  readonly #listeners = new Set<(node: FutureNode) => void>();
  readonly #scheduler: Scheduler;
  /** What of long loops has no nodes. */
  readonly loops: AllSeries;
  readonly #ports: NodePorts;

  /** @param expanded is told of sets whose members became known */
  constructor(scheduler: Scheduler, expanded: (node: SetNode) => void) {
    this.#scheduler = scheduler;
    this.loops = new AllSeries(scheduler);
    this.#ports = {
      submit: task => this.#submit(task),
      now: () => Date.now(),
      changed: node => this.#changed(node),
      expanded,
    };
  }

  static newId(): string {
    return randomBytes(6).toString('hex');
  }

  /** Makes a node of a draft and starts it. */
  plan(draft: Draft, name: string | undefined, id = Futures.newId()): TaskNode {
    const node = new TaskNode(id, draft, this.#ports);
    if (name !== undefined) node.name = name;
    this.#nodes.set(id, node);
    return node;
  }

  makeSet(
    name: string,
    variables: readonly string[],
    members:
      | readonly Member[]
      | {
          readonly waiting: string;
          readonly expand: () => Promise<{ok: true; value: readonly Member[]} | {ok: false; error: Stop}>;
        },
    id = Futures.newId(),
    member?: FutureKind,
  ): SetNode {
    const node = new SetNode(id, name, variables, members, this.#ports, member);
    this.#nodes.set(id, node);
    return node;
  }

  /** The members of a long loop, which have no nodes yet. */
  series(parts: SeriesParts): Series {
    return this.loops.make(parts, (draft, label, id) => this.plan(draft, label, id));
  }

  get(id: string): FutureNode | undefined {
    return this.#nodes.get(id) ?? this.loops.get(id);
  }

  /** The node whose result has this final directory. */
  at(directory: string): TaskNode | undefined {
    return this.#places.get(directory) ?? this.loops.at(directory);
  }

  /** The node whose result's directory a text ends with, and that directory. */
  #endingIn(text: string): {readonly directory: string; readonly node: TaskNode} | undefined {
    const directory = this.#directories.get(text.slice(-12))?.find(each => text.endsWith(each));
    const node = directory === undefined ? undefined : this.#places.get(directory);
    if (directory !== undefined && node !== undefined) return {directory, node};
    return this.loops.endingIn(text);
  }

  /** Looks at the result of a future that is done; it is made again where that is not there as it was recorded. */
  async look({entry}: TaskNode): Promise<void> {
    if (entry !== undefined) await isThere(this.#scheduler, entry);
  }

  #submit(task: Task): Entry {
    const done = this.loops.take(task.fingerprint);
    const entry = done === undefined ? this.#scheduler.submit(task) : this.#scheduler.admit(task, done.lookedAt);
    // What is asked for again is one thing with what was found of it before.
    done?.make();
    if (entry.cancelling) this.#startOver(entry);
    return entry;
  }

  /** Starts a task over, once it has ended where it is being cancelled: it is wanted again. */
  #startOver(entry: Entry): void {
    if (entry.final) this.#scheduler.restart(entry);
    else if (entry.cancelling) void entry.ended().then(() => this.#scheduler.restart(entry));
  }

  /** Remembers what a name holds that a cell gave; undefined: no future any more. One that lost its name is still there under its id. */
  bind(name: string, node: FutureNode | undefined): void {
    const before = this.#named.get(name);
    this.#named.delete(name);
    if (before !== undefined && before !== node && name !== '_') this.#replaced.add(before);
    if (node === undefined) return;
    this.#named.set(name, node);
    this.#replaced.delete(node);
  }

  /** Resolves when the results of all that was submitted have been looked for. */
  looked(): Promise<void> {
    return this.#scheduler.looked();
  }

  /** The future that a cell gave a name. */
  namedSo(name: string): FutureNode | undefined {
    return this.#named.get(name);
  }

  /** The named futures, in the order of their naming; `_` is left out. */
  named(): readonly (readonly [string, FutureNode])[] {
    return [...this.#named].filter(([name]) => name !== '_');
  }

  /** All of the notebook for a person to look at: what has a name, then what code has made, in the order of making. */
  everything(): readonly ListedFuture[] {
    return listedFutures(this.named(), [...this.#nodes.values()], this.#replaced);
  }

  all(): Iterable<FutureNode> {
    return this.#nodes.values();
  }

  /** Calls back on each change of a node's state, until the returned function is called. */
  watch(listener: (node: FutureNode) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The scheduler has changed a task's state. */
  entryChanged(entry: Entry): void {
    for (const node of this.#byTask.get(entry.fingerprint) ?? [])
      for (const listener of this.#listeners) listener(node);
  }

  cancel(node: FutureNode): void {
    if (node.is === 'set') {
      // What was found there is done, and stays so.
      const open = seriesOf(node.members ?? [])?.over === false;
      for (const member of node.members ?? []) {
        const made = open ? member.node : madeOf(member);
        if (made !== undefined) this.cancel(made);
      }
      return;
    }
    if (node.inner !== undefined) this.cancel(node.inner);
    for (const part of node.parts) this.cancel(part);
    if (node.entry !== undefined) this.#scheduler.cancel(node.entry);
    else node.cancel();
    // What a split or a join has made for itself goes with it.
    for (const need of node.draft.needs) if (need.is === 'set' && need.name === node.name) this.cancel(need);
  }

  /**
   * Starts over what failed or was blocked below a node, and what these block (LANGUAGE 12).
   * @param isThere its result is there by now: nothing that it needs is started
   */
  retry(node: FutureNode, isThere = false): void {
    const seen = new Set<FutureNode>();
    const start = (entry: Entry): void => {
      if (entry.state.is === 'blocked' && !isThere) for (const need of entry.task.needs) upstream(need);
      if (entry.state.is !== 'done') this.#startOver(entry);
      downstream(entry);
    };
    const upstream = (need: Fingerprint): void => {
      const entry = this.#scheduler.entry(need);
      if (entry === undefined || !entry.final || entry.state.is === 'done') return;
      for (const other of entry.task.needs) upstream(other);
      this.#scheduler.restart(entry);
    };
    const downstream = (entry: Entry): void => {
      for (const dependent of entry.dependents) {
        if (dependent.state.is !== 'blocked') continue;
        this.#scheduler.restart(dependent);
        downstream(dependent);
      }
    };
    const walk = (each: FutureNode): void => {
      if (seen.has(each)) return;
      seen.add(each);
      each.restart(start);
      for (const dependent of each.dependents)
        if (dependent.is === 'set' || dependent.state.is === 'blocked') walk(dependent);
    };
    walk(node);
  }

  /** Finds the futures that a text names by placeholder or by the path of a result, and replaces them by their fingerprints. */
  placeholders(text: string): {
    readonly nodes: readonly TaskNode[];
    readonly mangled?: string;
    replace(fingerprints: ReadonlyMap<TaskNode, Fingerprint>): string;
  } {
    const nodes = new Set<TaskNode>();
    let mangled: string | undefined;
    const rest = text.replace(PLACEHOLDER, (whole, _name: string, id: string) => {
      const node = this.get(id);
      if (node?.is === 'task') nodes.add(node);
      else mangled ??= whole;
      return '';
    });
    mangled ??= MANGLED.exec(rest.replaceAll(/\/weft::[0-9a-f]{64}/g, ''))?.[0];
    MANGLED.lastIndex = 0;
    const paths = (all: string): ReturnType<typeof resultPathsIn> => resultPathsIn(all, upTo => this.#endingIn(upTo));
    for (const {node} of paths(text)) nodes.add(node);
    return {
      nodes: [...nodes],
      ...(mangled === undefined ? {} : {mangled}),
      replace: fingerprints => {
        const sign = (node: FutureNode | undefined): string | undefined => {
          const fingerprint = node?.is === 'task' ? fingerprints.get(node) : undefined;
          return fingerprint === undefined ? undefined : `/weft::${fingerprint}`;
        };
        const placed = text.replace(PLACEHOLDER, (whole, _name: string, id: string) => sign(this.get(id)) ?? whole);
        return replaceResultPaths(placed, paths(placed), sign);
      },
    };
  }

  /** In printed text a placeholder becomes the path, if that is known by now, else the name (LANGUAGE 5). */
  printed(text: string): string {
    return text.includes('/weft:')
      ? text.replace(PLACEHOLDER, (_whole, name: string, id: string) => this.#pathOf(id) ?? name)
      : text;
  }

  /** What the user's code shows, with placeholders made readable. */
  readable(data: Bundle): Bundle {
    const read = ([type, value]: [string, JsonValue]): [string, JsonValue] =>
      type.startsWith('text/') && typeof value === 'string' ? [type, this.printed(value)] : [type, value];
    return Object.fromEntries(Object.entries(data).map(read));
  }

  #pathOf(id: string): string | undefined {
    const node = this.get(id);
    if (node?.is !== 'task') return undefined;
    const state = node.state;
    return state.is === 'done' ? state.manifest.directory : node.entry?.task.work.directory;
  }

  #place(directory: string, node: TaskNode): void {
    const short = directory.slice(-12);
    // The longest first: one store may lie in another.
    if (!this.#places.has(directory))
      this.#directories.set(
        short,
        [...(this.#directories.get(short) ?? []), directory].sort((a, b) => b.length - a.length),
      );
    this.#places.set(directory, node);
  }

  #changed(node: FutureNode): void {
    if (node.is === 'task' && node.entry !== undefined) {
      const {fingerprint, task} = node.entry;
      const nodes = this.#byTask.get(fingerprint) ?? new Set();
      nodes.add(node);
      this.#byTask.set(fingerprint, nodes);
      if (task.work.directory !== undefined) this.#place(task.work.directory, node);
    }
    for (const listener of this.#listeners) listener(node);
  }
}
