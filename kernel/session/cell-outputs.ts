import type {CellOutput} from '../wire/notebook.js';

/** So many outputs of cells that have ended are remembered for what comes late. */
const REMEMBERED = 2000;

/** The outputs of cells, by the ids of their requests. */
export class CellOutputs {
  readonly #outputs = new Map<string, CellOutput>();
  #last: CellOutput | undefined;

  add(cell: string, output: CellOutput): void {
    this.#last = output;
    this.#outputs.set(cell, output);
    if (this.#outputs.size > REMEMBERED) this.#outputs.delete([...this.#outputs.keys()][0] ?? '');
  }

  /** The output of a cell that runs or has ended; the last one's for what belongs to none. */
  of(cell: string): CellOutput | undefined {
    return this.#outputs.get(cell) ?? this.#last;
  }
}
