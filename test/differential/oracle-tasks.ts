import {bodyOf, languageOf} from './body.js';
import {commandIdentity, commandText} from './oracle-command.js';
import {hashOf, matched, stable, textOf, walk} from './oracle-files.js';
import {taskOf, type Command, type From, type Json, type Model, type Script, type Task} from './model.js';
import type {Expected} from './oracle.js';

/** A key of a set as a name in a directory. */
const entryOf = (key: readonly (string | number)[]): string => key.map(String).join(',');

/** Loop variables and their values. */
export type Row = ReadonlyMap<string, string | number>;

/** A variable's content, for the identity and for the text that a script gathers. */
interface Seen {
  readonly identity: Json;
  readonly text: (name: string) => readonly string[];
  /** Identities of the directories behind it. */
  readonly reads: readonly string[];
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
export function rowsOf(task: Task, all: readonly Expected[]): readonly (Row | undefined)[] {
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
function elementsOf(
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
      walk(
        name,
        Object.fromEntries(
          elements.flatMap(({rest, one}) =>
            Object.entries(one.files).map(([file, text]) => [`${entryOf(rest)}/${file}`, text]),
          ),
        ),
      ),
    reads,
  };
}

const placed = (into: Json, [first, ...rest]: readonly (string | number)[], value: Json): Json => {
  const object = into as Readonly<Record<string, Json>>;
  const name = String(first);
  return {...object, [name]: rest.length === 0 ? value : placed(object[name] ?? {}, rest, value)};
};
/** What stands for `%env`, `%code` and `%setup` in the tasks behind them. */
function surroundings(model: Model, id: string): Readonly<Record<string, Json>> {
  const at = model.tasks.findIndex(task => task.id === id);
  const [first, second] = model.parts;
  const {stack} = model;
  return {
    format: model.format,
    ...(at < first ? {} : {env: model.env, code: codeOf(model)}),
    ...(at < second || stack === null ? {} : {setup: [stack.products, stack.local, stack.assigned]}),
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

/** What a script is, in one round of its loops; undefined where something that it reads is not there. */
export function scriptOf(model: Model, task: Script, row: Row, all: readonly Expected[]): Made | undefined {
  const variables = new Map<string, Seen>();
  const json = (value: Json): Seen => ({
    identity: {json: value},
    text: name => [`${name}=${textOf(value)}`],
    reads: [],
  });
  for (const [name, value] of row) variables.set(name, json(value));
  for (const {variable, value} of task.with) {
    if (value.is === 'json') variables.set(variable, json(value.json));
    else {
      const producer = all.find(({id}) => id === value.task);
      if (producer?.state !== 'done') return undefined;
      const list = producer.value as readonly Json[];
      variables.set(
        variable,
        json(value.what === 'all' ? list : value.what === 'length' ? list.length : (list[0] ?? null)),
      );
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
  return {
    identity,
    ...outputsOf(
      model,
      task,
      row,
      names.flatMap(name => variables.get(name)?.text(name) ?? []),
      inputs,
    ),
    reads: [...variables.values()].flatMap(({reads}) => reads),
  };
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
    Object.entries(model.files)
      .filter(([name]) => name.startsWith('lib/'))
      .map(([name, text]) => [name.slice('lib/'.length), text]),
  );
  const text = [
    `${task.id} s${salt}`,
    ...(languageOf(task) === 'bash' && isStrict(task) ? ['strict'] : []),
    ...variables,
    ...walk('in', data),
    `env=${declared ? (model.env['ONE'] ?? '') + (model.env['TWO'] ?? '') : ''}`,
    ...(declared ? walk('code', lib) : []),
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
      globs.some(
        glob =>
          name === glob ||
          name.startsWith(`${glob}/`) ||
          (glob.endsWith('*.txt') && name.startsWith(glob.slice(0, -5)) && !name.includes('/')),
      ),
    ),
  );

/** The identity of a join: the order of its members means nothing, unless one is preferred. */
export const joinIdentity = (members: readonly string[], mode: string, prefer: string | undefined): string =>
  hashOf(stable({join: prefer === undefined ? [...new Set(members)].sort() : members, mode, prefer: prefer ?? null}));

/** What a join is. */
export function joinOf(
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
  for (const {files: own} of [...members].sort((a, b) => Number(a.id === prefer) - Number(b.id === prefer))) {
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

/** What a command is, in one round of its loops. `join` makes one rerun of several, and gives its identity. */
export function commandOf(
  model: Model,
  task: Command,
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
    if (only !== undefined && members.length === 1 && elements[0]?.rest.length === 0)
      parents.push({identity: only.identity ?? '', files});
    else parents.push({identity: join(members), files});
  }
  const identity = hashOf(
    stable({
      ...surroundings(model, task.id),
      ...commandIdentity(model, task, row),
      parents: parents.map(each => each.identity),
    }),
  );
  const {text, name} = commandText(
    model,
    task,
    row,
    parents.map(({files}) => files),
  );
  return {
    identity,
    files: task.show ? {} : {[name]: `${hashOf(text).slice(0, 16)}\n`},
    value: task.show ? `${hashOf(text).slice(0, 16)}\n` : null,
    reads: parents.map(each => each.identity),
    fails: false,
    text,
  };
}
