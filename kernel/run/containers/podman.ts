import {readDigest} from '../../fingerprint/fingerprint.js';
import {fail, ok} from '../../graph/result.js';
import {csv} from './csv.js';
import {ociRuntime, parseJson, unknownAnswer, type ImageRecord, type OciEngine} from './oci-engine.js';
import {ociProblem} from './oci-problem.js';
import type {LeftContainer, Probing, Ran} from './runtime.js';

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
    return fail(ociProblem(ran.stderr, {program: 'podman'}) ?? unknownAnswer('podman', ran.stderr));
  },
  /**
   * Of an image whose name stands for several machines, podman knows two digests: that of the list, and that of this machine's manifest.
   * `Digest` can be either, so that only the manifest itself tells, which lies in the store. One that never was in a registry has a digest
   * too, of a manifest that podman made: its name begins with `localhost/`, or it has none.
   */
  async readImage({Id, RepoDigests, GraphDriver}: ImageRecord, probing: Probing) {
    const id = String(Id);
    const names = Array.isArray(RepoDigests) ? RepoDigests.filter(name => typeof name === 'string') : [];
    const digests = new Set(
      names.flatMap(name => {
        const digest = readDigest(name.slice(name.lastIndexOf(':') + 1));
        return digest === undefined || name.startsWith('localhost/') ? [] : [digest];
      }),
    );
    if (digests.size === 0)
      return {
        identity: {engine: 'podman', id},
        unknown: 'it was built or loaded here, so that no registry has it',
      };
    const store = storeOf(GraphDriver);
    const stored = store === undefined ? undefined : await probing.digest(`${store}-images/${id}/manifest`);
    if (stored?.ok === true) return {identity: {manifest: stored.value}};
    const [only] = digests;
    if (only !== undefined && digests.size === 1) return {identity: {manifest: only}};
    return {
      identity: {engine: 'podman', id},
      unknown: 'podman does not say which of its digests is the one for this machine',
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
  // Rootless, another user inside is another user outside: `--user` would lose the right to write. Where the user's containers have one user,
  // its files are the user's anyway.
  user: ({uid, gid, oneUser = false}) =>
    uid === 0 ? ['--user', `${uid}:${gid}`] : oneUser ? [] : ['--userns=keep-id'],
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

/** `<root>/overlay`, from the place of one of the image's layers. */
function storeOf(driver: unknown): string | undefined {
  const data = (driver as {Data?: {UpperDir?: unknown} | null} | null | undefined)?.Data;
  const upper = data?.UpperDir;
  return typeof upper === 'string' ? /^(\/.+)\/[0-9a-f]{64}\/diff$/.exec(upper)?.[1] : undefined;
}
