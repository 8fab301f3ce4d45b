import {existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {home} from './site.js';
import {isDirectory, type Bind} from './view.js';

/** A mount of a container, or an empty file system in memory. `to` is free of links. */
export type Mount =
  BindMount | {readonly kind: 'tmpfs'; readonly to: string} | {readonly kind: 'proc'; readonly to: string};

interface BindMount extends Bind {
  readonly kind: 'bind';
  readonly readOnly?: boolean;
}

/** How a command is to see the world. */
export interface Container {
  /** Folder that becomes `/`; `/` itself: no new root, only the mounts. */
  readonly tree: string;
  readonly mounts: readonly Mount[];
  /** The image's own files: not to be written, written in memory, or for good. */
  readonly writable: 'no' | 'memory' | 'yes';
  /** Exists inside. */
  readonly workdir: string;
  readonly environment: ReadonlyMap<string, string>;
  /** Ends with the process that started it, as if by KILL. */
  readonly diesWithParent?: boolean;
  /** The caller ignores HUP, INT and TERM; the command must not. */
  readonly resetSignals?: boolean;
  /** What else is the container's own. */
  readonly isolate?: readonly ('net' | 'ipc' | 'uts')[];
  /** Be root inside (`--fakeroot`). */
  readonly asRoot?: boolean;
}

/** What a {@link View} must know of mounts: an empty file system looks like an empty folder. */
export const seen = (mounts: readonly Mount[]): readonly Bind[] =>
  mounts.map(mount =>
    mount.kind === 'bind' ? mount : {from: mount.kind === 'proc' ? '/proc' : mountPoint, to: mount.to},
  );

/** A word for a shell, whatever is in it. */
export const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/**
 * The words to put before a command so that it runs in the container. Each execs the next: in the end the very process that
 * was started is the command. Mounts live in a mount namespace of its own, so nothing is left when its last process ends. A
 * plain user needs user namespaces, root needs CAP_SYS_ADMIN, an image `/` with mounts onto themselves needs nothing.
 */
export function enter(container: Container): readonly string[] {
  const {tree, mounts, environment, workdir} = container;
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const plain = uid !== 0;
  const needed = mounts.filter(mount => tree !== '/' || mount.kind !== 'bind' || mount.from !== mount.to);
  const own = tree !== '/' || needed.length > 0 || (container.isolate ?? []).length > 0;
  const words: string[] = [];
  if (own) {
    const map = plain || container.asRoot === true ? ['--user', '--map-root-user'] : [];
    const spaces = (container.isolate ?? []).map(name => `--${name}`);
    words.push(
      '/usr/bin/unshare',
      '--mount',
      ...spaces,
      ...map,
      '--',
      '/bin/sh',
      '-c',
      setUp(container, needed),
      'set-up',
    );
  }
  words.push(
    '/usr/bin/setpriv',
    '--no-new-privs',
    ...(container.diesWithParent === true ? ['--pdeathsig', 'KILL'] : []),
  );
  words.push('/usr/bin/env', '-i');
  if (container.resetSignals === true) words.push('--default-signal=HUP,INT,TERM');
  if (!own) words.push(`--chdir=${workdir}`);
  words.push('--', ...[...environment].map(([name, value]) => `${name}=${value}`));
  if (own) {
    const back = plain && container.asRoot !== true ? ['--user', `--map-user=${uid}`, `--map-group=${gid}`] : [];
    const root = tree === '/' ? '/' : join(mountPoint, 'root');
    words.push('/usr/bin/unshare', ...back, `--root=${root}`, `--wd=${workdir}`, '--');
  }
  return words;
}

const mountPoint = join(home, 'mnt');

/** The shell script that makes the mounts, and then execs its arguments. The umask stays. */
function setUp({tree, writable}: Container, mounts: readonly Mount[]): string {
  const lines = ['set -e', 'mask=$(umask); umask 022'];
  if (tree !== '/') {
    lines.push(`mount -t tmpfs -o mode=0755 fake ${quoted(mountPoint)}`, `cd ${quoted(mountPoint)}`, 'mkdir root');
    if (writable === 'yes') lines.push(`mount --rbind ${quoted(tree)} root`);
    else {
      lines.push('mkdir over upper work', `ln -s ${quoted(tree)} image`);
      for (const mount of mounts) lines.push(...mountPointIn(tree, mount));
      const upper = writable === 'memory' ? ',upperdir=upper,workdir=work' : '';
      lines.push(`mount -t overlay overlay -o lowerdir=over:image${upper} root`);
    }
  }
  const prefix = tree === '/' ? '' : 'root';
  const empty: string[] = [];
  for (const mount of mounts) {
    const to = quoted(`${prefix}${mount.to}`);
    if (empty.some(folder => mount.to.startsWith(`${folder}/`)))
      lines.push(...mountPointOf(mount, `${prefix}${mount.to}`));
    if (mount.kind === 'tmpfs') empty.push(mount.to);
    if (mount.kind === 'tmpfs') lines.push(`mount -t tmpfs -o size=64m,mode=1777 fake ${to}`);
    else if (mount.kind !== 'bind') lines.push(`mount -t proc proc ${to} 2>/dev/null || mount --rbind /proc ${to}`);
    else {
      lines.push(`mount --rbind ${quoted(mount.from)} ${to}`);
      // In a user namespace the flags that the file system has already must be said again.
      const attempts = ['', ',nosuid,nodev', ',nosuid,nodev,noexec'].map(
        flags => `mount -o remount,bind,ro${flags} ${to} 2>/dev/null`,
      );
      if (mount.readOnly === true) lines.push(attempts.join(' || '));
    }
  }
  return [...lines, 'cd /', 'umask "$mask"', 'exec "$@"'].join('\n');
}

/** Makes what a mount covers, where the image has nothing: in a layer over the image. */
function mountPointIn(tree: string, mount: Mount): readonly string[] {
  return existsSync(join(tree, mount.to)) ? [] : mountPointOf(mount, `over${mount.to}`);
}

function mountPointOf(mount: Mount, path: string): readonly string[] {
  if (mount.kind !== 'bind' || isDirectory(mount.from)) return [`mkdir -p ${quoted(path)}`];
  return [`mkdir -p ${quoted(dirname(path))}`, `: > ${quoted(path)}`];
}
