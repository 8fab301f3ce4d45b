import {bodyOf, languageOf} from './body.js';
import {
  commandIdentity,
  commandText,
  ingestIdentity,
  rootFiles,
  shownIds,
  wholeRoot,
  type Id,
} from './oracle-command.js';
import {hashOf, matched, stable, textOf, walk} from './oracle-files.js';
import type {Command, Ingest, Json, Model, Script, Task} from './model.js';
import type {Expected} from './oracle.js';
import {elementsOf, seen, type Seen} from './oracle-seen.js';

/** Loop variables and their values. */
export type Row = ReadonlyMap<string, string | number>;

/** What a task is, before it is asked whether it must run. */
export interface Made {
  readonly identity: string;
  readonly files: Readonly<Record<string, string>>;
  readonly value: Json;
  readonly reads: readonly string[];
  readonly fails: boolean;
  readonly text: string;
  /** What is seen in the reruns that it reads, and through them. */
  readonly behind: Readonly<Record<string, string>>;
  /** Who reads it reads what it has read. */
  readonly through: boolean;
}

/** The combinations of loop variables; undefined where a list is not there, as what yields it has failed. */
export function rowsOf(task: Task, all: readonly Expected[]): readonly (Row | undefined)[] {
  if (task.is === 'join' || task.is === 'ingest') return [new Map()];
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
  const missing: string[] = [];
  for (const from of task.from) {
    const found = elementsOf(from, row, all, Math.max(0, (task.allowed ?? 0) - missing.length));
    if (found === undefined) return undefined;
    missing.push(...found.missing);
    variables.set(from.variable, seen(model, from, found.elements));
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
      missing,
      image: task.container ? model.image : null,
      root: task.root === true ? wholeRoot(model) : null,
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
    behind: {},
    through: false,
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
    ...(task.root === true ? walk('root', rootFiles(model)) : []),
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
    fails:
      task.broken ||
      (task.fails !== undefined && String([...row.values()][0]) === task.fails) ||
      (task.empty !== undefined && !task.empty.allowed),
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
export const joinIdentity = (
  members: readonly string[],
  mode: string,
  prefer: string | undefined,
  missing: readonly string[] = [],
): string => {
  const join = prefer === undefined ? [...new Set(members)].sort() : members;
  return hashOf(stable({join, mode, prefer: prefer ?? null, missing: [...missing].sort()}));
};

/** What a join is; undefined where more of its members have failed than may. */
export function joinOf(
  named: readonly Expected[],
  mode: string,
  prefer: string | undefined,
  repos: boolean,
  allowed = 0,
): Made | undefined {
  const members = named.filter(({state}) => state === 'done');
  const missing = named.filter(({state}) => state !== 'done');
  if (missing.length > allowed || (missing.length > 0 && members.length === 0)) return undefined;
  const identities = members.map(({identity}) => identity ?? '');
  const preferred = members.find(({id}) => id === prefer)?.identity;
  const files: Record<string, string> = {};
  for (const {files: own} of [...members].sort((a, b) => Number(a.id === prefer) - Number(b.id === prefer))) {
    Object.assign(files, own);
  }
  return {
    identity: joinIdentity(
      identities,
      repos ? mode : 'auto',
      preferred,
      missing.map(one => one.identity ?? one.id),
    ),
    files,
    value: null,
    reads: identities,
    fails: false,
    text: '',
    behind: repos ? Object.assign({}, ...members.map(one => one.visible)) : {},
    through: repos,
  };
}

/** What a task that changes the root is: whatever that holds. */
export const ingestOf = (model: Model, task: Ingest): Made => ({
  identity: hashOf(stable({...surroundings(model, task.id), ...ingestIdentity(model, task)})),
  files: {},
  value: null,
  reads: [],
  fails: false,
  text: '',
  behind: {},
  through: false,
});

/** A command in one round of its loops, with its parents resolved. */
export interface Resolved {
  readonly identities: readonly string[];
  readonly visible: readonly Readonly<Record<string, string>>[];
}

/** The parents of a command; undefined where one is not there. `join` makes one rerun of several, and gives its identity. */
export function parentsOf(
  {from, allowed}: Command,
  row: Row,
  all: readonly Expected[],
  join: (members: readonly Expected[], missing: readonly string[]) => string,
): Resolved | undefined {
  const identities: string[] = [];
  const visible: Record<string, string>[] = [];
  for (const each of from) {
    const found = elementsOf(each, row, all, allowed ?? 0);
    if (found === undefined) return undefined;
    const members = found.elements.map(({one}) => one);
    const [only] = members;
    const alone = only !== undefined && members.length === 1 && found.elements[0]?.rest.length === 0;
    identities.push(alone ? (only.identity ?? '') : join(members, found.missing));
    visible.push(Object.assign({}, ...members.map(one => one.visible)) as Record<string, string>);
  }
  return {identities, visible};
}

/** What a command is, in one round of its loops, or a part of it. */
export function commandOf(model: Model, task: Command, row: Row, ids: readonly Id[], parents: Resolved): Made {
  const {identities, visible} = parents;
  const identity = hashOf(
    stable({...surroundings(model, task.id), ...commandIdentity(model, task, row, ids), parents: identities}),
  );
  const {text, name} = commandText(model, task, row, ids, visible);
  const made = `${hashOf(text).slice(0, 16)}\n`;
  return {
    identity,
    files: task.show !== '' || task.rerun !== undefined ? {} : {[name]: made},
    value: task.show === 'data' ? shownIds(model, task, row).map(id => stable(id)) : task.show === '' ? null : made,
    reads: identities,
    fails: false,
    text,
    behind: Object.assign({}, ...visible) as Record<string, string>,
    through: task.show === '',
  };
}
