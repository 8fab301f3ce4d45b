import crypto from 'node:crypto';
import dns from 'node:dns';
import {EventEmitter} from 'node:events';
import fs from 'node:fs';
import {syncBuiltinESMExports} from 'node:module';
import timers from 'node:timers';
import {promiseHooks} from 'node:v8';

type Callback = (this: unknown, ...args: unknown[]) => unknown;

/**
 * Modules whose functions call their last argument from native code: those with a twin that waits (`readFile`, `readFileSync`), and these.
 * What else is native ends in an emitter.
 */
const CALLING_BACK: readonly (readonly [holder: object, names: RegExp])[] = [
  [fs, /^opendir$/],
  [dns, /^(?:lookup|lookupService|reverse|resolve\w*)$/],
  [crypto, /^(?:randomBytes|randomInt|checkPrime|sign|verify)$/],
];

/** Gives back what `new` is to make: so a subclass puts its private fields on an object that is already there. */
const Given = function given(object: object) {
  return object;
} as unknown as new (object: object) => object;

/** The cell of a promise or an emitter, where nobody sees it: neither `inspect` nor a copy of its properties. */
class Stamp extends Given {
  readonly #cell: string;

  private constructor(object: object, cell: string) {
    super(object);
    this.#cell = cell;
  }

  static put(object: object, cell: string): void {
    if (!(#cell in object)) new Stamp(object, cell);
  }

  static of(object: unknown): string | undefined {
    return typeof object === 'object' && object !== null && #cell in object ? object.#cell : undefined;
  }
}

/**
 * Knows which cell started the code that runs now, also long after the cell has ended: promises, timers, microtasks and emitters
 * carry the cell in which they were made. `AsyncLocalStorage` would do it too, but on Node 20 it is built on async hooks, and
 * code that is terminated under these aborts the process; hooks of promises survive it.
 */
export class Origin {
  /** For the watchdog's thread: 1 while code of a cell is on the stack. */
  readonly userCode = new Int32Array(new SharedArrayBuffer(4));
  #current: string | undefined;
  /** Cells of which no callback is called any more. */
  readonly #silent = new Set<string>();
  #thrown: {readonly error: unknown; readonly cell: string} | undefined;

  /** The cell whose code runs; undefined where that is not known. */
  get current(): string | undefined {
    return this.#current;
  }

  /** Runs a piece of a cell's code, up to its first `await`; what it starts is of that cell too. */
  run<T>(cell: string, work: () => T): T {
    const before = this.#current;
    this.#set(cell);
    try {
      return work();
    } catch (error) {
      this.#thrown = {error, cell};
      throw error;
    } finally {
      this.#set(before);
    }
  }

  /** Code was terminated: it could not say itself that it has left. */
  forget(): void {
    this.#set(undefined);
  }

  /** Calls no timer, tick or microtask of a cell any more. False where it had been said before. */
  silence(cell: string): boolean {
    if (this.#silent.has(cell)) return false;
    this.#silent.add(cell);
    return true;
  }

  /** The cell of an error that nobody caught, or of the promise that it rejected. */
  ofError(error: unknown, promise?: unknown): string | undefined {
    const cell = Stamp.of(promise) ?? (this.#thrown?.error === error ? this.#thrown?.cell : undefined);
    this.#thrown = undefined;
    return cell;
  }

  #set(cell: string | undefined): void {
    this.#current = cell;
    this.userCode[0] = cell === undefined ? 0 : 1;
  }

  /** Begins to follow code, in the whole process and for good. */
  install(): void {
    promiseHooks.createHook({
      init: promise => {
        if (this.#current !== undefined) Stamp.put(promise, this.#current);
      },
      before: promise => {
        this.#set(Stamp.of(promise));
      },
      after: () => {
        this.#set(undefined);
      },
    });
    for (const name of ['setTimeout', 'setInterval', 'setImmediate'] as const) {
      this.#follow(globalThis, name);
      this.#follow(timers, name);
    }
    this.#follow(globalThis, 'queueMicrotask');
    this.#follow(process, 'nextTick');
    for (const [holder, names] of CALLING_BACK)
      for (const name of Object.keys(holder))
        if (names.test(name) || `${name}Sync` in holder) this.#follow(holder, name, -1);
    syncBuiltinESMExports();
    this.#followEmitters();
  }

  /** Replaces a function that calls one of its arguments later: the first, or with -1 the last. */
  #follow(holder: object, name: string, which: 0 | -1 = 0): void {
    const original = Reflect.get(holder, name) as Callback | undefined;
    // Some that are named are not there on this platform.
    if (original === undefined) return;
    const carry = (callback: unknown): unknown => this.#carrying(callback);
    const following = {
      [name](this: unknown, ...args: unknown[]): unknown {
        const at = which === 0 ? 0 : args.length - 1;
        if (typeof args[at] === 'function') args[at] = carry(args[at]);
        return original.apply(this, args);
      },
    }[name] as Callback;
    // Among them is what `util.promisify` takes.
    Object.defineProperties(following, Object.getOwnPropertyDescriptors(original));
    Reflect.set(holder, name, following);
  }

  #carrying(callback: unknown): unknown {
    const cell = this.#current;
    if (cell === undefined || typeof callback !== 'function') return callback;
    const run = (work: () => unknown): unknown => (this.#silent.has(cell) ? undefined : this.run(cell, work));
    return function carried(this: unknown, ...args: unknown[]): unknown {
      return run(() => (callback as Callback).apply(this, args));
    };
  }

  /** What happens to a server, a socket or a child process is of the cell that made it, where no code is running that fires it. */
  #followEmitters(): void {
    const stamp = (emitter: object): void => {
      if (this.#current !== undefined) Stamp.put(emitter, this.#current);
    };
    const cellOf = (emitter: object): string | undefined =>
      this.#current === undefined ? Stamp.of(emitter) : undefined;
    const run = (cell: string, work: () => unknown): unknown => this.run(cell, work);
    const made = EventEmitter as unknown as {init: Callback};
    const init = made.init;
    made.init = function followedInit(this: unknown, ...args: unknown[]): unknown {
      stamp(this as object);
      return init.apply(this, args);
    };
    const emitters = EventEmitter.prototype as {emit: Callback};
    const emit = emitters.emit;
    emitters.emit = function followedEmit(this: unknown, ...args: unknown[]): unknown {
      const cell = cellOf(this as object);
      return cell === undefined ? emit.apply(this, args) : run(cell, () => emit.apply(this, args));
    };
  }
}
