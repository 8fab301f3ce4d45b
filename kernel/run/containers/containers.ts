import {v7 as uuid} from 'uuid';
import type {Container, Mount} from '../../graph/container.js';
import type {Failure} from '../../graph/failure.js';
import {fail, ok, type Result} from '../../graph/result.js';
import type {Attempt, Task} from '../../graph/work.js';
import type {Command} from '../command.js';
import type {Inside} from '../executor.js';
import {noteRuntime} from './leftovers.js';
import {isInside, settleMounts} from './mounts.js';
import type {ContainerProblem, Machine, Ran, RunDescription, RunProgram, Runtime, RuntimeFault} from './runtime.js';

/** What containers are started with. */
export interface ContainersPorts {
  readonly runtimes: readonly Runtime[];
  readonly machine: Machine;
  readonly run: RunProgram;
  /** The store's directory: it labels what is started for it. */
  readonly store: string;
}

/** How long a set-up text may take, in milliseconds; the same as on the host. */
const TEXT_LIMIT = 120_000;

/** How long an engine may take to remove a container, in milliseconds. */
const REMOVE_LIMIT = 10_000;

/** The command that starts a container, which ends with it. */
export interface OpenContainer extends Command {
  /** Ends it and takes it away, whatever its state. */
  remove(): Promise<void>;
  /** What the runtime said of its own, where the command ended with this code; undefined: it was what ran inside. */
  fault(code: number, log: string): RuntimeFault | undefined;
}

/** What an attempt in a container is called by its runtime. */
export const nameOf = (attempt: string): string => `weft-${attempt}`;

/** Bash in a container, with none of what the runtime, the image or the kernel put into the environment. */
const bash = (file: string, attempt: string): readonly [string, ...string[]] => [
  '/usr/bin/env',
  '-i',
  `WEFT_ATTEMPT=${attempt}`,
  'PATH=/usr/local/bin:/usr/bin:/bin',
  'bash',
  '--noprofile',
  '--norc',
  file,
];

/** Puts tasks into containers. */
export class Containers {
  readonly #ports: ContainersPorts;
  readonly #noted = new Set<Runtime>();

  constructor(ports: ContainersPorts) {
    this.#ports = ports;
  }

