import {stable} from './oracle-files.js';
import {idsOf, namedIds, partsOf, rootContents, shownIds, type Id} from './oracle-command.js';
import {
  commandOf,
  ingestOf,
  joinIdentity,
  joinOf,
  parentsOf,
  rowsOf,
  scriptOf,
  type Made,
  type Resolved,
  type Row,
} from './oracle-tasks.js';
import {
  rawOf,
  tagOf,
  taskOf,
  type Command,
  type Ingest,
  type Join,
  type Json,
  type Model,
  type Raw,
  type Task,
} from './model.js';

/** What must become of one task of a notebook. */
export interface Expected {
  readonly id: string;
  /** The values of its loop variables. */
  readonly key: readonly (string | number)[];
  /** All that can change what it writes, as a hash of the model's own; undefined where what it waits for has failed. */
  readonly identity: string | undefined;
  readonly state: 'done' | 'failed' | 'blocked';
  /** Files by name, without what Weft or a butler adds. */
  readonly files: Readonly<Record<string, string>>;
  /** Files that are seen by who has it as a parent: its own, and those of its own parents. */
  readonly visible: Readonly<Record<string, string>>;
  readonly value: Json;
  /** What it sees, as it gathers it. */
  readonly text: string;
  /** Identities of the parts that it was split into. */
  readonly parts?: readonly string[];
}

/** What must come of a run. */
export interface ExpectedRun {
  readonly tasks: readonly Expected[];
  /** What tasks write into the log as they run. */
  readonly ran: readonly string[];
  /** Joins that run. */
  readonly joins: number;
  /** Raw exposures that tasks have put into the root by then. */
  readonly ingested: readonly Raw[];
}

/** One walk over the tasks of a notebook. */
interface Pass {
  readonly all: readonly Expected[];
  readonly begun: Map<string, Expected>;
  /** What is forced, where all has run before. */
  readonly named: ReadonlySet<string>;
  /** The same, and what reads that: of the rest nothing is looked at. */
  readonly again: Set<string> | undefined;
  /** What became of all in the walk before. */
  readonly before: ReadonlyMap<string, Expected>;
}

const NOTHING = {identity: undefined, files: {}, visible: {}, value: null, text: ''};

/** A result that was made once. */
interface Known {
  readonly files: Readonly<Record<string, string>>;
  readonly value: Json;
  /** Of a task that changes the root: rows and files of its record, which must be there. */
  record?: readonly string[];
  edition: number;
  /** Editions of the directories that it read. */
  read: Map<string, number>;
  /** Somebody changed or removed a file of it. */
  damaged: boolean;
}

/**
 * What a notebook must come to: computed from the model alone, by the rules of the language, in code that shares nothing with the planner.
 * Remembers what was made in earlier runs on one store.
 */
export class Oracle {
  readonly #known = new Map<string, Known>();
  #ran: string[] = [];
  #joins = 0;
  #ingested: readonly Raw[] = [];
  /** What had been put into the root when a task was asked for. */
  readonly #asked = new Map<string, readonly Raw[]>();

  /** Somebody has changed or removed files of a result. */
  damage(identity: string): void {
    const known = this.#known.get(identity);
    if (known !== undefined) known.damaged = true;
  }

