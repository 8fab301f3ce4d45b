/** TypeScript declarations of the functions that make tasks (LANGUAGE 13): what completion offers and the check of types knows. */
export const FUNCTION_DECLARATIONS = `
/** What every task function takes. */
interface TaskOptions {
  /** The name of what it makes, in displays. */
  as?: string;
  /** How many processors it takes. */
  cpus?: number;
  /** How much memory it takes: "500M", "4G". */
  mem?: string | number;
  /** How long it may run: "90s", "10m", "2h". */
  time?: string | number;
  /** How often it is started again when it fails. */
  retries?: number;
  /** Runs it though it has a result. */
  force?: boolean;
  /** An empty output is no failure. */
  allowEmpty?: boolean;
  /** So many members of its input may have failed. */
  allowFailed?: number;
  /** The image that it runs in: "docker:REF", "none". */
  container?: string;
  executor?: string;
  /** So many tasks share one start of a container. */
  bundle?: number;
}
/** One future, or several. */
type TaskInput = Future<any> | FutureSet | Repo | Files | string | readonly any[] | {readonly [name: string]: any};
type DataIdOption = string | {readonly [key: string]: any} | readonly any[];
interface LsstOptions extends TaskOptions {
  /** The parent rerun, or several in their order. Without it: the root. */
  from?: TaskInput;
  /** Arguments of the task, as they would be typed. */
  args?: string | readonly any[];
  /** The data ids to work on: \`{visit: 903334, ccd: [16, 22]}\`. */
  id?: DataIdOption;
  /** The data ids of what is selected from. */
  selectId?: DataIdOption;
  /** Fields of the task's configuration: \`{doApplyUberCal: false}\`. */
  config?: string | {readonly [field: string]: any} | readonly string[];
  /** Files of configuration. */
  configFile?: string | readonly string[];
  /** Keys of the data id by which it is split into tasks that run side by side: "visit,ccd". */
  split?: string | readonly string[];
  /** A rerun of a person's own: never cached. */
  rerun?: string;
  /** The root repository, where it is not that of %repo. */
  repo?: string;
  /** It changes the root repository. */
  mutates?: boolean;
}
/** Runs a command-line task of the LSST stack in a rerun of its own, in the background. Gives its future at once. */
declare function lsst(task: string, options: LsstOptions & {args: \`\${string}--show\${string}\`}): Future<any>;
/** Runs a command-line task of the LSST stack in a rerun of its own, in the background. Gives its future at once. */
declare function lsst(task: string, options?: LsstOptions): Future<Repo>;
interface ScriptOptions extends TaskOptions {
  /** Futures that it reads, each by the name of its variable: \`{det}\`. */
  from?: {readonly [name: string]: any};
  /** Values that it takes, each by the name of its variable. */
  with?: {readonly [name: string]: any};
  /** Files that it reads. */
  in?: TaskInput;
  /** A root repository that it reads: \`$WEFT_ROOT\`, \`weft.root\`. */
  reads?: string;
  /** A root repository that it changes: what reads that waits for it. */
  mutates?: string;
  /** Files that it must make. */
  out?: string | readonly string[];
  /** What it prints is JSON, and its result. */
  value?: boolean;
  /** False: a command that fails does not end it. */
  strict?: boolean;
  noStrict?: boolean;
  /** Runs it once in each notebook, though it has a result. */
  always?: boolean;
}
/** Runs a bash script in the background, cached by what goes into it. Gives its future at once. */
declare function bash(script: string, options: ScriptOptions & {value: true}): Future<any>;
declare function bash(script: string, options?: ScriptOptions): Future<Files>;
/** Runs a Python script in the background, cached by what goes into it. Gives its future at once. */
declare function python(script: string, options: ScriptOptions & {value: true}): Future<any>;
declare function python(script: string, options?: ScriptOptions): Future<Files>;
/** Runs a pipeline task of the generation 3 middleware. Gives its future at once. */
declare function pipetask(task: any, options?: any): Future<Repo>;
interface JoinOptions extends TaskOptions {
  mode?: 'auto' | 'chain' | 'link';
  /** The member that wins where two have one file. */
  prefer?: any;
}
/** One rerun that sees all members, or one directory with the files of all. */
declare function join(members: TaskInput, options?: JoinOptions): Future<any>;
/** A repository that is there already, as a future. */
declare function repo(directory: string, options?: TaskOptions): Future<Repo>;
/** A set of futures, of an array, an object or a Map of them. */
declare function all(members: any): FutureSet;
`;
