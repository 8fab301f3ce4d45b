import type {Holder} from '../graph/holder.js';
import type {AttemptId} from '../graph/task.js';
import type {Command} from './command.js';

/** How what runs in a container is ended, and what of it is taken away afterwards. */
export interface Stop {
  /**
   * Ask it to end, at the engine: each is run in turn, again every half second, until the job's own process has ended. Empty: TERM goes to
   * the process group instead, as often, since some runtimes lose it while they set up.
   */
  readonly ask: readonly Command[];
  /** End it at once and take it away, whatever its state: run where it was ended, or its runner or client was. */
  readonly remove: readonly Command[];
  /** It leaves processes in other groups of its session: they are ended too. */
  readonly session: boolean;
}

/** A container that stays up for several jobs, one after the other: a runner works inside. */
export interface Station {
  /** Jobs with equal keys may share one. */
  readonly key: string;
  /** How many jobs one is given before it is left. */
  readonly jobs: number;
  /** The command that starts `argv` in a new one, its standard input a pipe. */
  open(argv: readonly [string, ...string[]]): {readonly command: Command; readonly stop: Stop};
}

/** How a job's script is run in a container. */
export type Inside =
  /** The command starts the container with the script in it. */
  | {readonly is: 'own'; readonly command: Command; readonly stop: Stop}
  | {readonly is: 'shared'; readonly station: Station};

/** Characters of a text that is handed to a runner: several wait in its pipe, which holds 64 KiB. */
export const MOST_TEXT = 4000;

/** One start of one task: what an executor runs. All paths are absolute. */
export interface Job {
  readonly attempt: AttemptId;
  /**
   * The attempt's own directory, made by the caller. The executor writes these there and nothing else:
   * `.weft.log` (stdout and stderr, in order), `.weft.started` (`<pid> <seconds since the epoch>`, and the process's start
   * in clock ticks, then the same of its runner: number and start) and `.weft.exit` (`<code> <seconds since the epoch>`, and `signal`, `timeout`, `cancelled` or `memory` (and
   * the bytes that it took) where that is why it ended, or `=` and the line that it tells; one complete line, written last). `.weft.memory` has these bytes before. A file `.weft.cancelled` there keeps it from being started. For a job in a container
   * also `.weft.start` (what starts that, for its runner) and `.weft.stop` (how it is ended, for whoever has to); in a station the process
   * of `.weft.started` is `-`, and its runner is the container's client.
   */
  readonly directory: string;
  /** The bash file to run; its own environment and working directory are its business. */
  readonly script: string;
  /**
   * The text of that file where it need not be written: it asks nothing of its process, so that a fork of its runner's bash may run it, in
   * the environment that the runner was started with. It sets `LC_ALL`. At most {@link MOST_TEXT} long, and only on the host.
   */
  readonly text?: string;
  /** A name: the file of the directory that gets what it writes to standard output, besides the log. Only on the host. */
  readonly stdout?: string;
  /** Where it succeeds and has written one short line to that, and nothing to standard error, `ended` tells the line, and no file has it. */
  readonly told?: boolean;
  /** Slots that it takes. */
  readonly cpus: number;
  /** Seconds; absent: none. */
  readonly time?: number;
  /** Bytes that it and all its processes may take at a time; absent: no limit. */
  readonly memory?: number;
  /** Absent: the script runs on the host. */
  readonly inside?: Inside;
}

/** How a job ended, as its `.weft.exit` says. Times are milliseconds since the epoch. */
export type Exit =
  /** `said`: all that it wrote, where no file has that. */
  | {
      readonly is: 'exited';
      readonly code: number;
      readonly startedAt: number;
      readonly endedAt: number;
      readonly said?: string;
    }
  | {readonly is: 'signalled'; readonly signal: string; readonly startedAt: number; readonly endedAt: number}
  | {readonly is: 'timed out'; readonly startedAt: number; readonly endedAt: number}
  /** `used`: bytes, where its own limit was passed; absent: the machine or its container had no more. */
  | {readonly is: 'out of memory'; readonly used?: number; readonly startedAt: number; readonly endedAt: number}
  | {readonly is: 'cancelled'}
  /** Its runner ended without writing an exit. `again`: nothing of it is left running, and nobody saw it run: start it anew. */
  | {readonly is: 'lost'; readonly message: string; readonly again?: true};

/** What an executor tells. Each submitted or adopted job gets `ended` exactly once. */
export interface ExecutorEvents {
  /** It was handed to a runner, which is what a claim names. Told again if another runner took it over. Before `started`. */
  assigned?(attempt: AttemptId, holder: Holder): void;
  started(attempt: AttemptId, at: number): void;
  ended(attempt: AttemptId, exit: Exit): void;
}

/** Runs jobs. It knows nothing of LSST, of checkpoints or of notebooks. Order of starting is order of submission. */
export interface Executor {
  submit(job: Job): void;
  /**
   * Watches a job that another kernel's runner holds.
   * @param time its limit, seconds: all that can end a job whose runner is on a host that is not heard of any more
   */
  adopt(attempt: AttemptId, holder: Holder, time?: number): void;
  /** Who holds the job, from when it was handed to a runner until it ended; for an adopted one as it was told. */
  holderOf(attempt: AttemptId): Holder | undefined;
  /** Ends it if it runs, recalls it if it is queued. `ended` follows. */
  cancel(attempt: AttemptId): void;
  /** Changes how many slots run from now on; running jobs are not stopped. */
  resize(slots: number): void;
  /** Stops watching, leaves running jobs alone: their runner finishes what it has. What was not handed to a runner is dropped. */
  close(): Promise<void>;
}
