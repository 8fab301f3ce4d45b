import type {Digest} from '../../fingerprint/fingerprint.js';
import type {Container, ImageIdentity, Mount} from '../../graph/container.js';
import type {Result} from '../../graph/result.js';
import type {Command} from '../command.js';
import type {Stop} from '../executor.js';

/** One start of a container, in terms that all runtimes share. All paths are absolute. */
export interface RunDescription {
  readonly container: Container;
  /** Unique on this machine: letters, digits and hyphens. */
  readonly name: string;
  /** By which what was left behind is found again, where the runtime keeps such. */
  readonly labels: Readonly<Record<string, string>>;
  /** Outer before inner. Their sources exist. */
  readonly mounts: readonly Mount[];
  /** Where the command starts; it is inside one of the mounts. */
  readonly directory: string;
  /** What runs inside. It reaches no option parser but its own. */
  readonly argv: readonly [string, ...string[]];
  /** Standard input is a pipe that the command reads. */
  readonly input: boolean;
  readonly network?: 'none';
  /** Bytes; absent: no limit. */
  readonly memory?: number;
}

/** What a runtime is told of the machine. All is given, so that the making of a command is a pure function. */
export interface Machine {
  /** The kernel's own environment: what the runtime's client needs of it is passed on, and nothing else. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  readonly gid: number;
  /** The user has no numbers for other users of a container, so that his containers have one user, root. */
  readonly oneUser?: boolean;
  /** `amd64`, `arm64`: as images name it. */
  readonly architecture: string;
  /** Since which start of the machine, and among which processes, a number means what it means here: `BOOT-ID NAMESPACE`. */
  readonly space?: string;
}

/** Why something can't be done with a container: what is wrong, and what to do about it. */
export interface ContainerProblem {
  /** Says to a program what it is; each has its code in the table of diagnostics. */
  readonly is:
    | 'absent' // the runtime's program is not there
    | 'down' // its engine does not answer
    | 'denied' // no permission for its socket or its files
    | 'reference' // the image's name is none, or no form that the runtime takes
    | 'image' // there is no such image here
    | 'pull' // the image can't be fetched
    | 'architecture' // the image is for other machines
    | 'mount' // a place can't be mounted
    | 'option' // the runtime can't do what was asked: a limit, no network
    | 'nested' // no container can be started inside this one
    | 'full' // no space is left in the image store
    | 'slow' // the runtime did not answer in time
    | 'other';
  readonly message: string;
  readonly remedy: string;
}

/** A runtime that is there. */
export interface Presence {
  /** `podman 4.3.1`. */
  readonly version: string;
}

/** What running a runtime's program gave. `code` is undefined where it was ended by `signal`, by the limit, or never started. */
export interface Ran {
  readonly code: number | undefined;
  readonly signal?: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** Why it could not be started: `ENOENT`, `EACCES`. */
  readonly error?: string;
}

/** Runs a program in the foreground; `limit` is in milliseconds. `line` gets what it prints, as it comes. */
export type RunProgram = (
  command: Command,
  options?: {readonly limit?: number; readonly line?: (text: string) => void; readonly signal?: AbortSignal},
) => Promise<Ran>;

/** What a runtime's probes stand on. */
export interface Probing extends Machine {
  readonly run: RunProgram;
  /** sha256 of a file, through the stat cache. */
  readonly digest: (path: string) => Promise<Result<Digest, string>>;
}

/** An image that is here. */
export interface FoundImage {
  readonly image: string;
  readonly identity: ImageIdentity;
  /** Why the registry's digest is not known, in a person's words; absent where it is. */
  readonly unknown?: string;
}

/** A container that was started and has not been removed. */
export interface LeftContainer {
  /** By which `stopOf` finds it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly running: boolean;
}

/** What a runtime said of its own, in place of the task. */
export interface RuntimeFault {
  readonly message: string;
  readonly remedy: string;
}

/**
 * One container runtime: a pure function from a run to a command, and probes. Nothing in it keeps state.
 * A new one is a file that exports such an object, and a line in the table of runtimes.
 */
export interface Runtime {
  /** What stands before the colon in `%container NAME:IMAGE`. */
  readonly name: string;
  /** Its program. */
  readonly program: string;
  /** Whether it is there, and works. */
  present(probing: Probing): Promise<Result<Presence, ContainerProblem>>;
  /** Looks the image up where the runtime keeps images. Never fetches anything. */
  find(reference: string, probing: Probing): Promise<Result<FoundImage, ContainerProblem>>;
  /** The command that fetches an image; undefined where the runtime has none for this reference. */
  pull(reference: string, machine: Machine): Command | undefined;
  /** True where `reference` is of a form that only this kind of runtime takes: `x.sif`, a directory, `id:…`. */
  owns?(reference: string): boolean;
  /**
   * Makes what has to lie there before a container of this run starts, and says what of the run the runtime can't do with these files.
   * Called before `command`, as often; absent where there is nothing to be made or looked at.
   */
  prepare?(run: RunDescription, machine: Machine): Result<void, ContainerProblem>;
  /** The command that starts a container. The error says what of the run the runtime refuses, before anything has started. */
  command(run: RunDescription, machine: Machine): Result<Command, ContainerProblem>;
  /** How the container of that name is ended. */
  stopOf(name: string, machine: Machine): Stop;
  /** Lists containers that carry a label; absent where the runtime leaves none behind. */
  readonly left?: {
    command(label: string, machine: Machine): Command;
    read(stdout: string): readonly LeftContainer[];
  };
  /** Tells the runtime's own failures from the task's, by exit code and the end of the log; undefined: it was the task. */
  fault(code: number, log: string): RuntimeFault | undefined;
}
