type Callable = (this: unknown, ...given: unknown[]) => unknown;

/** A property's descriptor, whose parts are what decorators gave. */
interface Property {
  get?: unknown;
  set?: unknown;
  value?: unknown;
}

/** What a decorator is told (tc39/proposal-decorators, "2. Calling Decorators"). */
interface Context {
  readonly kind: 'class' | 'method' | 'getter' | 'setter' | 'field' | 'accessor';
  readonly name: string | symbol;
  readonly static?: boolean;
  readonly access?: object;
}

function callable(value: unknown): Callable | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'function') throw new TypeError('a decorator gives a function, or nothing');
  return value as Callable;
}

/**
 * The functions that TypeScript's output calls for decorators, with the names, the arguments and the order of its own helpers
 * (microsoft/TypeScript:src/compiler/factory/emitHelpers.ts). A method's decorator with three parameters is one of the older kind, which takes
 * the prototype, the name and the property's descriptor.
 */
export const decoratorHelpers = {
  __esDecorate(
    owner: (Callable & {readonly prototype: object}) | null,
    given: Property | null,
    decorators: readonly unknown[],
    told: Context,
    initializers: unknown[] | null,
    extra: unknown[],
  ): void {
    const {kind, name} = told;
    const key = kind === 'getter' ? 'get' : kind === 'setter' ? 'set' : 'value';
    const target = given !== null || owner === null ? undefined : told.static === true ? owner : owner.prototype;
    let property: Property =
      given ?? (target === undefined ? {} : (Object.getOwnPropertyDescriptor(target, name) ?? {}));
    let done = false;
    for (const each of decorators.toReversed()) {
      const decorate = callable(each);
      if (decorate === undefined) throw new TypeError('a decorator is no function');
      if (decorate.length === 3 && target !== undefined && (key !== 'value' || kind === 'method')) {
        property = (decorate(target, name, property) as Property | undefined) ?? property;
        continue;
      }
      const addInitializer = (initializer: unknown): void => {
        if (done) throw new TypeError('an initializer comes too late: its decorator has ended');
        extra.push(callable(initializer));
      };
      const context = {...told, ...(told.access && {access: {...told.access}}), addInitializer};
      const made = decorate(kind === 'accessor' ? {get: property.get, set: property.set} : property[key], context);
      if (kind === 'accessor') {
        if (made === undefined) continue;
        if (typeof made !== 'object' || made === null)
          throw new TypeError('the decorator of an accessor gives an object, or nothing');
        const {get, set, init} = made as Record<string, unknown>;
        property.get = callable(get) ?? property.get;
        property.set = callable(set) ?? property.set;
        const first = callable(init);
        if (first !== undefined) initializers?.unshift(first);
      } else {
        const replaced = callable(made);
        if (replaced === undefined) continue;
        if (kind === 'field') initializers?.unshift(replaced);
        else property[key] = replaced;
      }
    }
    if (target !== undefined) Object.defineProperty(target, name, property as PropertyDescriptor);
    done = true;
  },

  __runInitializers(self: unknown, initializers: readonly Callable[], ...values: readonly unknown[]): unknown {
    if (values.length === 0) {
      for (const initialize of initializers) initialize.call(self);
      return undefined;
    }
    return initializers.reduce((value, initialize) => initialize.call(self, value), values[0]);
  },

  __propKey: (key: unknown): string | symbol => (typeof key === 'symbol' ? key : String(key)),

  __setFunctionName(made: Callable, name: string | symbol, prefix?: string): Callable {
    const text = typeof name === 'string' ? name : name.description === undefined ? '' : `[${name.description}]`;
    const value = prefix === undefined ? text : `${prefix} ${text}`;
    return Object.defineProperty(made, 'name', {configurable: true, value});
  },
};
