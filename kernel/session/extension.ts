import type {JsonObject} from '../fingerprint/json.js';
import type {Result} from '../graph/result.js';
import type {Comm, CommEnd, CommTarget} from '../wire/comms.js';
import type {LineMagic, Problem, TaskMagic} from './magic.js';

/**
 * What an extension is given: the argument of its `register`. What it adds is there when `register` has ended well, all or
 * nothing. docs/extensions.md describes it for people.
 */
export interface ExtensionKernel {
  /** Of this interface; it rises when something is taken away or means something else. */
  readonly version: 1;
  /** The notebook's directory. */
  readonly directory: string;
  lineMagic(magic: LineMagic): void;
  taskMagic(magic: TaskMagic<unknown>): void;
  /** Takes comms that a front end opens with this name. */
  commTarget(name: string, target: CommTarget): void;
  /** Opens a comm from here; at any time. */
  openComm(target: string, data: JsonObject, end?: CommEnd): Comm;
  /** A task magic that is there, to build another one on: `bash`. */
  task(name: string): TaskMagic<unknown> | undefined;
  /** Called when the extension is unloaded, or loaded anew. */
  onUnload(ended: () => void): void;
}

/** What line magics may do with extensions. A name is a path, relative to the notebook, or a package. */
export interface ExtensionControl {
  /** Loads one; nothing happens if it is loaded and its file is as it was, unless `again`. */
  load(name: string, again: boolean, signal: AbortSignal): Promise<Result<LoadedExtension, Problem>>;
  unload(name: string): Result<undefined, Problem>;
  /** Those that are loaded. */
  names(): readonly string[];
}

/** What came of loading an extension: the names of its magics as they are typed, and its comm targets. */
export interface LoadedExtension {
  readonly magics: readonly string[];
  readonly targets: readonly string[];
  /** False where nothing had to be done. */
  readonly fresh: boolean;
}
