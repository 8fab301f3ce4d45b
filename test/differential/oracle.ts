import {createHash} from 'node:crypto';
import {bodyOf, languageOf} from './body.js';
import {commandIdentity, commandText} from './oracle-command.js';
import type {From, Json, Model, Script, Task} from './model.js';
import {taskOf} from './model.js';

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

/** JSON with sorted keys. */
export const stable = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** The hash that scripts write of what they see. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A value as a script's variable has it. */
export const textOf = (value: Json): string => (typeof value === 'string' ? value : stable(value));

/** A key of a set as a name in a directory. */
export const entryOf = (key: readonly (string | number)[]): string => key.map(String).join(',');

type Row = ReadonlyMap<string, string | number>;

/** A variable's content, for the identity and for the text that a script gathers. */
interface Seen {
  readonly identity: Json;
  readonly text: (name: string) => readonly string[];
  /** Identities of the directories behind it. */
  readonly reads: readonly string[];
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
    const blocked: Expected = {id: task.id, key, identity: undefined, state: 'blocked', files: {}, value: null, ran: false, text: ''};
    if (row === undefined) return blocked;
    const made =
      task.is === 'script'
        ? scriptOf(model, task, row, all)
        : task.is === 'join'
          ? joinOf(task.members, task.mode, task.prefer, model, all)
          : commandOf(model, task, row, all, ids => this.#impliedJoin(model, ids, all));
    if (made === undefined) return blocked;
    const {identity, files, value, reads, fails, text} = made;
    const same = begun.get(identity);
    if (same !== undefined) return {...same, id: task.id, key, ran: false};
    const lasting = task.is === 'script' && (task.force || task.always);
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
    const outdated = reads.some(read => before?.read.has(read) === true && before.read.get(read) !== this.#editionOf(read));
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
  #impliedJoin(model: Model, members: readonly Expected[], all: readonly Expected[]): string {
    const made = joinIdentity(members.map(({identity}) => identity ?? ''), 'auto', undefined);
    void all;
    void model;
    const reads = members.flatMap(({identity}) => identity ?? []);
    const known = this.#known.get(made);
    if (known === undefined || known.damaged || reads.some(read => this.#editionOf(read) !== known.read.get(read))) {
      this.#remember(made, stable(members.map(({files}) => files)), reads, false);
      this.joins += 1;
    }
    return made;
  }
}

/** What a task is, before it is asked whether it must run. */
export interface Made {
  readonly identity: string;
  readonly files: Readonly<Record<string, string>>;
  readonly value: Json;
  readonly reads: readonly string[];
  readonly fails: boolean;
  readonly text: string;
}

/** The combinations of loop variables; undefined where a list is not there, as what yields it has failed. */
function rowsOf(task: Task, all: readonly Expected[]): readonly (Row | undefined)[] {
  if (task.is === 'join') return [new Map()];
  let rows: Map<string, string | number>[] = [new Map()];
  for (const {variable, list} of task.loops) {
    let keys: readonly (string | number)[];
    if (list.is === 'keys') ({keys} = list);
    else {
      const producer = all.find(({id}) => id === list.task);
      if (producer?.state !== 'done') return [undefined];
      keys = producer.value as (string | number)[];
    }
    rows = rows.flatMap(row => keys.map(key => new Map([...row, [variable, key] as const])));
  }
  return rows;
}

/** The elements that a `--from` means, each with the rest of its key; undefined where one is not there. */
export function elementsOf(
  {task, at}: From,
  row: Row,
  all: readonly Expected[],
): readonly {readonly rest: readonly (string | number)[]; readonly one: Expected}[] | undefined {
  const prefix = at.map(index => String(index.is === 'loop' ? row.get(index.variable) : index.key));
  const members = all.filter(({id, key}) => id === task && prefix.every((text, i) => String(key[i]) === text));
  if (members.some(({state}) => state !== 'done')) return undefined;
  return members.map(one => ({rest: one.key.slice(prefix.length), one}));
}

function seen(model: Model, from: From, row: Row, all: readonly Expected[]): Seen | undefined {
  const elements = elementsOf(from, row, all);
  if (elements === undefined) return undefined;
  const producer = taskOf(model, from.task);
  const single = elements.length === 1 && elements[0]?.rest.length === 0;
  if (producer.is === 'script' && producer.value) {
    const value: Json = single
      ? (elements[0]?.one.value ?? null)
      : elements.reduce<Json>((into, {rest, one}) => placed(into, rest, one.value), {});
    return {identity: {json: value}, text: name => [`${name}=${textOf(value)}`], reads: []};
  }
  const reads = elements.map(({one}) => one.identity ?? '');
  if (single) return {identity: {task: reads[0] ?? ''}, text: name => walk(name, elements[0]?.one.files ?? {}), reads};
  const entries = Object.fromEntries(elements.map(({rest, one}) => [entryOf(rest), one.identity ?? '']));
  return {
    identity: {set: entries},
    text: name =>
      walk(name, Object.fromEntries(elements.flatMap(({rest, one}) => Object.entries(one.files).map(([file, text]) => [`${entryOf(rest)}/${file}`, text])))),
    reads,
  };
}

const placed = (into: Json, [first, ...rest]: readonly (string | number)[], value: Json): Json => {
  const object = into as Readonly<Record<string, Json>>;
  const name = String(first);
  return {...object, [name]: rest.length === 0 ? value : placed(object[name] ?? {}, rest, value)};
};

/** The files below a directory in the order in which scripts look at them: by name, level by level. */
export function walk(name: string, files: Readonly<Record<string, string>>): readonly string[] {
  const below = new Map<string, Record<string, string>>();
  const here = new Map<string, string>();
  for (const [path, text] of Object.entries(files)) {
    const [first = '', ...rest] = path.split('/');
    if (rest.length === 0) here.set(first, text);
    else below.set(first, {...below.get(first), [rest.join('/')]: text});
  }
  return [...new Set([...here.keys(), ...below.keys()])].sort().flatMap(entry => {
    if (entry.startsWith('.')) return [];
    const inner = below.get(entry);
    return inner === undefined ? [`${name}/${entry}=${(here.get(entry) ?? '').replace(/\n+$/, '')}`] : walk(`${name}/${entry}`, inner);
  });
}

/** The files that patterns of `--in` name: a file, a directory with all below it, or `DIR/*.EXT`. */
export function matched(patterns: readonly string[], files: Readonly<Record<string, string>>): Record<string, string> {
  const taken = Object.entries(files).filter(([name]) =>
    patterns.some(pattern => {
      const star = /^(.*)\/\*(\.\w+)?$/.exec(pattern);
      if (star === null) return name === pattern || name.startsWith(`${pattern}/`);
      const [, directory = '', ending = ''] = star;
      const [first = '', ...rest] = name.startsWith(`${directory}/`) ? name.slice(directory.length + 1).split('/') : [];
      // A directory that a glob matches counts with all its files.
      return first !== '' && !first.startsWith('.') && (rest.length > 0 ? ending === '' : first.endsWith(ending));
    }),
  );
  return Object.fromEntries(taken);
}

/** What stands for `%env`, `%code` and `%setup` in the tasks behind them. */
export function surroundings(model: Model, id: string): Readonly<Record<string, Json>> {
  const at = model.tasks.findIndex(task => task.id === id);
  const [first, second] = model.parts;
  const {stack} = model;
  return {
    format: model.format,
    ...(at < first ? {} : {env: model.env, code: codeOf(model)}),
    ...(at < second || stack === null ? {} : {setup: [stack.products, stack.local, stack.assigned] as unknown as Json}),
  };
}

/** Declared code by name, without what Python leaves beside it. */
const codeOf = (model: Model): Record<string, Json> =>
  Object.fromEntries(
    model.code.map(path => [
      path,
      Object.fromEntries(
        Object.entries(model.files)
          .filter(([name]) => (name === path || name.startsWith(`${path}/`)) && !name.includes('__pycache__'))
          .map(([name, text]) => [name, text]),
      ),
    ]),
  );

function scriptOf(model: Model, task: Script, row: Row, all: readonly Expected[]): Made | undefined {
  const variables = new Map<string, Seen>();
  const json = (value: Json): Seen => ({identity: {json: value}, text: name => [`${name}=${textOf(value)}`], reads: []});
  for (const [name, value] of row) variables.set(name, json(value));
  for (const {variable, value} of task.with) {
    if (value.is === 'json') variables.set(variable, json(value.json));
    else {
      const producer = all.find(({id}) => id === value.task);
      if (producer?.state !== 'done') return undefined;
      const list = producer.value as readonly Json[];
      variables.set(variable, json(value.what === 'all' ? list : value.what === 'length' ? list.length : (list[0] ?? null)));
    }
  }
  for (const from of task.from) {
    const one = seen(model, from, row, all);
    if (one === undefined) return undefined;
    variables.set(from.variable, one);
  }
  const names = [...variables.keys()].sort();
  const inputs = matched(task.in, model.files);
  const identity = hashOf(
    stable({
      ...surroundings(model, task.id),
      language: languageOf(task),
      body: bodyOf(task),
      strict: isStrict(task),
      value: task.value,
      out: task.out === null ? null : [...task.out].sort(),
      variables: Object.fromEntries([...variables].map(([name, {identity: what}]) => [name, what])),
      inputs,
      image: task.container ? model.image : null,
    }),
  );
  return {identity, ...outputsOf(model, task, row, names.flatMap(name => variables.get(name)?.text(name) ?? []), inputs), reads: [...variables.values()].flatMap(({reads}) => reads)};
}

function outputsOf(
  model: Model,
  task: Script,
  row: Row,
  variables: readonly string[],
  inputs: Readonly<Record<string, string>>,
): Pick<Made, 'files' | 'value' | 'fails' | 'text'> {
  const {salt, out, value, yields} = task;
  const declared = model.tasks.indexOf(task) >= model.parts[0];
  const data = Object.fromEntries(Object.entries(inputs).map(([name, text]) => [name.replace(/^data\//, ''), text]));
  const lib = Object.fromEntries(
    Object.entries(model.files).filter(([name]) => name.startsWith('lib/')).map(([name, text]) => [name.slice('lib/'.length), text]),
  );
  const text = [
    `${task.id} s${salt}`,
    ...(languageOf(task) === 'bash' && isStrict(task) ? ['strict'] : []),
    ...variables,
    ...walk('in', data),
    `env=${declared ? (model.env['ONE'] ?? '') + (model.env['TWO'] ?? '') : ''}`,
    ...walk('code', lib),
    ...(task.always ? [`undeclared=${model.undeclared.trimEnd()}`] : []),
  ].join(';');
  const hash = hashOf(text);
  const name = [task.id, ...row.values()].join('-');
  const all: Record<string, string> = {
    [`junk-${name}.txt`]: `junk ${salt}\n`,
    [`o-${name}.txt`]: `${hash.slice(0, 16)}\n`,
    [`x/p-${name}.txt`]: `${hash.slice(16, 24)}\n`,
  };
  const kept = out === null ? (value ? {} : all) : matchedOut(out, all);
  return {
    files: kept,
    value: value ? (yields ?? hash.slice(0, 16)) : null,
    fails: task.broken || (task.empty !== undefined && !task.empty.allowed),
    text,
  };
}

const isStrict = ({language, strict}: Script): boolean => language !== 'bash' || strict;

const matchedOut = (globs: readonly string[], files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(files).filter(([name]) =>
      globs.some(glob => name === glob || name.startsWith(`${glob}/`) || (glob.endsWith('*.txt') && name.startsWith(glob.slice(0, -5)) && !name.includes('/'))),
    ),
  );

const joinIdentity = (members: readonly string[], mode: string, prefer: string | undefined): string =>
  hashOf(stable({join: prefer === undefined ? [...new Set(members)].sort() : members, mode, prefer: prefer ?? null}));

function joinOf(
  ids: readonly string[],
  mode: string,
  prefer: string | undefined,
  model: Model,
  all: readonly Expected[],
): Made | undefined {
  const members = ids.flatMap(id => all.filter(one => one.id === id));
  if (members.some(({state}) => state !== 'done')) return undefined;
  const identities = members.map(({identity}) => identity ?? '');
  const preferred = members.find(({id}) => id === prefer)?.identity;
  const repos = members.some(({id}) => taskOf(model, id).is === 'command');
  const files: Record<string, string> = {};
  for (const {id, files: own} of [...members].sort((a, b) => Number(a.id === prefer) - Number(b.id === prefer))) {
    void id;
    Object.assign(files, own);
  }
  return {
    identity: joinIdentity(identities, repos ? mode : 'auto', preferred),
    files,
    value: null,
    reads: identities,
    fails: false,
    text: '',
  };
}

function commandOf(
  model: Model,
  task: Extract<Task, {is: 'command'}>,
  row: Row,
  all: readonly Expected[],
  join: (members: readonly Expected[]) => string,
): Made | undefined {
  const parents: {readonly identity: string; readonly files: Readonly<Record<string, string>>}[] = [];
  for (const from of task.from) {
    const elements = elementsOf(from, row, all);
    if (elements === undefined) return undefined;
    const members = elements.map(({one}) => one);
    const [only] = members;
    const files = Object.assign({}, ...members.map(one => one.files)) as Record<string, string>;
    if (only !== undefined && members.length === 1 && elements[0]?.rest.length === 0) parents.push({identity: only.identity ?? '', files});
    else parents.push({identity: join(members), files});
  }
  const identity = hashOf(
    stable({...surroundings(model, task.id), ...commandIdentity(model, task, row), parents: parents.map(each => each.identity)}),
  );
  const {text, name} = commandText(model, task, row, parents.map(({files}) => files));
  return {
    identity,
    files: task.show ? {} : {[name]: `${hashOf(text).slice(0, 16)}\n`},
    value: task.show ? `${hashOf(text).slice(0, 16)}\n` : null,
    reads: parents.map(each => each.identity),
    fails: false,
    text,
  };
}
