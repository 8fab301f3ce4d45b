import {readDigest} from '../../fingerprint/fingerprint.js';
import {fail, ok} from '../../graph/result.js';
import {ociRuntime, parseJson, unknownAnswer} from './oci-engine.js';
import {ociProblem} from './oci-problem.js';
import type {LeftContainer, Machine} from './runtime.js';

/** The labels that are asked for: docker lists all others as one text, in which a comma can be anything. */
const LABELS = ['weft.store', 'weft.fingerprint', 'weft.directory', 'weft.space'];

/** docker, rootful and rootless. */
export const docker = ociRuntime({
  name: 'docker',
  program: 'docker',
  variables: [
    'DOCKER_HOST',
    'DOCKER_CONFIG',
    'DOCKER_CONTEXT',
    'DOCKER_CERT_PATH',
    'DOCKER_TLS_VERIFY',
    'DOCKER_API_VERSION',
  ],
  // Rootless, the container's root is the user, and every other user is somebody else.
  user: machine => (isRootless(machine) ? [] : ['--user', `${machine.uid}:${machine.gid}`]),
  info: ['info', '--format', '{{json .}}'],
  readInfo({code, stdout, stderr}, machine) {
    const read = parseJson(stdout) as DockerInfo | undefined;
    // The client prints what it knows itself, with the exit code 0, where the engine does not answer.
    const wrong = read?.ServerErrors?.join('\n');
    const version = read?.ServerVersion;
    if (wrong !== undefined || code !== 0 || typeof version !== 'string' || version === '') {
      if (read !== undefined && 'host' in read)
        return fail({
          is: 'other',
          message: '`docker` is another name of podman here',
          remedy: 'name it as what it is: `%container podman:…`',
        });
      const text = `${wrong ?? ''}${stderr}`;
      return fail(ociProblem(text, {program: 'docker'}) ?? unknownAnswer('docker', text));
    }
    const rootless = read?.SecurityOptions?.some(option => option.startsWith('name=rootless')) ?? false;
    if (rootless && !isRootless(machine))
      return fail({
        is: 'other',
        message: 'docker runs without root, but the kernel’s environment does not say so',
        remedy: 'set `DOCKER_HOST=unix://$XDG_RUNTIME_DIR/docker.sock` before Jupyter starts',
      });
    return ok({version: `docker ${version}`});
  },
  /**
   * The digest behind a name can be that of a list for several machines, and docker’s older stores do not say which it is.
   * @see moby/moby:api/types/image/image_inspect.go, `Descriptor`
   */
  async readImage({Id, RepoDigests, Descriptor}) {
    const {mediaType, digest} = (Descriptor ?? {}) as {mediaType?: unknown; digest?: unknown};
    const names = Array.isArray(RepoDigests) ? RepoDigests.filter(name => typeof name === 'string') : [];
    const manifest = typeof digest === 'string' ? readDigest(digest.replace(/^sha256:/, '')) : undefined;
    const single = typeof mediaType === 'string' && /manifest\.v\d\+json$/.test(mediaType);
    if (manifest !== undefined && single && names.some(name => name.endsWith(`@sha256:${manifest}`)))
      return {identity: {manifest}};
    return {
      identity: {engine: 'docker', id: String(Id)},
      unknown:
        names.length === 0
          ? 'it was built or loaded here, so that no registry has it'
          : 'docker does not say whether its digest is the one for this machine, or of a list for several',
    };
  },
  remove: ['rm', '-f'],
  list: {
    args: label => [
      'ps',
      '-a',
      '--no-trunc',
      '--filter',
      `label=${label}`,
      '--format',
      `[{{json .Names}},{{json .State}},${LABELS.map(name => `{{json (.Label "${name}")}}`).join(',')}]`,
    ],
    read: readContainers,
  },
});

interface DockerInfo {
  readonly ServerErrors?: readonly string[] | null;
  readonly ServerVersion?: unknown;
  readonly SecurityOptions?: readonly string[] | null;
}

/** Rootless engines listen in a user's own directory; only what the environment says is known here. */
function isRootless({environment}: Machine): boolean {
  const host = environment['DOCKER_HOST'] ?? '';
  const own = environment['XDG_RUNTIME_DIR'];
  return (
    environment['DOCKER_CONTEXT'] === 'rootless' ||
    host.startsWith('unix:///run/user/') ||
    (own !== undefined && own !== '' && host.startsWith(`unix://${own}/`))
  );
}

function readContainers(stdout: string): readonly LeftContainer[] {
  return stdout.split('\n').flatMap(line => {
    const read = parseJson(line);
    if (!Array.isArray(read)) return [];
    const [name, state, ...values] = read as readonly unknown[];
    if (typeof name !== 'string') return [];
    const labels = LABELS.flatMap((label, index) => {
      const value = values[index];
      return typeof value === 'string' && value !== '' ? [[label, value] as const] : [];
    });
    return [{name, labels: Object.fromEntries(labels), running: state === 'running'}];
  });
}
