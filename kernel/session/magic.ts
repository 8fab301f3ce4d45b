import type {Diagnostic} from '../cell/diagnostic.js';
import type {Span} from '../cell/source.js';
import type {Binder, MagicLine, MagicShape} from '../cell/syntax.js';
import type {Digest, Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Container, Mount} from '../graph/container.js';
import type {Blocked, Failure} from '../graph/failure.js';
import type {Manifest} from '../graph/manifest.js';
import type {Placement} from '../graph/placement.js';
import type {Result} from '../graph/result.js';
import type {Content, Task} from '../graph/work.js';
import type {Evaluated, FutureKind, Settled} from '../typescript/messages.js';
import type {Bundle} from '../wire/notebook.js';
import type {Completer} from './completer.js';
import type {NotebookControl} from './notebook-control.js';
import type {FutureNode, TaskNode} from './node.js';
import type {Repeat} from './repeat.js';
import type {Settings} from './settings.js';

/** A diagnostic whose place may be unknown: what a function of LANGUAGE 13 was given has no place in the cell. */
export type Problem = Omit<Diagnostic, 'span'> & {readonly span?: Span};

/** What a node becomes once all that decides it is known. */
export type Made =
  | {readonly is: 'task'; readonly task: Task}
  /** Another node stands for it: the join of a split, made of its parts. */
  | {
      readonly is: 'node';
      readonly node: TaskNode;
      readonly parts: readonly TaskNode[];
      /** What is run where it is forced: those of the parts that do its work. Absent: the node. */
      readonly work?: readonly TaskNode[];
    }
  | {readonly is: 'blocked'; readonly blocked: Blocked}
  | {readonly is: 'failed'; readonly failure: Failure}
  /** A value that no task makes: what a function of the notebook gave for another's result. */
  | {readonly is: 'value'; readonly value: JsonValue};

/** A task that is planned, though perhaps not known yet: what it reads may decide its recipe. */
export interface Draft {
  /** `processCcd`, and `filter=HSC-R` for one of a loop. */
  readonly name: string;
  readonly key: string;
  readonly kind: FutureKind;
  /** Of a value: true where it has files too. */
  readonly files?: boolean;
  /** The futures that it waits for before `make`: said in the display. */
  readonly needs: readonly FutureNode[];
  /** Those of them that it only comes after, and takes nothing of. */
  readonly after?: readonly FutureNode[];
  /** The task, where nothing has to be waited for. */
  readonly task?: Task;
  /** Waits for what decides the recipe, and makes the task. Called again after a `%retry`. */
  make(): Promise<Made>;
  /** What `await` gives. */
  settle(manifest: Manifest): Settled;
  /** Warnings and notes that turned up while it was planned. */
  readonly notes?: readonly Problem[];
  /** The pictures among the files of its result, which are shown with it. */
  readonly pictures?: (outputs: readonly string[]) => readonly string[];
  /** Made for another's sake: not listed by itself. */
  readonly aside?: boolean;
  /** Its result may change at any time: what reads it can't be cached. */
  readonly mutable?: boolean;
  /** Called with the node that was made of it, before `make`. */
  readonly planned?: (node: TaskNode) => void;
}

/** Values of one combination of loop variables, in the order of the binders. */
export type Row = Readonly<Record<string, JsonValue>>;

/** What a task magic is given for one combination of loop variables. */
export interface Reading {
  readonly line: MagicLine;
  readonly body: string;
  readonly bodySpan: Span;
  /** Lines of the cell above the body. */
  readonly bodyLine: number;
  readonly row: Row;
  /** Where the loop variables stand in the cell. */
  readonly binders?: readonly Pick<Binder, 'variable' | 'variableSpan'>[];
  /** What the expression at this place gave; never `deferred`, and `error` only where nothing but the problems are asked for. */
  evaluated(span: Span, code: string): Evaluated;
  /** The future or set that a name of the scope holds, looked up when the cell ran. */
  lookup(name: string): Evaluated;
}

