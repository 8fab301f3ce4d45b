import type {Names} from './names.js';

/** Which names of the notebook hold futures: what has changed since the last look. */
export class HeldNames {
  #held = new Map<string, string>();

  /**
   * The names that hold another future than before, by its id, or none any more.
   * @param idOf the id of the future that a value holds
   */
  changes(names: Names, idOf: (value: unknown) => string | undefined): (readonly [string, string | null])[] {
    const now = new Map<string, string>();
    for (const name of names.list()) {
      const id = idOf(names.plain(name));
      if (id !== undefined) now.set(name, id);
    }
    const before = this.#held;
    this.#held = now;
    const gone = [...before.keys()].filter(name => !now.has(name)).map(name => [name, null] as const);
    return [...gone, ...[...now].filter(([name, id]) => before.get(name) !== id)];
  }
}
