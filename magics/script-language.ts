import type {JsonObject, JsonValue} from '../kernel/fingerprint/json.js';
import type {Container} from '../kernel/graph/container.js';
import type {Recipe} from '../kernel/graph/recipe.js';
import type {Result} from '../kernel/graph/result.js';
import type {Attempt, Outcome} from '../kernel/graph/work.js';
import type {MagicContext, Problem, SetupProbe} from '../kernel/session/magic.js';
import type {ScriptCall} from './script-call.js';

/** A name that a script reads and neither gets nor sets, and what finds its place in the text. */
export interface UnsetName {
  readonly name: string;
  /** `scope`: it may be one of the notebook's names; `environment`: a variable of the environment. */
  readonly of: readonly ('scope' | 'environment')[];
  readonly at: RegExp;
}

/** What runs a script: the program and what stands for it in the recipe; nothing where it is the same everywhere. */
export interface Program {
  /** As it is typed in a command line: a path, or a name of the PATH. */
  readonly command: string;
  /** Hashed. Absent: nothing is. */
  readonly identity?: JsonObject;
}

/** What of an attempt a language writes for. */
export interface ScriptJob {
  readonly call: ScriptCall;
  readonly recipe: Recipe;
  readonly attempt: Attempt;
  readonly program: Program;
  /** The text, with final paths in it. */
  readonly text: string;
  /** Directories by the names of the variables that stand for them. */
  readonly directories: Readonly<Record<string, string>>;
  /** The root repository that it reads, if it reads one. */
  readonly root: string | undefined;
  /** Whether who runs it copies its standard output to {@link ScriptLanguage.stdout}, where its value is read. */
  readonly copied: boolean;
  /** Whether its files may be shared with other attempts: nothing that runs in it could mean to write them. */
  readonly shared: boolean;
}

/** A language of scripts: what `%%bash` and `%%python` do not share. */
export interface ScriptLanguage {
  /** Of the magic, the function, the kind of the recipe and the directory of a result. */
  readonly name: string;
  readonly summary: string;
  readonly example: string;
  /** What stands before a variable's name in its texts. */
  readonly sign: string;
  /** True where its flags can be turned off (`--no-strict`). */
  readonly strict: boolean;
  /** Why a name can't be a variable of a script; undefined if it can. */
  whyNoName(name: string): string | undefined;
  unset(script: string): readonly UnsetName[];
  /** Finds the program; said when the cell runs. */
  program(
    context: MagicContext,
    setup: SetupProbe,
    container: Container | undefined,
  ): Promise<Result<Program, Problem>>;
  /** Whether a script asks nothing of the process that runs it. Absent: none does. */
  plain?(script: string): boolean;
  /** The file of an attempt that has what a script with a value has written to its standard output, where that is wanted. */
  readonly stdout?: string;
  /** Writes the files of an attempt, whose names begin with `.weft`, and gives the bash text that runs them, in the attempt's directory. */
  start(job: ScriptJob): Result<string, string>;
  /**
   * The value that a script has left in an attempt's directory.
   * @param said what it has written to its standard output, where no file has that
   */
  value(directory: string, said?: string): Result<JsonValue, string>;
  /** Files that are outputs though no `--out` names them. */
  outputs?(directory: string): readonly string[];
  /** Reads why a script failed from its log. */
  explain?(log: string): string | undefined;
  /** The pictures among the outputs of a result, to be shown with it. */
  pictures?(outputs: NonNullable<Outcome['outputs']>): readonly string[];
}