/** A magic that makes tasks: `%%bash`, `%%lsst`, `%%join`. `C` is its call, the same whether typed as a magic or as a function. */
export interface TaskMagic<C> {
  readonly shape: MagicShape;
  /** One line for `%lsmagic`; an example for `%help`. */
  readonly summary: string;
  readonly example: string;
  /** What `await` on one of its tasks gives: known from what stands there alone. */
  kindOf(line: MagicLine, body: string): FutureKind;
  /** Whether what the cell shows is all that it is for: then it is over when its tasks have ended. */
  readonly foreground?: (body: string) => boolean;
  /** The name that the cell binds where there is no `--as`; undefined: only `_`. */
  defaultName(line: MagicLine): string | undefined;
  /** Told of a task whose words wait for values, when it takes its place in the order of submission. */
  readonly deferred?: (line: MagicLine, node: TaskNode, context: MagicContext) => void;
  /** The expressions and names that `read` will ask for. */
  wants(
    line: MagicLine,
    body: string,
    bodySpan: Span,
    variables: readonly string[],
  ): {
    readonly expressions: readonly {readonly span: Span; readonly code: string}[];
    readonly names: readonly {readonly name: string; readonly span: Span}[];
    readonly diagnostics: readonly Diagnostic[];
  };
  read(reading: Reading, context: MagicContext): {readonly call: C | undefined; readonly problems: readonly Problem[]};
  /** The same from the arguments of its function. Handles in them have become nodes by `context.node`. */
  readCall(
    values: readonly JsonValue[],
    context: MagicContext,
  ): {readonly call: C | undefined; readonly problems: readonly Problem[]};
  /** What else is wrong with a call that has errors already: all of a cell's are said at once. Makes nothing. */
  also?(call: C, row: Row, context: MagicContext): Promise<readonly Problem[]>;
  /** Plans one task. Files are read here, so that later edits do not reach it. */
  draft(call: C, row: Row, context: MagicContext): Promise<Result<Draft, readonly Problem[]>>;
  /**
   * The tasks of a long loop, all of which differ from the one of the first row by the values of the loop variables only; undefined where
   * more may differ. Absent: it always may.
   */
  series?(call: C, row: Row, context: MagicContext): Promise<Result<Repeat | undefined, readonly Problem[]>>;
  /** What fits where a person types. */
  readonly complete?: Completer;
}

/** A line magic: `%status`, `%repo`. */
export interface LineMagic {
  readonly shape: MagicShape;
  readonly summary: string;
  readonly example: string;
  run(line: MagicLine, context: LineContext): Promise<Result<undefined, readonly Problem[]>>;
  /** What fits where a person types. */
  readonly complete?: Completer;
}

/** What every magic is given. */
export interface MagicContext {
  /** The notebook's directory: what relative paths mean. */
  readonly directory: string;
  readonly settings: Settings;
  /** The same with the settings as they are now: what later cells set does not reach tasks that are made late, when a list is known. */
  fixed(): MagicContext;
  /** The kernel's own environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** msg_id of the cell. */
  readonly cell: string;
  /** Ends when the cell is interrupted. */
  readonly signal: AbortSignal;
  /** sha256 of a file or directory, through the stat cache. */
  digest(path: string): Promise<Result<Digest, string>>;
  /** The environment that `%setup` and `%env` make, on the host or in a container, and its identity; probed once per text and image. */
  setup(container?: Container): Promise<Result<SetupProbe, Problem>>;
  readonly containers: ContainerPort;
  /**
   * The container in which a task of this cell runs: that of its `--container`, else the notebook's; undefined for the host.
   * An image is pinned when it is first used in a notebook.
   */
  container(option?: {readonly text: string; readonly span?: Span}): Promise<Result<Container | undefined, Problem>>;
  /** Where a value, a script's files, claims, and scratch attempts lie. */
  readonly places: Places;
  placement(
    line: {
      readonly cpus?: number;
      readonly memory?: number;
      readonly time?: number;
      readonly retries?: number;
      readonly bundle?: number;
    },
    container?: Container,
  ): Placement;
  /** The node of a handle or of an evaluated reference; undefined for an id that is none. */
  node(id: string): FutureNode | undefined;
  /** The node whose result has this final directory. */
  nodeAt(directory: string): FutureNode | undefined;
  /** Looks at the result of a future that is done; it is made again where that is not there as it was recorded. */
  look(node: TaskNode): Promise<void>;
  /** Every placeholder and every known result's path in a text: replaced by `/weft::<fingerprint>` once the nodes are known. */
  placeholders(text: string): {
    readonly nodes: readonly TaskNode[];
    readonly mangled?: string;
    replace(fingerprints: ReadonlyMap<TaskNode, Fingerprint>): string;
  };
  /** Makes a node of a draft, and starts it. */
  plan(draft: Draft, name?: string): TaskNode;
  /** A running or finished set-up, for magics that keep state of their own for the notebook's life. */
  readonly state: Map<string, unknown>;
}

