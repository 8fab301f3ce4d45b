/** What the prelude of a cell needs to know of it. */
export interface Declared {
  readonly names: readonly string[];
  readonly constants: readonly string[];
  readonly vars: readonly string[];
}

/**
 * The names of the notebook. They live on the global object as plain writable properties, but for those that the platform uses
 * itself: a cell's `const process = …` is seen by cells, and leaves libraries alone.
 */
export class Names {
  /** What the global object had before any cell ran. */
  readonly platform: ReadonlySet<string>;
  /** Names of the platform that cells have bound, and where their values are. */
  readonly own: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  readonly shadowed = new Set<string>();
  readonly constants = new Set<string>();
  /** The object that `$cell.constant` is: it refuses what must not be assigned. */
  readonly constant: object;
  readonly #global: Record<string, unknown>;
  readonly #installed = new Set<string>();

  constructor(global: object) {
    this.#global = global as Record<string, unknown>;
    this.platform = new Set(Object.getOwnPropertyNames(global));
    const {constants} = this;
    const get = (name: string): unknown => this.get(name);
    const define = (name: string, value: unknown): void => this.define(name, value);
    this.constant = new Proxy(
      {},
      {
        get: (_, name) => get(String(name)),
        set: (_, name, value) => {
          if (constants.has(String(name))) throw new TypeError('Assignment to constant variable.');
          define(String(name), value);
          return true;
        },
      },
    );
  }

  get global(): object {
    return this.#global;
  }

  /** Puts one of Weft's own names there. */
  install(name: string, value: unknown): void {
    this.#installed.add(name);
    this.#set(name, value);
  }

  /** Binds a name as a declaration does. */
  define(name: string, value: unknown): void {
    this.constants.delete(name);
    if (this.platform.has(name)) {
      this.shadowed.add(name);
      this.own[name] = value;
    } else this.#set(name, value);
  }

  /** Takes a name away that a cell has bound. */
  remove(name: string): void {
    this.constants.delete(name);
    if (this.shadowed.delete(name)) Reflect.deleteProperty(this.own, name);
    else if (!this.platform.has(name)) Reflect.deleteProperty(this.#global, name);
  }

  has(name: string): boolean {
    return this.shadowed.has(name) || name in this.#global;
  }

  /** What a name holds, without running a getter; undefined for one that has one. */
  plain(name: string): unknown {
    return this.shadowed.has(name) ? this.own[name] : Object.getOwnPropertyDescriptor(this.#global, name)?.value;
  }

  get(name: string): unknown {
    return this.shadowed.has(name) ? this.own[name] : this.#global[name];
  }

  /** Makes ready for a cell's declarations. What is not reached by its code keeps what it was. */
  prepare({names, constants, vars}: Declared): void {
    for (const name of names) {
      this.constants.delete(name);
      if (this.platform.has(name)) {
        if (!this.shadowed.has(name)) this.own[name] = this.#global[name];
        this.shadowed.add(name);
        continue;
      }
      // A property with a getter, or one that may not be written, would keep its value without a word.
      const property = Object.getOwnPropertyDescriptor(this.#global, name);
      if (property && property.writable !== true) this.#set(name, this.#global[name]);
    }
    for (const name of vars) if (!this.has(name)) this.#set(name, undefined);
    for (const name of constants) this.constants.add(name);
  }

  /** All names that cells have bound, and Weft's own. */
  list(): string[] {
    const bound = Object.getOwnPropertyNames(this.#global).filter(name => !this.platform.has(name));
    return [...bound, ...this.shadowed];
  }

  #set(name: string, value: unknown): void {
    Object.defineProperty(this.#global, name, {value, writable: true, configurable: true, enumerable: true});
  }
}
