/** JSON, in words of the model's own: nothing here is shared with what is tested. */
export type Json = null | boolean | number | string | readonly Json[] | {readonly [key: string]: Json};

/** How a thing is typed. Whatever is in here must change nothing. */
export interface Look {
  /** The future's name. */
  name: string;
  /** As a magic or as a function; functions are used where there is no loop. */
  spelling: 'magic' | 'function';
  /** Seeds the order of options and of blanks. */
  order: number;
  /** CRLF, lines at the end of the body, comments, continued lines, options of placement. */
  crlf: boolean;
  trailing: number;
  comment: boolean;
  placement: boolean;
  /** Other spellings of lists, files and data ids. */
  other: boolean;
}

/** A `%%foreach` line: over keys, or over the list that a task yields. */
export interface Loop {
  variable: string;
  list: {is: 'keys'; keys: (string | number)[]} | {is: 'task'; task: string};
}

/** A `--from`: of a set's variables the first few are indexed, by a loop variable or a key. */
export interface From {
  variable: string;
  task: string;
  at: ({is: 'loop'; variable: string} | {is: 'key'; key: string})[];
}

/** A `--with`: a value, or what an expression makes of a value that a task yields. */
export interface Given {
  variable: string;
  value: {is: 'json'; json: Json} | {is: 'of'; task: string; what: 'length' | 'first' | 'all'};
}

/** A script. It gathers all that it sees into a text, and writes that text's hash. */
export interface Script {
  is: 'script';
  id: string;
  language: 'bash' | 'python' | 'both';
  /** What reads a text that is both. */
  reads: 'bash' | 'python';
  /** Stands in the body: another number is another body. */
  salt: number;
  loops: Loop[];
  from: From[];
  with: Given[];
  /** Patterns of `--in`. */
  in: string[];
  /** Globs of `--out`; null: not given. */
  out: string[] | null;
  value: boolean;
  /** What its value is; undefined: the hash. */
  yields?: Json;
  strict: boolean;
  /** It ends with exit 3. */
  broken: boolean;
  /** It does so for this value of its first loop. */
  fails?: string;
  /** `--allow-failed`: so many members of what it reads may have failed. */
  allowed?: number;
  /** It makes no `extra.txt`, which `--out` asks for and `--allow-empty` forgives. */
  empty?: {allowed: boolean};
  /** It reads a file that nobody declares, and is never cached. */
  always: boolean;
  /** `--force`, for one run. */
  force: boolean;
  /** It runs in the container `image`. */
  container: boolean;
  /** `--reads DATA`. */
  root?: boolean;
  look: Look;
}

/** A join of directories of files, or of reruns. */
export interface Join {
  is: 'join';
  id: string;
  members: string[];
  mode: 'auto' | 'chain' | 'link';
  /** The member that is preferred. */
  prefer?: string;
  /** `--allow-failed`: so many members may have failed. */
  allowed?: number;
  look: Look;
}

/** A task of the stack that is set up. */
export interface Command {
  is: 'command';
  id: string;
  /** The program: all are one file, which reads its own name. */
  task: string;
  loops: Loop[];
  /** Values by key; of a key that is a loop variable, the one of the round. */
  ids: Record<string, (string | number)[]>;
  config: [name: string, value: string][];
  /** A file of `-C`. */
  configFile: string | null;
  options: [name: string, value: string][];
  words: string[];
  from: From[];
  /** What it prints, and then it writes nothing; empty: it runs. */
  show: '' | 'config' | 'tasks' | 'data';
  /** The person's rerun in which it runs, and the name that it writes there, if not its own. */
  rerun?: {name: string; tag: string};
  /** `--allow-failed`: so many members of what it reads may have failed. */
  allowed?: number;
  /** Keys of `--split`. */
  split?: string[];
  /** The name that it writes, if not its own: it then is a part of another one that is split. */
  tag?: string;
  /** What it writes is the same whatever its parents have. */
  quiet?: boolean;
  /** It reads a file that nobody declares, and is cached all the same. */
  undeclared?: boolean;
  /** `--force`, for one run. */
  force?: boolean;
  look: Look;
}

