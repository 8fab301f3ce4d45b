import {stable} from './oracle-files.js';
import {commandOf, joinIdentity, joinOf, rowsOf, scriptOf, type Row} from './oracle-tasks.js';
import type {Json, Model, Task} from './model.js';

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
  readonly value: Json;
  readonly ran: boolean;
  /** What it sees, as it gathers it. */
  readonly text: string;
}

/** A result that was made once. */
interface Known {
  bytes: string;
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
  /** Joins that ran in the last run. */
  joins = 0;

  /** Somebody has changed or removed files of a result. */
  damage(identity: string): void {
    const known = this.#known.get(identity);
    if (known !== undefined) known.damaged = true;
  }

  /** One run of the notebook. What it makes is remembered. */
  run(model: Model): readonly Expected[] {
    const all: Expected[] = [];
    const begun = new Map<string, Expected>();
    this.joins = 0;
    for (const task of model.tasks)
      for (const row of rowsOf(task, all)) {
        const one = this.#expect(model, task, row, all, begun);
        all.push(one);
        if (one.identity !== undefined) begun.set(one.identity, one);
      }
    return all;
  }

  #expect(
    model: Model,
    task: Task,
    row: Row | undefined,
    all: readonly Expected[],
    begun: ReadonlyMap<string, Expected>,
  ): Expected {
    const key = [...(row?.values() ?? [])];
    const blocked: Expected = {
      id: task.id,
      key,
      identity: undefined,
      state: 'blocked',
      files: {},
      value: null,
      ran: false,
      text: '',
    };
    if (row === undefined) return blocked;
    const made =
      task.is === 'script'
        ? scriptOf(model, task, row, all)
        : task.is === 'join'
          ? joinOf(task.members, task.mode, task.prefer, model, all, task.allowed)
          : commandOf(model, task, row, all, members => this.#impliedJoin(members));
    if (made === undefined) return blocked;
    const {identity, files, value, reads, fails, text} = made;
    const same = begun.get(identity);
    if (same !== undefined) return {...same, id: task.id, key, ran: false};
    const lasting =
      task.is === 'script' ? task.force || task.always : task.is === 'command' && task.rerun !== undefined;
    const known = this.#known.get(identity);
    const fresh =
      known !== undefined &&
      !lasting &&
      !known.damaged &&
      !fails &&
      reads.every(read => this.#editionOf(read) === known.read.get(read));
    if (fresh) return {id: task.id, key, identity, state: 'done', files, value, ran: false, text};
    if (fails) return {id: task.id, key, identity, state: 'failed', files: {}, value: null, ran: true, text};
    this.#remember(identity, stable([files, value]), reads, lasting);
    if (task.is === 'join') this.joins += 1;
    return {id: task.id, key, identity, state: 'done', files, value, ran: task.is !== 'join', text};
  }

  #remember(identity: string, bytes: string, reads: readonly string[], forced: boolean): void {
    const before = this.#known.get(identity);
    const outdated = reads.some(
      read => before?.read.has(read) === true && before.read.get(read) !== this.#editionOf(read),
    );
    const raised = before !== undefined && (forced || outdated) && before.bytes !== bytes;
    this.#known.set(identity, {
      bytes,
      edition: (before?.edition ?? 1) + (raised ? 1 : 0),
      read: new Map(reads.map(read => [read, this.#editionOf(read)])),
      damaged: false,
    });
  }

  #editionOf(identity: string): number {
    return this.#known.get(identity)?.edition ?? 1;
  }

  /** A command that reads several reruns at once reads a join of them, which is a task of its own. */
  #impliedJoin(members: readonly Expected[]): string {
    const made = joinIdentity(
      members.map(({identity}) => identity ?? ''),
      'auto',
      undefined,
    );
    const reads = members.flatMap(({identity}) => identity ?? []);
    const known = this.#known.get(made);
    if (known === undefined || known.damaged || reads.some(read => this.#editionOf(read) !== known.read.get(read))) {
      this.#remember(made, stable(members.map(({files}) => files)), reads, false);
      this.joins += 1;
    }
    return made;
  }
}
