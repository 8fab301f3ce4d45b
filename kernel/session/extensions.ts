import {statSync} from 'node:fs';
import {createRequire, register} from 'node:module';
import {resolve} from 'node:path';
import {pathToFileURL} from 'node:url';
import vm from 'node:vm';
import {fail, ok, type Result} from '../graph/result.js';
import {ErrorOutput} from '../machine/error-output.js';
import {typedEnding} from '../typescript/module-hooks.js';
import type {Comms} from '../wire/comms.js';
import type {ExtensionControl, ExtensionKernel, LoadedExtension} from './extension.js';
import {Additions} from './extension-additions.js';
import {isOfExtension, LoopWatch} from './loop-watch.js';
import type {Problem} from './magic.js';
import {awaitingLine, faultOf} from './module-fault.js';
import type {Registry} from './registry.js';

/** What extensions are loaded into. */
export interface ExtensionPorts {
  /** The kernel's own magics. */
  readonly registry: Registry;
  readonly comms: Comms;
  /** The notebook's directory. */
  readonly directory: string;
  /** Says what an extension threw when nobody was there to catch it. */
  readonly report: (text: string) => void;
  /** The module that Node's hooks are loaded from which read TypeScript; without it extensions are JavaScript. */
  readonly hooks?: URL;
  /** Milliseconds that loading may take; 10 000 unless given. Half of it, code may hold up the kernel. */
  readonly patience?: number;
}

interface Loaded {
  readonly additions: Additions;
  /** Size and time of its file; undefined for a package. */
  readonly stamp: string | undefined;
}

/** The extensions of a kernel: modules that run in its process, and add magics and comm targets. */
export class Extensions implements ExtensionControl {
  /** The kernel's own magics and those of extensions, as they are now. */
  readonly registry: Registry;
  readonly #ports: ExtensionPorts;
  readonly #patience: number;
  readonly #watch: LoopWatch;
  readonly #loaded = new Map<string, Loaded>();
  #loads = 0;
  #hooked = false;

