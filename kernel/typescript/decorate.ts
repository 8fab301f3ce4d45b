type Decorator = (target: unknown, key?: PropertyKey, property?: unknown) => unknown;

/** What oxc's output calls for decorators, as TypeScript's `__decorate` does it, and for `using`. */
export const babelHelpers = {
  decorate(decorators: readonly Decorator[], target: object, key?: PropertyKey, description?: unknown): unknown {
    let result: unknown = target;
    if (key !== undefined) {
      result = description === null ? Object.getOwnPropertyDescriptor(target, key) : description;
    }
    for (const decorator of decorators.toReversed()) {
      result = (key === undefined ? decorator(result) : decorator(target, key, result)) ?? result;
    }
    if (key !== undefined && result) Object.defineProperty(target, key, result);
    return result;
  },

  decorateParam(index: number, decorator: (target: unknown, key: unknown, index: number) => void) {
    return (target: unknown, key: unknown): void => decorator(target, key, index);
  },

  decorateMetadata(): () => void {
    return () => undefined;
  },

  usingCtx() {
    const resources: {readonly value: object; readonly dispose: unknown; readonly isAsync: boolean}[] = [];
    const add = (value: object | null | undefined, isAsync: boolean): unknown => {
      if (value === null || value === undefined) return value;
      const own: unknown = isAsync ? Reflect.get(value, Symbol.asyncDispose) : undefined;
      const dispose: unknown = own ?? Reflect.get(value, Symbol.dispose);
      if (typeof dispose !== 'function') throw new TypeError('Property [Symbol.dispose] is not a function.');
      resources.push({value, dispose, isAsync});
      return value;
    };
    const none = {};
    return {
      e: none as unknown,
      u: (value: object | null | undefined) => add(value, false),
      a: (value: object | null | undefined) => add(value, true),
      d(): unknown {
        const end = (): void => {
          if (this.e !== none) throw this.e;
        };
        const close = (): unknown => {
          for (let resource = resources.pop(); resource; resource = resources.pop()) {
            const result: unknown = Reflect.apply(resource.dispose as () => unknown, resource.value, []);
            if (resource.isAsync) return Promise.resolve(result).then(close);
          }
          end();
          return undefined;
        };
        return close();
      },
    };
  },
};
