import type {JsonObject} from '../fingerprint/json.js';
import type {Container, Mount} from '../graph/container.js';
import type {Result} from '../graph/result.js';
import type {Bundle, CellOutput, Completeness, Completions, ErrorContent} from '../wire/notebook.js';

/** How a Python beside the kernel is started. */
export interface PythonStart {
  /** A path, or a name of the PATH. */
  readonly program: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Run once, before all else. */
  readonly bootstrap: string;
  /** Absent: it runs on this machine. Else program, directory and environment are those of the container. */
  readonly inside?: PythonInside;
}

/** The container of a Python beside the kernel. */
export interface PythonInside {
  readonly container: Container;
  /** What it sees of this machine, besides its own sockets. */
  readonly mounts: readonly Mount[];
  readonly network?: 'none';
}

/** A command that starts a container with a Python in it. Its standard input is that of the Python. */
export interface ContainedPython {
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the container and takes it away, whatever its state. */
  remove(): Promise<void>;
  /** What the runtime said of its own, where it ended with this code; undefined: it was the Python. */
  fault(code: number, stderr: string): ContainerFault | undefined;
}

/** Why there is no container, and what helps. */
export interface ContainerFault {
  readonly message: string;
  readonly remedy: string;
}

/** Makes the command that starts `argv` in a container, in this directory. */
export type EnterContainer = (
  inside: PythonInside,
  directory: string,
  argv: readonly [string, ...string[]],
) => Result<ContainedPython, ContainerFault>;

/** One run of code in it. */
export interface PythonRun {
  /** The id of the client's request: widgets know a cell by it. */
  readonly id: string;
  readonly code: string;
  /** Code that is run before, unseen; an error in it is a bug of ours. */
  readonly before: string;
  /** Expressions that are looked at afterwards, by name, where all went well; each gives a text. */
  readonly expressions: Readonly<Record<string, string>>;
  readonly silent: boolean;
  readonly allowStdin: boolean;
}

/** What a run came to. */
export type PythonDone =
  | {
      readonly is: 'ok';
      /** The texts of the expressions, or what was wrong with one. */
      readonly texts: Readonly<Record<string, {readonly text: string} | {readonly error: string}>>;
      /** Pages and next inputs for the client. */
      readonly payload: readonly JsonObject[];
    }
  | {readonly is: 'error'; readonly error: ErrorContent}
  /** It could not be started. `module`: Python is there, ipykernel is not. `remedy`: what helps, where the runtime of a container knows. */
  | {
      readonly is: 'absent';
      readonly what: 'program' | 'module' | 'other';
      readonly said: string;
      readonly remedy?: string;
    };

/** A persistent IPython beside the kernel: one process, started when it is first needed, and afresh when it is gone. */
export interface PythonPort {
  /** How the one that runs was started; undefined where there is none. */
  readonly started: PythonStart | undefined;
  /** A directory of its own, gone when it is; undefined where none runs. */
  readonly scratch: string | undefined;
  /** Starts one unless there is one. Undefined: it is there. */
  start(start: PythonStart): Promise<Extract<PythonDone, {is: 'absent'}> | undefined>;
  /** One run after the other; its output goes to `output`, also what comes late. */
  execute(run: PythonRun, output: CellOutput): Promise<PythonDone>;
  /** Undefined where there is none, or it is busy. Offsets are UTF-16. */
  complete(code: string, at: number): Promise<Completions | undefined>;
  inspect(code: string, at: number, detail: 0 | 1): Promise<Bundle | undefined>;
  isComplete(code: string): Promise<Completeness | undefined>;
  /** Interrupts what runs in it; its names stay. */
  interrupt(): void;
  /** Ends it; the next `start` begins afresh. */
  close(): Promise<void>;
}
