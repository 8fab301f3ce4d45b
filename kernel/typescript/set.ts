import {inspect} from 'node:util';
import type {JsonValue} from '../fingerprint/json.js';
import {bound, holds} from './future.js';
import type {Future, Held} from './future.js';
import type {FutureRef} from './messages.js';
import {groups, keyText} from './results.js';

/** A set of futures: an ordered map from loop values to futures. Its elements are properties of it too, and win over its methods. */
export interface FutureSet extends PromiseLike<unknown>, Iterable<readonly [unknown, Future | FutureSet]> {
  /** The number of futures. */
  readonly size: number;
  /** The loop value of each future; with several variables an array of them, outermost first. */
  keys(): IterableIterator<unknown>;
  at(where: Readonly<Record<string, JsonValue>>): Future | FutureSet;
  /** Throws: a whole set is no text. */
  toString(): string;
}

/** Makes a handle of a set. The reference is looked up at each use: the members of a set may become known later. */
export function makeSet(held: Held): FutureSet {
  const handle = new Proxy(new SetHandle(held), guard) as unknown as FutureSet;
  holds(handle, held);
  return handle;
}

/** Methods of the target that are none of the set's. */
const inner: ReadonlySet<string> = new Set(['element', 'texts', 'describe', 'unknown']);

const guard: ProxyHandler<SetHandle> = {
  get(target, property) {
    if (property === 'then' || typeof property === 'symbol') return bound(target, property);
    const element = target.element(property);
    if (element !== undefined) return element;
    if (!inner.has(property) && property in target) return bound(target, property);
    if (property === 'toJSON' || property === 'constructor') return undefined;
    throw target.unknown(property);
  },
  set: (target, property) => {
    throw new TypeError(`${target.describe()} is a set of futures: \`${String(property)}\` of it can't be set`);
  },
  has: (target, property) => typeof property === 'string' && target.element(property) !== undefined,
  ownKeys: target => [...target.texts(), ...Reflect.ownKeys(target).filter(key => typeof key === 'symbol')],
  getOwnPropertyDescriptor(target, property) {
    const value = typeof property === 'string' ? target.element(property) : undefined;
    return value === undefined ? undefined : {value, enumerable: true, configurable: true, writable: false};
  },
};

type Member = NonNullable<FutureRef['members']>[number];

class SetHandle {
  readonly #held: Held;

  constructor(held: Held) {
    this.#held = held;
  }

  get #ref(): FutureRef {
    return this.#held.futures.current(this.#held.ref);
  }

  get #variables(): readonly string[] {
    return this.#ref.variables ?? [];
  }

  #members(): readonly Member[] {
    const {members, name} = this.#ref;
    if (!members) throw new TypeError(`the elements of ${name} are not known yet: await it first`);
    return members;
  }

  /** The element, or the set of those, whose outermost key has this text. */
  element(text: string): Future | FutureSet | undefined {
    const {members, name} = this.#ref;
    const group = members && groups(members).get(text);
    const [first] = group ?? [];
    if (!group || !first) return undefined;
    const {futures} = this.#held;
    if (this.#variables.length <= 1) return futures.handle(first.future);
    return futures.part({name: `${name}[${text}]`, variables: this.#variables.slice(1), members: group});
  }

  texts(): string[] {
    return [...groups(this.#ref.members ?? []).keys()];
  }

  describe(): string {
    return this.#ref.name;
  }

  unknown(property: string): TypeError {
    const {name, members} = this.#ref;
    if (!members) return new TypeError(`the elements of ${name} are not known yet: await it first`);
    const texts = this.texts();
    const known = texts.slice(0, 8).join(', ') + (texts.length > 8 ? ', …' : '');
    return new TypeError(
      `${name} has no element \`${property}\` (it has ${known || 'none'}); for its results, await it first`,
    );
  }

  get size(): number {
    return this.#members().length;
  }

  *keys(): Generator<unknown, undefined> {
    for (const {key} of this.#members()) yield key.length === 1 ? key[0] : key;
  }

  *values(): Generator<unknown, undefined> {
    for (const {future} of this.#members()) yield this.#held.futures.handle(future);
  }

  *entries(): Generator<[unknown, unknown], undefined> {
    for (const {key, future} of this.#members()) {
      yield [key.length === 1 ? key[0] : key, this.#held.futures.handle(future)];
    }
  }

  [Symbol.iterator](): Generator<[unknown, unknown], undefined> {
    return this.entries();
  }

  at(where: Readonly<Record<string, JsonValue>>): Future | FutureSet {
    const unknown = Object.keys(where).find(variable => !this.#variables.includes(variable));
    if (unknown !== undefined) {
      throw new TypeError(`${this.describe()} has no variable \`${unknown}\` (it has ${this.#variables.join(', ')})`);
    }
    const fits = this.#members().filter(({key}) =>
      this.#variables.every((variable, index) => {
        const value = where[variable];
        return value === undefined || keyText(value) === keyText(key[index] ?? null);
      }),
    );
    const [first] = fits;
    if (!first) throw new TypeError(`${this.describe()} has no element at ${JSON.stringify(where)}`);
    const left = this.#variables.filter(variable => where[variable] === undefined);
    if (left.length === 0) return this.#held.futures.handle(first.future);
    const name = `${this.describe()}[${Object.values(where).map(keyText).join(',')}]`;
    const members = fits.map(({key, future}) => ({
      key: key.filter((_, index) => where[this.#variables[index] ?? ''] === undefined),
      future,
    }));
    return this.#held.futures.part({name, variables: left, members});
  }

  get name(): string {
    return this.#ref.name;
  }

  get kind(): 'set' {
    return 'set';
  }

  then(fulfilled?: (value: unknown) => unknown, rejected?: (reason: unknown) => unknown): Promise<unknown> {
    return this.#held.futures
      .result(this.#ref.id)
      .then(each => each.value)
      .then(fulfilled, rejected);
  }

  catch(rejected?: (reason: unknown) => unknown): Promise<unknown> {
    return this.then(value => value, rejected);
  }

  finally(ended?: () => void): Promise<unknown> {
    return this.then(value => value).finally(ended);
  }

  map(f: (value: unknown) => unknown): Future {
    return this.#held.futures.map(this.#ref, f);
  }

  toString(): never {
    throw new TypeError(
      `${this.describe()} is a whole set of futures, and no text: await it first, or take an element`,
    );
  }

  toJSON(): never {
    return this.toString();
  }

  [Symbol.toPrimitive](): never {
    return this.toString();
  }

  // An own property, since inspection calls it on the proxy.
  readonly [inspect.custom] = (): string => {
    const {name, members} = this.#ref;
    const count = members ? `${members.length} ${members.length === 1 ? 'future' : 'futures'}` : 'not expanded yet';
    return `${name}: set over ${this.#variables.join(', ')}, ${count}, state unknown here`;
  };
}
