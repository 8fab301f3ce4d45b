import type {Container, Mount} from '../graph/container.js';

/**
 * What line magics have set for the cells that follow. One notebook has one; it is read when a cell runs.
 * Paths are absolute.
 */
export interface Settings {
  /** `%repo`: the root repository, as it was typed and made absolute. */
  repo: string | undefined;
  /** `%setup`: bash text; the lines of one cell are one text, a later cell replaces it. */
  setup: string;
  /** The request whose `%setup` lines are in `setup`. */
  setupCell: string;
  /** `%container`: undefined for the host. */
  container: Container | undefined;
  /** `%mount`. */
  readonly mounts: Mount[];
  /** `%config python`: a path that is absolute, or a name of the PATH; `python3` unless said. */
  python: string;
  /** `%config cells`: what a bare cell is. */
  cells: 'typescript' | 'py';
  /** `%config network none`. */
  network: 'none' | undefined;
  /** `%env K=V`. */
  readonly environment: Map<string, string>;
  /** `%code PATH…`. */
  readonly code: Set<string>;
  /** `%config settle cell`: a cell is over when its tasks have ended. Else at once. */
  settle: 'cell' | 'later';
  /** How outputs of a hit are looked at. */
  verify: 'size' | 'mtime' | 'content';
  /** What a type error of a TypeScript cell is: a warning, an error before the cell runs, or nothing. */
  typecheck: 'warn' | 'error' | 'off';
  /** Slots of the local executor. */
  slots: number;
  /** Bytes of memory of this machine; absent: as much as anybody wants. */
  readonly memory?: number;
  /** Where results that are no reruns lie. */
  readonly store: string;
}