  /**
   * How a task's script is run in the container that its placement names; undefined for one of the host. What the runtime refuses is said
   * here, before anything has started.
   */
  inside(task: Task, attempt: Attempt, script: string): Result<Inside | undefined, Failure> {
    const {container, mounts = [], bundle, network, memory} = task.placement;
    if (container === undefined) return ok(undefined);
    const runtime = this.#runtime(container);
    if (runtime === undefined) return fail(unknownRuntime(container));
    this.#note(runtime);
    const {directory} = attempt;
    const asked = [...mounts, ...(task.work.mounts?.(attempt) ?? [])];
    const {machine, store} = this.#ports;
    const own = settleMounts([...asked, {source: directory, target: directory, write: true}]);
    if (!own.ok) return fail(startFailureOf(own.error));
    const common = {
      container,
      input: false,
      ...(network === undefined ? {} : {network}),
      ...(memory === undefined ? {} : {memory}),
    };
    const labels = {...this.#labels, 'weft.fingerprint': task.fingerprint};
    if (bundle === undefined || bundle < 2) {
      const name = nameOf(attempt.id);
      const command = commandOf(
        runtime,
        {
          ...common,
          name,
          labels: {...labels, 'weft.directory': directory},
          mounts: own.value,
          directory,
          argv: bash(script, attempt.id),
        },
        machine,
      );
      return command.ok
        ? ok({is: 'own', command: command.value, stop: runtime.stopOf(name, machine)})
        : fail(startFailureOf(command.error));
    }
    // Attempts that do not exist yet will lie beside this one, or elsewhere in the store.
    const {attempts} = task.work;
    const wide = attempts === store || attempts.startsWith(`${store}/`) ? store : attempts;
    // Which results a task reads there differs from task to task; a container that many share has one list of mounts.
    const others = asked.filter(({target, write}) => write || !isInside(target, wide));
    const shared = settleMounts([...others, {source: wide, target: wide, write: true}]);
    if (!shared.ok) return fail(startFailureOf(shared.error));
    const open = (argv: readonly [string, ...string[]]): Result<{command: Command; name: string}, ContainerProblem> => {
      const name = nameOf(uuid());
      const command = commandOf(
        runtime,
        {
          ...common,
          input: true,
          name,
          labels: this.#labels,
          mounts: shared.value,
          directory: wide,
          argv,
        },
        machine,
      );
      return command.ok ? ok({command: command.value, name}) : command;
    };
    const tried = open(['true']);
    if (!tried.ok) return fail(startFailureOf(tried.error));
    return ok({
      is: 'shared',
      station: {
        key: JSON.stringify([container.runtime, container.image, shared.value, network ?? '', memory ?? 0]),
        jobs: bundle,
        open: argv => {
          const made = open(argv);
          if (!made.ok) throw new Error(`Internal error: ${made.error.message}`);
          return {command: made.value.command, stop: runtime.stopOf(made.value.name, machine)};
        },
      },
    });
  }

  /**
   * Runs bash text in a container that sees these places, in the foreground, in a clean environment but for the image's own. With a
   * `remedy`, it is the runtime that failed, and `stderr` says how.
   */
  async runText(
    container: Container,
    mounts: readonly Mount[],
    directory: string,
    text: string,
  ): Promise<Ran & {readonly remedy?: string}> {
    const nothing: Ran = {code: undefined, stdout: '', stderr: '', timedOut: false};
    const argv = ['bash', '--noprofile', '--norc', '-c', text] as const;
    const opened = this.open({container, mounts, directory, argv: [...argv], input: false});
    if (!opened.ok) return failed(nothing, opened.error);
    const {value: started} = opened;
    const ran = await this.#ports.run(started, {limit: TEXT_LIMIT});
    if (ran.timedOut) await started.remove();
    if (ran.code === undefined || ran.code === 0) return ran;
    const said = started.fault(ran.code, ran.stderr);
    return said === undefined ? ran : failed(ran, said);
  }

  /** How something is run in a container of its own that no runner holds: its client does. The places that it sees exist. */
  open(
    run: Pick<RunDescription, 'container' | 'mounts' | 'directory' | 'argv' | 'input' | 'network'>,
  ): Result<OpenContainer, RuntimeFault> {
    const runtime = this.#runtime(run.container);
    if (runtime === undefined) return fail(unknownRuntime(run.container));
    this.#note(runtime);
    const mounts = settleMounts(run.mounts);
    if (!mounts.ok) return mounts;
    const {machine, run: ran} = this.#ports;
    const name = nameOf(uuid());
    const command = commandOf(runtime, {...run, name, labels: this.#labels, mounts: mounts.value}, machine);
    if (!command.ok) return command;
    return ok({
      ...command.value,
      remove: async () => {
        for (const remove of runtime.stopOf(name, machine).remove) await ran(remove, {limit: REMOVE_LIMIT});
      },
      fault: (code, log) => runtime.fault(code, log),
    });
  }

  /** What a runtime said of its own, where a task in a container ended with this code; undefined: it was the task. */
  fault(task: Task, code: number, log: string): Failure | undefined {
    const {container} = task.placement;
    const fault = container === undefined ? undefined : this.#runtime(container)?.fault(code, log);
    return fault === undefined ? undefined : {reason: 'start', ...fault};
  }

  get #labels(): Readonly<Record<string, string>> {
    const {store, machine} = this.#ports;
    return {'weft.store': store, ...(machine.space === undefined ? {} : {'weft.space': machine.space})};
  }

  #runtime({runtime}: Container): Runtime | undefined {
    return this.#ports.runtimes.find(({name}) => name === runtime);
  }

  /** Before anything is started, so that a later kernel looks for it. */
  #note(runtime: Runtime): void {
    if (runtime.left === undefined || this.#noted.has(runtime)) return;
    this.#noted.add(runtime);
    noteRuntime(this.#ports.store, runtime.name);
  }
}

const failed = (ran: Ran, {message, remedy}: RuntimeFault): Ran & {readonly remedy: string} => ({
  ...ran,
  stderr: message,
  remedy,
});

const unknownRuntime = ({runtime}: Container): RuntimeFault & {readonly reason: 'start'} => ({
  reason: 'start',
  message: `there is no container runtime \`${runtime}\``,
  remedy: 'name another with `%container`',
});

const startFailureOf = ({message, remedy}: ContainerProblem): Failure => ({reason: 'start', message, remedy});

/** The command that starts a container, for which all is prepared. */
function commandOf(runtime: Runtime, run: RunDescription, machine: Machine): Result<Command, ContainerProblem> {
  const prepared = runtime.prepare?.(run, machine);
  return prepared?.ok === false ? prepared : runtime.command(run, machine);
}