/** A task that puts raw exposures into the root: what is there already stays as it is. */
export interface Ingest {
  is: 'ingest';
  id: string;
  /** Names of {@link Model.files}: `incoming/VISIT-CCD-FILTER.fits`. */
  files: string[];
  /** It is a script with `--mutates`. */
  script: boolean;
  /** `--force`, for one run. */
  force: boolean;
  look: Look;
}

export type Task = Script | Join | Command | Ingest;

/** A raw exposure of the root: a row of the registry and a file. */
export interface Raw {
  visit: number;
  ccd: number;
  filter: string;
  /** A column of the registry that no path has in it. */
  seconds: number;
  text: string;
}

/** The stack that `%setup` makes, and the repository that its tasks read. */
export interface Stack {
  /** Rows of `eups list -s`. */
  products: [name: string, version: string][];
  /** A number in the program's text. */
  program: number;
  /** What the program's interpreter says of itself. */
  interpreter: number;
  /** Files of the product that is a directory of the person's own. */
  local: Record<string, string>;
  /** A variable that the set-up text makes itself. */
  assigned: string;
  mapper: string;
  raws: Raw[];
  calibrations: {ccd: number; date: string; text: string}[];
  /** Files below `ref_cats` and `transmission`, and the sky map in the root. */
  catalogue: Record<string, string>;
  transmission: Record<string, string>;
  skymap: string | null;
  /** Raw exposures that tasks have put into the root, in earlier runs. */
  ingested: Raw[];
}

/** A notebook with all that lies about it. Tasks are in an order in which each comes after what it reads. */
export interface Model {
  tasks: Task[];
  /** Tasks of the first part, and of the first and the second: between them stand `%env` and `%code`, then `%setup`. */
  parts: [number, number];
  /** Files below the notebook's directory, by relative names. */
  files: Record<string, string>;
  /** Empty directories, which mean nothing. */
  env: Record<string, string>;
  code: string[];
  stack: Stack | null;
  /** The image's id, a digit that is repeated. */
  image: string;
  /** A file beside the notebook that nobody declares. */
  undeclared: string;
  /** How often the tree was copied elsewhere: a root is known by where it lies. */
  copies: number;
  /** Tasks that `%force` names once all has ended, for one run. */
  forced: string[];
  /** What fails where it runs, as a file says that nobody declares: names of tasks with their keys, `m0-k`. */
  failing: string[];
  /** The version of the hashed form. */
  format: number;
  /** Seeds the order of the cells. */
  order: number;
  look: {order: number; comment: boolean};
  slots: number;
}

/** The task of an id. */
export function taskOf(model: Model, id: string): Task {
  const task = model.tasks.find(other => other.id === id);
  if (task === undefined) throw new Error(`the model has no task ${id}`);
  return task;
}

/** The variables of the set that a task makes; none for a single one. */
export const variablesOf = (task: Task): readonly string[] =>
  task.is === 'join' || task.is === 'ingest' ? [] : task.loops.map(({variable}) => variable);

/** Ids of the tasks that a task reads in any way. */
export function readsOf(task: Task): readonly string[] {
  if (task.is === 'join') return task.members;
  if (task.is === 'ingest') return [];
  const loops = task.loops.flatMap(({list}) => (list.is === 'task' ? [list.task] : []));
  const from = task.from.map(each => each.task);
  if (task.is === 'command') return [...loops, ...from];
  return [...loops, ...from, ...task.with.flatMap(({value}) => (value.is === 'of' ? [value.task] : []))];
}

/** Whether a task changes the root. */
export const writesRoot = (task: Task): boolean => task.is === 'ingest';

/** Whether a task reads the root, or changes it. */
export const usesRoot = (task: Task): boolean =>
  writesRoot(task) || task.is === 'command' || (task.is === 'script' && task.root === true);

/** The name that a command writes. */
export const tagOf = ({id, rerun, tag}: Command): string => rerun?.tag ?? tag ?? id;

/** The raw exposure that a file becomes. */
export function rawOf(model: Model, name: string): Raw {
  const [, visit = '', ccd = '', filter = ''] = /(\d+)-(\d+)-(.*)\.fits$/.exec(name) ?? [];
  return {visit: Number(visit), ccd: Number(ccd), filter, seconds: 30, text: model.files[name] ?? ''};
}
