import {fail, ok, type Result} from '../../graph/result.js';
import type {Command} from '../command.js';
import {absenceOf} from './absence.js';
import {clientEnvironment, pullEnvironment} from './client-environment.js';
import {csv} from './csv.js';
import {readReference, withRegistry} from './image-name.js';
import {ociFaultLine, ociProblem} from './oci-problem.js';
import {unfitPath} from './unfit-path.js';
import type {
  ContainerProblem,
  FoundImage,
  LeftContainer,
  Machine,
  Presence,
  Probing,
  Ran,
  RunDescription,
  Runtime,
  RuntimeFault,
} from './runtime.js';

/** In what engines of docker's kind differ. */
export interface OciEngine {
  readonly name: string;
  readonly program: string;
  /** What its client needs of the environment, besides what all need. */
  readonly variables: readonly string[];
  /** The options by which files come out as the user's. */
  user(machine: Machine): readonly string[];
  /** The arguments that ask the engine for what it is, and what its answer says. */
  readonly info: readonly string[];
  readInfo(ran: Ran, machine: Machine): Result<Presence, ContainerProblem>;
  /** What one image's record says of what it is; its values are as the engine prints them. */
  readImage(record: ImageRecord, probing: Probing): Promise<Pick<FoundImage, 'identity' | 'unknown'>>;
  /** The arguments that remove a container, but for its name. */
  readonly remove: readonly string[];
  /** How the list of containers is asked for, and read. */
  readonly list: {args(label: string): readonly string[]; read(stdout: string): readonly LeftContainer[]};
}

/** What `image inspect` prints for one image, as far as it is read here. Anything may be missing: engines differ. */
export interface ImageRecord {
  readonly Id?: unknown;
  readonly Digest?: unknown;
  readonly RepoDigests?: unknown;
  readonly Architecture?: unknown;
  readonly Descriptor?: unknown;
  readonly GraphDriver?: unknown;
}

/** An engine that is asked what it is has this long, in milliseconds: the first call after a start of the machine takes a second or two. */
const INFO_LIMIT = 8000;
/** To look an image up, in milliseconds: a rootless store on a shared disk is slow. */
const INSPECT_LIMIT = 30_000;

/** A runtime from what its engine has of its own. */
export function ociRuntime(engine: OciEngine): Runtime {
  const {name, program, variables} = engine;
  const client = (machine: Machine, args: readonly string[]): Command => ({
    file: program,
    args,
    environment: clientEnvironment(machine, variables),
  });
  return {
    name,
    program,
    async present(probing) {
      const ran = await probing.run(client(probing, engine.info), {limit: INFO_LIMIT});
      const absent = absenceOf(program, ran);
      if (absent !== undefined) return fail(absent);
      return engine.readInfo(ran, probing);
    },
    find: (reference, probing) => find(engine, client, reference, probing),
    pull(reference, machine) {
      const read = readReference(reference);
      if (!read.ok) return undefined;
      return {
        file: program,
        args: ['pull', '--', withRegistry(read.value)],
        environment: pullEnvironment(machine, variables),
      };
    },
    command(run, machine) {
      const args = runArguments(engine, run, machine);
      return args.ok ? ok(client(machine, args.value)) : args;
    },
    stopOf: (container, machine) => ({
      ask: [client(machine, ['kill', '-s', 'TERM', container])],
      remove: [client(machine, [...engine.remove, container])],
      session: false,
    }),
    left: {
      command: (label, machine) => client(machine, engine.list.args(label)),
      read: stdout => engine.list.read(stdout),
    },
    fault: (code, log) => ociFault(engine, code, log),
  };
}

