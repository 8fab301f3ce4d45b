import type {Span} from '../cell/source.js';
import type {Evaluated, Settled} from '../typescript/messages.js';
import type {Row} from './magic.js';
import type {UserPort} from './user-port.js';

/** An expression of a cell, by its place. */
export interface Wanted {
  readonly span: Span;
  readonly code: string;
}

/** What the expressions of one combination of loop variables gave. */
export class RowValues {
  readonly #values: ReadonlyMap<string, Evaluated>;

  /** @param values by code, trimmed */
  constructor(values: ReadonlyMap<string, Evaluated>) {
    this.#values = values;
  }

  /** What `code` gave; an error for one that was not asked for. */
  get(code: string): Evaluated {
    return this.#values.get(code.trim()) ?? {is: 'error', error: {ename: 'ReferenceError', evalue: `${code} is not defined`, traceback: []}};
  }

  /** The ids of the futures whose values it still waits for. */
  get deferred(): readonly string[] {
    return [...new Set([...this.#values.values()].flatMap(value => (value.is === 'deferred' ? value.needs : [])))];
  }

  /** The same with all deferred expressions finished. */
  async resumed(user: UserPort, settled: Readonly<Record<string, Settled>>): Promise<RowValues> {
    const values = new Map<string, Evaluated>();
    for (const [code, value] of this.#values) values.set(code, value.is === 'deferred' ? await user.resume(value.token, settled) : value);
    return new RowValues(values);
  }
}

/** Evaluates the expressions of a cell in the notebook's scope, all in one request: one {@link RowValues} a row. */
export async function evaluateRows(user: UserPort, cell: string, codes: readonly string[], rows: readonly Row[], deferrable: boolean): Promise<readonly RowValues[]> {
  const unique = [...new Set(codes.map(code => code.trim()))];
  if (unique.length === 0) return rows.map(() => new RowValues(new Map()));
  const table = await user.evaluate(cell, unique, rows, deferrable);
  return rows.map((_, i) => new RowValues(new Map(unique.map((code, j) => [code, table[i]?.[j] ?? {is: 'other', type: 'undefined'}]))));
}