/** What `%setup` makes, on the host or in a container. */
export interface SetupProbe {
  readonly environment: Readonly<Record<string, string>>;
  /** Executables of Python's form on its PATH, by name, where that is a container's; the first of a name counts. Absent: look on the host. */
  readonly programs?: ReadonlyMap<string, string>;
  /** Hashed: text, products, declared environment. */
  readonly identity: Digest;
  /** Bash text that makes the environment again, in a task. */
  readonly text: string;
  /** What the identity stands for, so that people can compare two of them; never hashed itself. */
  readonly contents: JsonObject;
  /** Both with what may be edited at any time, as it is now; asked for once a cell. Absent: there is no such thing. */
  identify?(digest: MagicContext['digest']): Promise<Pick<SetupProbe, 'identity' | 'contents' | 'trees'>>;
  /** Products of a person's own that the identity stands for, as a task's `contents`. Absent: there is none. */
  readonly trees?: ReadonlyMap<string, Content>;
  /** Whether the files that the text names are as they were when it ran; asked once a cell. Absent: it names none. */
  current?(digest: MagicContext['digest']): Promise<boolean>;
}

/** The directories of a store. */
export interface Places {
  /** `work/<aa>/<name>-<hash12>`. */
  work(name: string, fingerprint: Fingerprint): string;
  /** Attempts of values. */
  readonly scratch: string;
  readonly claims: string;
}

/** A pinned image, and what there is to say of it, a line each: the runtime and why it, the digest, that it has moved. */
export interface PinnedContainer {
  readonly container: Container;
  readonly said: readonly string[];
}

/** Runs bash text where a set-up is probed: in a container. `code` is undefined where it took too long or never started. */
export type RunText = (text: string) => Promise<{
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** What to do, where the container did not start: `stderr` says why. */
  readonly remedy?: string;
}>;

/** Where a set-up is probed that is not the host's. */
export interface ProbePlace {
  readonly container: Container;
  /** Runs bash in it, with the mounts below, in the notebook's directory. */
  readonly run: RunText;
  readonly mounts: readonly Mount[];
  /** The store's directory: what was found is kept there for the next kernel. */
  readonly store: string;
  /** sha256 of a file of the host, through the stat cache. */
  digest(path: string): Promise<Result<Digest, string>>;
}

/** The containers of this machine. */
export interface ContainerPort {
  /** Finds the image of `[RUNTIME:]REF` and pins it. `line` gets progress. `refresh`: asks again what a tag means. */
  pin(
    text: string,
    options: {
      readonly refresh: boolean;
      readonly signal: AbortSignal;
      readonly line: (text: string) => void;
    },
  ): Promise<Result<PinnedContainer, Problem>>;
  /** Which runtime `auto` takes here, and why; the error says why none works. */
  auto(signal: AbortSignal): Promise<Result<string, string>>;
  /** What is pinned in `weft.lock`, a line each. What could not be written there before is written now. */
  pins(): Promise<Result<{readonly path: string; readonly said: readonly string[]}, Problem>>;
  /** Runs text in a container that sees these places, in the foreground. */
  runText(container: Container, mounts: readonly Mount[], directory: string): RunText;
}

/** What a line magic is given besides. */
export interface LineContext extends MagicContext {
  stream(name: 'stdout' | 'stderr', text: string): void;
  display(bundle: Bundle, metadata?: JsonObject): void;
  /** Opens a text beside the notebook, where the client has a pager. */
  page(text: string): void;
  /** Binds a future to a name of the notebook. */
  bind(name: string, node: FutureNode): void;
  /** Shows the live display of some nodes, under this cell. */
  watch(title: string, nodes: readonly FutureNode[]): void;
  /** What the words of a line name; `*` and no words: every named future of the notebook. */
  resolve(line: MagicLine): Promise<Result<readonly NamedNode[], readonly Problem[]>>;
  fill(line: MagicLine): Promise<Result<readonly string[], readonly Problem[]>>;
  evaluate(code: string): Promise<Evaluated>;
  readonly notebook: NotebookControl;
}

/** A future with the words by which it was named. */
export interface NamedNode {
  readonly name: string;
  readonly node: FutureNode;
  /** Of an element of a partly indexed set: the words that named it with others. */
  readonly among?: string;
}