  /** One run of the notebook, and `%force` behind it. What it makes is remembered. */
  run(model: Model): ExpectedRun {
    this.#ran = [];
    this.#joins = 0;
    this.#ingested = model.stack?.ingested ?? [];
    this.#asked.clear();
    const first = this.#pass(model);
    const forced = new Set(
      first
        .filter(({id}) => model.forced.includes(id))
        .flatMap(({identity, parts}) => parts ?? (identity === undefined ? [] : [identity])),
    );
    const before = new Map(first.flatMap(one => (one.identity === undefined ? [] : [[one.identity, one] as const])));
    const tasks = model.forced.length === 0 ? first : this.#pass(model, forced, before);
    return {tasks, ran: this.#ran, joins: this.#joins, ingested: this.#ingested};
  }

  /** @param again what is forced, where all has run before: of the rest runs what has read other bytes then */
  #pass(model: Model, again?: Set<string>, before: Pass['before'] = new Map()): readonly Expected[] {
    const all: Expected[] = [];
    const pass: Pass = {all, begun: new Map(), named: new Set(again), again, before};
    for (const task of model.tasks) for (const row of rowsOf(task, all)) all.push(this.#expect(model, task, row, pass));
    return all;
  }

  #expect(model: Model, task: Task, row: Row | undefined, pass: Pass): Expected {
    const {all, again} = pass;
    const key = [...(row?.values() ?? [])];
    const blocked = {...NOTHING, id: task.id, key, state: 'blocked' as const};
    const root = again === undefined ? this.#ingested : (this.#asked.get(task.id) ?? []);
    this.#asked.set(task.id, root);
    if (row === undefined) return blocked;
    const rooted = withRoot(model, root);
    if (task.is === 'command') {
      const join = (members: readonly Expected[], missing: readonly string[]): string =>
        this.#impliedJoin(members, missing, again);
      const parents = parentsOf(task, row, all, join);
      return parents === undefined ? blocked : this.#command(model, rooted, task, row, parents, pass);
    }
    const made =
      task.is === 'script'
        ? scriptOf(rooted, task, row, all)
        : task.is === 'ingest'
          ? ingestOf(model, task)
          : joinOf(
              task.members.flatMap(id => all.filter(one => one.id === id)),
              task.mode,
              task.prefer,
              task.members.some(id => taskOf(model, id).is === 'command'),
              task.allowed,
            );
    if (made === undefined) return blocked;
    const now = task.is === 'script' ? scriptOf(withRoot(model, this.#ingested), task, row, all) : made;
    const moved = now?.identity !== made.identity;
    return this.#settle(model, task, key, made, pass, [task.id, ...key].join(' '), moved);
  }

  /** A command; one that is split asks for its data ids first, and joins its parts. */
  #command(model: Model, rooted: Model, task: Command, row: Row, parents: Resolved, pass: Pass): Expected {
    const key = [...row.values()];
    const name = [tagOf(task), ...key].join(' ');
    const one = (command: Command, ids: readonly Id[], line: string): Expected => {
      const made = commandOf(rooted, command, row, ids, parents);
      // What is started over reads another root than it was asked for.
      const now = commandOf(withRoot(model, this.#ingested), command, row, ids, parents);
      return this.#settle(model, command, key, made, pass, line, now.identity !== made.identity);
    };
    const own = idsOf(task, row);
    const lineOf = (ids: readonly Id[]): string => [name, namedIds(task, ids)].filter(text => text !== '').join(' ');
    if (task.split === undefined) return one(task, own, lineOf(own));
    const shown = one({...task, show: 'data'}, own, `${name} data`);
    if (shown.state !== 'done') return {...shown, identity: undefined, state: 'blocked'};
    const parts = partsOf(task, shownIds(rooted, task, row)).map(ids => one(task, ids, lineOf(ids)));
    // There is nothing to split.
    if (parts.length === 0) return {...NOTHING, id: task.id, key, state: 'failed'};
    const joined = joinOf(parts, 'auto', undefined, true, task.allowed);
    if (joined === undefined) return {...NOTHING, id: task.id, key, state: 'blocked'};
    const join: Join = {is: 'join', id: task.id, members: [], mode: 'auto', look: task.look};
    const whole = this.#settle(model, join, key, joined, pass, '');
    return {...whole, parts: parts.flatMap(({identity}) => identity ?? [])};
  }

  #settle(
    model: Model,
    task: Task,
    key: Expected['key'],
    made: Made,
    {begun, named, again, before}: Pass,
    line: string,
    moved = false,
  ): Expected {
    const {identity, text, files, value, reads, behind} = made;
    const same = begun.get(identity);
    if (same !== undefined) return {...same, id: task.id, key};
    const known = this.#known.get(identity);
    // What has run before is looked at once more where something that it reads was forced.
    const touched = again === undefined || again.has(identity) || reads.some(read => again.has(read));
    const forced = named.has(identity) || (touched && isForced(task));
    const earlier = before.get(identity);
    if (!touched && earlier?.state === 'failed') {
      begun.set(identity, earlier);
      return {...earlier, id: task.id, key};
    }
    if (touched) again?.add(identity);
    const good =
      known !== undefined && !known.damaged && this.#isCurrent(known, reads) && this.#holds(model, known.record);
    const runs = touched && (forced || made.fails || !good);
    const stale = runs && again !== undefined && moved;
    const falters = runs && model.failing.includes([task.is === 'command' ? tagOf(task) : task.id, ...key].join('-'));
    if (runs && task.is === 'join') this.#joins += 1;
    if (runs && task.is !== 'join' && !stale) this.#ran.push(line);
    const end = (): Expected => {
      if (made.fails || stale || falters) return {...NOTHING, id: task.id, key, identity, state: 'failed', text};
      const result = runs || known === undefined ? this.#remember({...made, files, value}, forced) : known;
      if (runs && task.is === 'ingest') this.#ingest(model, task, identity);
      const visible = {...behind, ...result.files};
      return {id: task.id, key, identity, state: 'done', files: result.files, visible, value: result.value, text};
    };
    const one = end();
    begun.set(identity, one);
    return one;
  }

  /** What is not there yet is put there; a task that has changed nothing vouches for all. */
  #ingest(model: Model, {files}: Ingest, identity: string): void {
    const before = new Set(rootContents(model, this.#ingested));
    const there = [...(model.stack?.raws ?? []), ...this.#ingested];
    const added = files
      .map(name => rawOf(model, name))
      .filter(raw => !there.some(({visit, ccd}) => visit === raw.visit && ccd === raw.ccd));
    this.#ingested = [...this.#ingested, ...added];
    const after = rootContents(model, this.#ingested);
    const made = after.filter(each => !before.has(each));
    const known = this.#known.get(identity);
    if (known !== undefined) known.record = made.length > 0 ? made : after;
  }

  #holds(model: Model, record: readonly string[] | undefined): boolean {
    if (record === undefined) return true;
    const there = new Set(rootContents(model, this.#ingested));
    return record.every(each => there.has(each));
  }

  #isCurrent(known: Known, reads: readonly string[]): boolean {
    return reads.every(read => this.#editionOf(read) === known.read.get(read));
  }

  #remember({identity, files, value, reads, through}: Omit<Made, 'text' | 'fails' | 'behind'>, forced: boolean): Known {
    const before = this.#known.get(identity);
    const outdated = before !== undefined && !this.#isCurrent(before, reads);
    const differs = before !== undefined && stable([before.files, before.value]) !== stable([files, value]);
    const raised = ((forced || outdated) && differs) || (outdated && through);
    const known: Known = {
      files,
      value,
      edition: (before?.edition ?? 1) + (raised ? 1 : 0),
      read: new Map(reads.map(read => [read, this.#editionOf(read)])),
      damaged: false,
    };
    this.#known.set(identity, known);
    return known;
  }

  #editionOf(identity: string): number {
    return this.#known.get(identity)?.edition ?? 1;
  }

  /** A command that reads several reruns at once reads a join of them, which is a task of its own. */
  #impliedJoin(members: readonly Expected[], missing: readonly string[], again: Set<string> | undefined): string {
    const reads = members.flatMap(({identity}) => identity ?? []);
    const identity = joinIdentity(reads, 'auto', undefined, missing);
    if (reads.some(read => again?.has(read))) again?.add(identity);
    const known = this.#known.get(identity);
    if (known === undefined || known.damaged || !this.#isCurrent(known, reads)) {
      const files = Object.assign({}, ...members.map(one => one.files)) as Record<string, string>;
      this.#remember({identity, files, value: null, reads, through: true}, false);
      this.#joins += 1;
    }
    return identity;
  }
}

/** It is never cached. */
const isForced = (task: Task): boolean =>
  task.is === 'script'
    ? task.force || task.always
    : task.is === 'ingest'
      ? task.force
      : task.is === 'command' && (task.rerun !== undefined || task.force === true);

/** A model whose root holds what tasks have put there. */
const withRoot = (model: Model, ingested: readonly Raw[]): Model =>
  model.stack === null ? model : {...model, stack: {...model.stack, raws: [...model.stack.raws, ...ingested]}};
