import type {JsonObject} from '../fingerprint/json.js';
import type {Evaluated, Settled} from '../typescript/messages.js';
import type {UserPort} from './user-port.js';

/** What the expressions of one combination of loop variables gave. */
export class RowValues {
  readonly #values: ReadonlyMap<string, Evaluated>;
  readonly #scope: CellScope;

  /** @param values by code, trimmed */
  constructor(values: ReadonlyMap<string, Evaluated>, scope: CellScope) {
    this.#values = values;
    this.#scope = scope;
  }

  /** What `code` gave; an error for one that was not asked for. */
  get(code: string): Evaluated {
    return (
      this.#values.get(code.trim()) ?? {
        is: 'error',
        error: {ename: 'ReferenceError', evalue: `${code} is not defined`, traceback: []},
      }
    );
  }

  /** The ids of the futures whose values it still waits for. */
  get deferred(): readonly string[] {
    return [...new Set([...this.#values.values()].flatMap(value => (value.is === 'deferred' ? value.needs : [])))];
  }

  /** True where an expression can't be finished: the process that had its names is gone. */
  get lost(): boolean {
    return [...this.#values.values()].some(isLost);
  }

  /** The same with all deferred expressions finished. */
  async resumed(settled: Readonly<Record<string, Settled>>): Promise<RowValues> {
    const entries = await Promise.all(
      [...this.#values].map(async ([code, value]) => [code, await this.#scope.resumed(value, settled)] as const),
    );
    return new RowValues(new Map(entries), this.#scope);
  }
}

/** True for an expression that can't be finished: the process that had its names is gone. */
export const isLost = (value: Evaluated): boolean =>
  value.is === 'error' &&
  (value.error.ename === 'UserProcessDied' || value.error.evalue === 'this expression is not known any more');

/**
 * The notebook's scope as one cell sees it: names are looked up when the cell runs, once (LANGUAGE 1), though what it makes may be
 * planned later.
 */
export class CellScope {
  readonly #user: UserPort;
  readonly #cell: string;
  readonly #variables: readonly string[];
  readonly #fixed = new Map<string, Evaluated>();
  readonly #resumed = new WeakMap<Evaluated, Promise<Evaluated>>();

  /** @param variables the cell's loop variables */
  constructor(user: UserPort, cell: string, variables: readonly string[]) {
    this.#user = user;
    this.#cell = cell;
    this.#variables = variables;
  }

  /** Looks up now what does not depend on loop variables, for later. */
  async fix(codes: readonly string[], deferrable: boolean): Promise<void> {
    const fresh = [...new Set(codes.map(code => code.trim()))].filter(
      code => !this.#fixed.has(keyOf(code, deferrable)) && !this.#variables.some(name => mentions(code, name)),
    );
    if (fresh.length === 0) return;
    const [row = []] = await this.#user.evaluate(this.#cell, fresh, [{}], deferrable);
    for (const [i, code] of fresh.entries())
      this.#fixed.set(keyOf(code, deferrable), row[i] ?? {is: 'other', type: 'undefined'});
  }

  /** Evaluates expressions for each row, all in one request. What was fixed is as it was then. */
  async rows(
    codes: readonly string[],
    rows: readonly JsonObject[],
    deferrable: boolean,
  ): Promise<readonly RowValues[]> {
    const unique = [...new Set(codes.map(code => code.trim()))];
    const fixed = new Map(
      unique.flatMap(code => [
        ...(this.#fixed.has(keyOf(code, deferrable))
          ? [[code, this.#fixed.get(keyOf(code, deferrable)) as Evaluated] as const]
          : []),
      ]),
    );
    const open = unique.filter(code => !fixed.has(code));
    const table =
      open.length === 0 || rows.length === 0 ? [] : await this.#user.evaluate(this.#cell, open, rows, deferrable);
    return rows.map(
      (_, i) =>
        new RowValues(
          new Map([
            ...fixed,
            ...open.map((code, j) => [code, table[i]?.[j] ?? {is: 'other', type: 'undefined'}] as const),
          ]),
          this,
        ),
    );
  }

  /** Finishes a deferred expression, each once: rows may share one. */
  resumed(value: Evaluated, settled: Readonly<Record<string, Settled>>): Promise<Evaluated> {
    if (value.is !== 'deferred') return Promise.resolve(value);
    let resumed = this.#resumed.get(value);
    if (resumed === undefined) this.#resumed.set(value, (resumed = this.#user.resume(value.token, settled)));
    return resumed;
  }
}

const keyOf = (code: string, deferrable: boolean): string => `${deferrable ? 'later' : 'now'} ${code}`;

/** Whether a piece of JavaScript names something, by eye: strings are left out. */
export const mentions = (code: string, name: string): boolean =>
  new RegExp(`(?<![\\w$.])${name.replaceAll('$', '\\$')}(?![\\w$])`).test(code.replace(/'[^']*'|"[^"]*"/g, "''"));