/** The arguments of `run`, to the last. The command's own come behind the image, where no option is read any more. */
function runArguments(
  engine: OciEngine,
  {container: {image}, name, labels, mounts, directory, argv, input, network, memory}: RunDescription,
  machine: Machine,
): Result<readonly string[], ContainerProblem> {
  const pinned = /^(sha256:)?[0-9a-f]{64}$/.test(image) ? ok(image) : readReference(image);
  if (!pinned.ok) return pinned;
  const unfit = unfitPath([directory, ...mounts.flatMap(({source, target}) => [source, target])], /[\0\n\r]/);
  if (unfit !== undefined) return fail(unfit);
  return ok([
    'run',
    '--rm',
    // Something has to hand signals on, and to end what the task leaves: a task is no init.
    '--init',
    '--pull=never',
    '--name',
    name,
    ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
    // The task's log is the client's own output.
    '--log-driver',
    'none',
    ...engine.user(machine),
    '--security-opt',
    'no-new-privileges',
    // Else SELinux hides the mounted files, which are not for the engine to give other labels.
    '--security-opt',
    'label=disable',
    ...(network === undefined ? [] : ['--network', network]),
    ...(memory === undefined ? [] : ['--memory', `${memory}b`]),
    ...mounts.flatMap(({source, target, write}) => [
      '--mount',
      ['type=bind', csv(`source=${source}`), csv(`target=${target}`), ...(write ? [] : ['readonly'])].join(','),
    ]),
    '--workdir',
    directory,
    '--entrypoint',
    '',
    ...(input ? ['--interactive'] : []),
    '--',
    pinned.value,
    ...argv,
  ]);
}

async function find(
  engine: OciEngine,
  client: (machine: Machine, args: readonly string[]) => Command,
  reference: string,
  probing: Probing,
): Promise<Result<FoundImage, ContainerProblem>> {
  const {program} = engine;
  const id = /^(?:sha256:)?[0-9a-f]{64}$/.test(reference);
  const read = id ? ok(reference) : readReference(reference);
  if (!read.ok) return read;
  const ran = await probing.run(client(probing, ['image', 'inspect', '--', read.value]), {limit: INSPECT_LIMIT});
  const absent = absenceOf(program, ran);
  if (absent !== undefined) return fail(absent);
  if (ran.code !== 0) {
    if (/image not known|no such image/i.test(ran.stderr))
      return fail({
        is: 'image',
        message: `${program} has no image \`${read.value}\``,
        remedy: id ? 'load it again' : `\`${program} pull ${withRegistry(read.value)}\``,
      });
    return fail(ociProblem(ran.stderr, engine) ?? unknownAnswer(program, ran.stderr));
  }
  const record = readRecord(ran.stdout);
  const own = typeof record?.Id === 'string' ? /^(?:sha256:)?([0-9a-f]{64})$/.exec(record.Id)?.[0] : undefined;
  if (record === undefined || own === undefined) return fail(unknownAnswer(program, ran.stdout));
  const {Architecture: built} = record;
  if (typeof built === 'string' && built !== '' && built !== probing.architecture)
    return fail({
      is: 'architecture',
      message: `the image \`${read.value}\` is for ${built}, and this machine is ${probing.architecture}`,
      remedy: `take one for this machine: \`${program} pull --platform linux/${probing.architecture} ${withRegistry(read.value)}\``,
    });
  return ok({image: own, ...(await engine.readImage(record, probing))});
}

function readRecord(stdout: string): ImageRecord | undefined {
  const parsed = parseJson(stdout);
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  return typeof first === 'object' && first !== null ? first : undefined;
}

/** JSON that a program printed; undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** An answer that Weft can't make anything of. */
export const unknownAnswer = (program: string, text: string): ContainerProblem => ({
  is: 'other',
  message: `\`${program}\` says: ${text.trim().split('\n').at(-1)?.slice(0, 500) ?? ''}`,
  remedy: `see whether \`${program} info\` works in a terminal`,
});

function ociFault(engine: OciEngine, code: number, log: string): RuntimeFault | undefined {
  const line = ociFaultLine(code, log);
  if (line === undefined) return undefined;
  const {message, remedy} = ociProblem(line, engine) ?? {
    message: `${engine.program} did not start the container: ${line}`,
    remedy: `see whether \`${engine.program} run\` works in a terminal`,
  };
  return {message, remedy};
}
