import {readDigest} from '../../fingerprint/fingerprint.js';
import {fail, ok} from '../../graph/result.js';
import {csv, ociRuntime, parseJson, unknownAnswer, type ImageRecord, type OciEngine} from './oci-engine.js';
import {ociProblem} from './oci-problem.js';
import type {LeftContainer, Ran} from './runtime.js';

/** What podman's client needs of the environment: where its settings, its images and its service are. */
export const PODMAN_VARIABLES = [
  'XDG_DATA_HOME',
  'XDG_CACHE_HOME',
  'DBUS_SESSION_BUS_ADDRESS',
  'REGISTRY_AUTH_FILE',
  'CONTAINERS_CONF',
  'CONTAINERS_CONF_OVERRIDE',
  'CONTAINERS_STORAGE_CONF',
  'CONTAINERS_REGISTRIES_CONF',
  'CONTAINER_HOST',
  'CONTAINER_CONNECTION',
  'STORAGE_DRIVER',
  'STORAGE_OPTS',
];

/** What podman and the programs around it have in common. */
export const podmanEngine = {
  info: ['info', '--format', 'json'],
  readInfo(ran: Ran) {
    const read = parseJson(ran.stdout) as {version?: {Version?: unknown}} | undefined;
    const version = read?.version?.Version;
    if (ran.code === 0 && typeof version === 'string') return ok({version: `podman ${version}`});
    return fail(ociProblem(ran.stderr, {name: 'podman', program: 'podman'}) ?? unknownAnswer('podman', ran.stderr));
  },
  /**
   * `Digest` is that of the manifest for this platform, also where the name stands for several. An image that was never in a registry has
   * one too, which podman made itself: it carries `localhost/` in front, or no name.
   */
  readImage({Id, Digest, RepoDigests}: ImageRecord) {
    const digest = typeof Digest === 'string' ? readDigest(Digest.replace(/^sha256:/, '')) : undefined;
    const names = Array.isArray(RepoDigests) ? RepoDigests.filter(name => typeof name === 'string') : [];
    const pulled = names.some(name => !name.startsWith('localhost/') && name.endsWith(`@${String(Digest)}`));
    if (digest !== undefined && pulled) return {identity: {manifest: digest}};
    return {
      identity: {engine: 'podman', id: String(Id)},
      unknown: 'it was built or loaded here, so that no registry has it',
    };
  },
  remove: ['rm', '-f', '-t', '0'],
  list: {
    // The filter is a line of comma-separated values.
    args: (label: string) => ['ps', '-a', '--filter', csv(`label=${label}`), '--format', 'json'],
    read: readContainers,
  },
} satisfies Partial<OciEngine>;

/** podman, rootful and rootless. */
export const podman = ociRuntime({
  ...podmanEngine,
  name: 'podman',
  program: 'podman',
  variables: PODMAN_VARIABLES,
  // Rootless, another user inside is another user outside: `--user` would lose the right to write.
  user: ({uid, gid}) => (uid === 0 ? ['--user', `${uid}:${gid}`] : ['--userns=keep-id']),
});

function readContainers(stdout: string): readonly LeftContainer[] {
  const parsed = parseJson(stdout);
  if (!Array.isArray(parsed)) return [];
  return parsed.flatMap((each: {Names?: unknown; Labels?: unknown; State?: unknown} | null) => {
    const name: unknown = Array.isArray(each?.Names) ? each.Names[0] : each?.Names;
    if (typeof name !== 'string') return [];
    const labels = typeof each?.Labels === 'object' && each.Labels !== null ? each.Labels : {};
    return [{name, labels: labels as Record<string, string>, running: each?.State === 'running'}];
  });
}
