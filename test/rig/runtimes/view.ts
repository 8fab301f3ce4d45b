import {lstatSync, readlinkSync, statSync, type Stats} from 'node:fs';
import {posix} from 'node:path';

/** A folder or file of the machine and where it is inside. */
export interface Bind {
  readonly from: string;
  readonly to: string;
}

/** A path that exists inside: its name there without links, and the file of the machine. */
export interface Place {
  readonly inside: string;
  /** Need not exist if it is only the way to a mount. */
  readonly host: string;
}

/** What a process would see in a container that is not there yet: an image's tree with mounts over it. */
export class View {
  readonly #tree: string;
  readonly #binds: readonly Bind[];

  /** Of two binds over one path the later is seen. */
  constructor(tree: string, binds: readonly Bind[]) {
    this.#tree = tree === '/' ? '' : tree;
    this.#binds = binds;
  }

  /** The file of the machine behind a path without links. */
  host(inside: string): string {
    let best: Bind | undefined;
    for (const bind of this.#binds) {
      const within = bind.to === '/' || inside === bind.to || inside.startsWith(`${bind.to}/`);
      if (within && bind.to.length >= (best?.to.length ?? 0)) best = bind;
    }
    return best === undefined ? `${this.#tree}${inside}` : posix.join(best.from, inside.slice(best.to.length));
  }

  /** Follows links as the kernel does inside. Undefined: nothing there. */
  resolve(path: string): Place | undefined {
    let at = '/';
    let links = 0;
    const rest = path.split('/');
    for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        at = posix.dirname(at);
        continue;
      }
      const next = posix.join(at, part);
      const status = peek(this.host(next));
      if (status?.isSymbolicLink() === true) {
        if (++links > 40) return undefined;
        const target = readlinkSync(this.host(next));
        if (target.startsWith('/')) at = '/';
        rest.unshift(...target.split('/'));
      } else if (status !== undefined || this.#binds.some(({to}) => to.startsWith(`${next}/`))) at = next;
      else return undefined;
    }
    return {inside: at, host: this.host(at)};
  }

  /** The place of a directory, else undefined. */
  directory(path: string): Place | undefined {
    const place = this.resolve(path);
    if (place === undefined) return undefined;
    return (peek(place.host)?.isDirectory() ?? true) ? place : undefined;
  }

  /** Why `execvp` would fail with this PATH and working directory: an errno's name, or undefined if it would not. */
  execError(command: string, path: string | undefined, workdir: string): 'ENOENT' | 'EACCES' | 'EISDIR' | undefined {
    const names = command.includes('/')
      ? [command]
      : command === ''
        ? []
        : (path?.split(':') ?? []).map(folder => `${folder === '' ? '.' : folder}/${command}`);
    let error: 'ENOENT' | 'EACCES' | 'EISDIR' = 'ENOENT';
    for (const name of names) {
      const place = this.resolve(posix.resolve(workdir, name));
      const status = place === undefined ? undefined : peek(place.host);
      if (status === undefined) continue;
      if (status.isFile() && (status.mode & 0o111) !== 0) return undefined;
      error = status.isDirectory() ? 'EISDIR' : 'EACCES';
    }
    return error;
  }
}

function peek(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    return undefined;
  }
}

/** Whether a path of the machine is a directory, links followed. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
