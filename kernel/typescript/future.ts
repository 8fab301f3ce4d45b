import {inspect} from 'node:util';
import type {FutureKind, FutureRef} from './messages.js';
import type {Futures} from './futures.js';

/** What stands behind a handle. */
export interface Held {
  readonly ref: FutureRef;
  readonly futures: Futures;
  /** It is no handle, but what one gave. */
  readonly awaited?: true;
}

const behind = new WeakMap<object, Held>();

/** What stands behind a value that is a handle: a future or a set. */
export function heldBy(value: unknown): Held | undefined {
  return typeof value === 'object' && value !== null ? behind.get(value) : undefined;
}

/** Makes an object known as a handle. */
export function holds(handle: object, held: Held): void {
  behind.set(handle, held);
}

/** The text that stands for a future's path until it is known. It has no shell characters and keeps through `path.join`. */
export function placeholder(ref: FutureRef): string {
  return `/weft:${ref.name.replace(/[^\w.-]/g, '_')}:${ref.id}`;
}

/**
 * A handle of one future. It can be awaited, and stands for its path in text. Any other use needs the result, and is a TypeError.
 */
export interface Future extends PromiseLike<unknown> {
  readonly name: string;
  readonly kind: FutureKind;
  /** A placeholder. */
  readonly path: string;
  /** The same placeholder. */
  toString(): string;
  /** Of a value that has files too: a handle of them. */
  readonly files?: Future;
  map(f: (value: unknown) => unknown): Future;
}

/** Makes a handle. */
export function makeFuture(held: Held): Future {
  const handle = new Proxy(new Handle(held), guard) as unknown as Future;
  holds(handle, held);
  return handle;
}

const guard: ProxyHandler<Handle> = {
  get(target, property) {
    if (property in target || typeof property === 'symbol') return bound(target, property);
    if (property === 'toJSON' || property === 'constructor') return undefined;
    throw new TypeError(
      `\`${property}\` of ${target.name} is not known yet: await it first, \`(await ${target.name}).${property}\``,
    );
  },
  set: (target, property) => {
    throw new TypeError(`${target.name} is a future: \`${String(property)}\` of it can't be set`);
  },
};

/** A property, its methods bound to the target, which has private parts that the proxy lacks. */
export function bound(target: object, property: string | symbol): unknown {
  const value: unknown = Reflect.get(target, property);
  return typeof value === 'function' && property !== 'constructor'
    ? (value as (...all: unknown[]) => unknown).bind(target)
    : value;
}

class Handle {
  readonly #held: Held;

  constructor(held: Held) {
    this.#held = held;
  }

  get name(): string {
    return this.#held.ref.name;
  }

  get kind(): FutureKind {
    return this.#held.ref.kind;
  }

  get path(): string {
    const {ref} = this.#held;
    if (ref.kind !== 'value') return placeholder(ref);
    if (ref.files === true) return this.files.path;
    throw new TypeError(`${ref.name} is a value and has no directory: await it first`);
  }

  get files(): Future {
    const {ref, futures} = this.#held;
    if (ref.kind === 'value' && ref.files === true) return futures.filesOf(ref);
    throw new TypeError(`\`files\` of ${this.name} is not known yet: await it first, \`(await ${this.name}).files\``);
  }

  // A future is thenable on purpose: `await` gives its result.
  then(fulfilled?: (value: unknown) => unknown, rejected?: (reason: unknown) => unknown): Promise<unknown> {
    const result = this.#held.futures.result(this.#held.ref.id);
    return result.then(each => each.value).then(fulfilled, rejected);
  }

  catch(rejected?: (reason: unknown) => unknown): Promise<unknown> {
    return this.then(value => value, rejected);
  }

  finally(ended?: () => void): Promise<unknown> {
    return this.then(value => value).finally(ended);
  }

  map(f: (value: unknown) => unknown): Future {
    return this.#held.futures.map(this.#held.ref, f);
  }

  toString(): string {
    return placeholder(this.#held.ref);
  }

  toJSON(): string {
    return placeholder(this.#held.ref);
  }

  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'number') throw new TypeError(`${this.name} is a future, not a number: await it first`);
    return placeholder(this.#held.ref);
  }

  // An own property, since inspection calls it on the proxy.
  readonly [inspect.custom] = (): string => `${this.name}: ${this.kind}, state unknown here`;
}
