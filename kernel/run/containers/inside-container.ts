import type {ContainerProblem} from './runtime.js';

/** The process's environment, as far as it tells of a container around it. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Whether there is something at an absolute path. */
type Exists = (path: string) => boolean;

/** By what each runtime is known from inside. Those that set variables come first: they may run within the others, not around them. */
const signs: readonly (readonly [string, (environment: Environment, exists: Exists) => boolean])[] = [
  // SHIFTER_IMAGE alone is what a person asks for outside; inside it is an id, beside the name as it was given.
  [
    'shifter',
    ({SHIFTER_RUNTIME, SHIFTER_IMAGE, SHIFTER_IMAGEREQUEST}) =>
      isSet(SHIFTER_RUNTIME) || (isSet(SHIFTER_IMAGEREQUEST) && /^[0-9a-f]{64}$/.test(SHIFTER_IMAGE ?? '')),
  ],
  ['apptainer', ({APPTAINER_CONTAINER}) => isSet(APPTAINER_CONTAINER)],
  ['singularity', ({SINGULARITY_CONTAINER}) => isSet(SINGULARITY_CONTAINER)],
  ['ch', ({CH_RUNNING}) => isSet(CH_RUNNING)],
  ['podman', ({container}, exists) => container === 'podman' || exists('/run/.containerenv')],
  ['docker', ({container}, exists) => container === 'docker' || exists('/.dockerenv')],
];

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';

/**
 * The runtime of the container that this process is in, by the name that stands in `%container`; undefined on a plain host. podman stands for
 * podman-hpc too.
 */
export function containerAround(environment: Environment, exists: Exists): string | undefined {
  return signs.find(([, isAround]) => isAround(environment, exists))?.[0];
}

/** They become nobody else and gain no right: what needs a set-uid program can't start within them. */
const withoutRights = new Set(['shifter', 'apptainer', 'singularity', 'ch']);

/** Whether an engine outside can be asked: its socket is shown in here, or the environment names one. */
function reachesEngine(runtime: string, environment: Environment, exists: Exists): boolean {
  if (runtime === 'docker') return isSet(environment['DOCKER_HOST']) || exists('/var/run/docker.sock');
  return isSet(environment['CONTAINER_HOST']) || exists('/run/podman/podman.sock');
}

/**
 * Why a runtime can't start a container from within the one around this process; undefined if it may, or on a plain host.
 * Without `failure` only what is sure: shifter starts within nothing, and podman, podman-hpc and docker not where no rights can be gained, unless an
 * engine outside can be reached. `failure` is what the runtime's probe then gave: where it was not there, or was not let, the container around is
 * the reason, if variables tell of it. A file of the image does not suffice for that: machines are made from images too.
 */
export function nestedProblem(
  runtime: string,
  environment: Environment,
  exists: Exists,
  failure?: ContainerProblem,
): ContainerProblem | undefined {
  const around = containerAround(environment, exists);
  if (around === undefined) return undefined;
  const engine = ['podman', 'podman-hpc', 'docker'].includes(runtime);
  const isSure = containerAround(environment, () => false) !== undefined;
  const never =
    (runtime === 'shifter' && isSure) ||
    (engine && withoutRights.has(around) && !reachesEngine(runtime, environment, exists));
  const failed = isSure && failure !== undefined && ['absent', 'down', 'denied'].includes(failure.is);
  if (!never && !failed) return undefined;
  return {
    is: 'nested',
    message: `the kernel runs in a container of ${around}, where ${runtime} can start no other${failed ? `: ${failure.message}` : ''}`,
    remedy:
      'write `%container none`: tasks then run in this container, with `%setup`; for other images start a kernel outside of it',
  };
}
