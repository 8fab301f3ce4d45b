import type {Machine} from './runtime.js';

/** What every client needs of the kernel's environment. Secrets have other names, and stay out. */
const COMMON = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TMPDIR', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME'];

/** A proxy's address can hold a password: only what fetches an image is told of it. */
const PROXIES = [
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
];

/**
 * The environment of a runtime's client: of the kernel's own what is named here, and nothing else. A name that ends with `*` stands for
 * all that begin with it.
 */
export function clientEnvironment({environment, uid}: Machine, names: readonly string[]): Record<string, string> {
  const wanted = [...COMMON, ...names];
  const prefixes = wanted.filter(name => name.endsWith('*')).map(name => name.slice(0, -1));
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    if (wanted.includes(name) || prefixes.some(prefix => name.startsWith(prefix))) picked[name] = value;
  }
  // podman-hpc and ch-run refuse to start without it.
  picked['USER'] ??= picked['LOGNAME'] ?? String(uid);
  return picked;
}

/** The environment of a client that fetches an image: also the way to the network. */
export const pullEnvironment = (machine: Machine, names: readonly string[]): Record<string, string> =>
  clientEnvironment(machine, [...names, ...PROXIES]);