  constructor(ports: ExtensionPorts) {
    this.#ports = ports;
    this.#patience = ports.patience ?? 10_000;
    this.#watch = new LoopWatch(this.#patience / 2);
    const {registry} = ports;
    const added = (): readonly Additions[] => [...this.#loaded.values()].map(({additions}) => additions);
    this.registry = {
      ...registry,
      get tasks() {
        return [...registry.tasks, ...added().flatMap(each => each.tasks)];
      },
      get lines() {
        return [...registry.lines, ...added().flatMap(each => each.lines)];
      },
    };
  }

  async load(name: string, again: boolean, signal: AbortSignal): Promise<Result<LoadedExtension, Problem>> {
    const path = this.#path(name);
    const key = path ?? name;
    const before = this.#loaded.get(key);
    const stamp = path === undefined ? undefined : stampOf(path);
    if (path !== undefined && stamp === undefined) return fail(problem('W9101', `there is no file \`${name}\``, path));
    if (before !== undefined && !again && before.stamp === stamp)
      return ok({...before.additions.summary, fresh: false});
    if (this.#loads === 0) process.on('uncaughtException', this.#uncaught);
    this.#loads += 1;
    const additions = new Additions(name, this.#ports, work => this.#watch.guard(work), key, this.#loaded);
    const failed = await this.#register(name, path, additions, signal);
    if (failed !== undefined) {
      additions.discard();
      const kept = before === undefined ? '' : '; the one that was loaded before stays';
      return fail({...failed, message: `${failed.message}${kept}`});
    }
    before?.additions.remove();
    this.#loaded.set(key, {additions, stamp});
    additions.commit();
    return ok({...additions.summary, fresh: true});
  }

  unload(name: string): Result<undefined, Problem> {
    const key = this.#path(name) ?? name;
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) {
      const names = this.names().map(each => `\`${each}\``);
      const hint = names.length === 0 ? 'no extension is loaded' : `loaded is ${names.join(', ')}`;
      return fail({code: 'W9103', severity: 'error', message: `\`${name}\` is not loaded`, hint});
    }
    this.#loaded.delete(key);
    loaded.additions.remove();
    return ok(undefined);
  }

  names(): readonly string[] {
    return [...this.#loaded.values()].map(({additions}) => additions.name);
  }

  close(): void {
    process.off('uncaughtException', this.#uncaught);
    for (const {additions} of this.#loaded.values()) additions.remove();
    this.#watch.close();
  }

  /** What code of an extension throws later ends no kernel; anything else does, as it would without this. */
  readonly #uncaught = (thrown: unknown): void => {
    const {message, place} = faultOf(thrown);
    if (isOfExtension(thrown))
      this.#ports.report(`an extension failed: ${message}\n  at ${place ?? 'an unknown place'}\n`);
    else if (process.listenerCount('uncaughtException') === 1) {
      new ErrorOutput().line(`weft: ${thrown instanceof Error ? (thrown.stack ?? message) : message}`);
      process.exit(1);
    }
  };

  /** Imports the module, and lets it register what it has. Gives what went wrong. */
  async #register(
    name: string,
    path: string | undefined,
    additions: Additions,
    signal: AbortSignal,
  ): Promise<Problem | undefined> {
    const work = async (): Promise<Problem | undefined> => {
      const module = (await (path === undefined ? this.#package(name) : this.#file(path))) as Record<string, unknown>;
      const register = registerOf(module);
      if (register === undefined) return problem('W9101', `\`${name}\` exports no function \`register\``, path);
      await register(additions.kernel);
      return additions.problem;
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Problem>(end => {
      timer = setTimeout(() => end(this.#late(name, path)), this.#patience);
      signal.addEventListener('abort', () => end(problem('W9101', `loading \`${name}\` was interrupted`)), {
        once: true,
      });
    });
    const guarded = this.#watch.guard(work).catch((thrown: unknown) => {
      const {message, place} = faultOf(thrown, path);
      return problem('W9101', `\`${name}\` cannot be loaded: ${message}`, place ?? path);
    });
    try {
      return await Promise.race([guarded, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #late(name: string, path: string | undefined): Problem {
    const line = path === undefined ? undefined : awaitingLine(path);
    const place = path === undefined || line === undefined ? path : `${path}:${line}`;
    return problem(
      'W9101',
      `\`${name}\` is not loaded after ${this.#patience / 1000} s: it waits for something`,
      place,
    );
  }

  #file(path: string): Promise<unknown> {
    const {hooks} = this.#ports;
    if (hooks !== undefined && !this.#hooked && typedEnding(path) !== undefined) {
      this.#hooked = true;
      register(hooks.href);
    }
    // A module that is no ES module is remembered by its path.
    Reflect.deleteProperty(createRequire(path).cache, path);
    return import(/* @vite-ignore */ `${pathToFileURL(path).href}?weft=${this.#loads}`) as Promise<unknown>;
  }

  /** Packages are found from the notebook's directory. */
  #package(name: string): Promise<unknown> {
    const importModuleDynamically = vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
    const filename = resolve(this.#ports.directory, 'weft-extensions.js');
    const script = new vm.Script('name => import(name)', {filename, importModuleDynamically});
    return (script.runInThisContext() as (name: string) => Promise<unknown>)(name);
  }

  /** The file that a name means, or undefined for a package. */
  #path(name: string): string | undefined {
    const path = resolve(this.#ports.directory, name);
    if (/^\.{0,2}\//.test(name)) return path;
    return /\.[cm]?[jt]s$/.test(name) && stampOf(path) !== undefined ? path : undefined;
  }
}

function stampOf(path: string): string | undefined {
  const status = statSync(path, {throwIfNoEntry: false});
  return status === undefined || status.isDirectory() ? undefined : `${status.size} ${status.mtimeMs}`;
}

function problem(code: 'W9101', message: string, place?: string): Problem {
  return {code, severity: 'error', message, ...(place === undefined ? {} : {hint: `at ${place}`})};
}

/** `export function register`, or a default export that is that function or has it. */
function registerOf(module: Record<string, unknown>): ((kernel: ExtensionKernel) => unknown) | undefined {
  const other = module['default'] as {readonly register?: unknown} | null | undefined;
  const found = [module['register'], other, other?.register].find(each => typeof each === 'function');
  return found as ((kernel: ExtensionKernel) => unknown) | undefined;
}
