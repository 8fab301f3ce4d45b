import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Evaluated, FutureRef, LineCall, Settled, ShownExpression} from '../typescript/messages.js';
import type {Bundle, Completeness, ErrorContent} from '../wire/notebook.js';

/** How a cell of the user's process ended. */
export interface CellDone {
  readonly result?: Bundle;
  readonly metadata?: JsonObject;
  readonly error?: ErrorContent;
  /** Names that hold another future than after the last cell, by its id; null: none any more. */
  readonly rebound?: readonly (readonly [name: string, future: string | null])[];
}

/** The rows of a loop over TypeScript, and the names that its results get. */
export interface UserLoop {
  readonly rows: readonly JsonObject[];
  readonly bind: readonly string[];
}

/** The user's process, as a notebook sees it. */
export interface UserPort {
  /** Runs a cell's code; with `loop` once for each row of loop variables, all of whose results are bound to the names in `bind`. */
  execute(cell: string, count: number, code: string, lines: readonly LineCall[], loop?: UserLoop): Promise<CellDone>;
  /** Each expression once for each row; the outer array has one element a row. `line`: the line magic that they stand in, by its id. */
  evaluate(
    cell: string,
    expressions: readonly string[],
    rows: readonly JsonObject[],
    deferrable: boolean,
    line?: string,
  ): Promise<readonly (readonly Evaluated[])[]>;
  /** What each of some expressions looks like; `count` is that of the cell they follow. */
  show(cell: string, count: number, expressions: readonly string[]): Promise<readonly ShownExpression[]>;
  resume(token: string, settled: Readonly<Record<string, Settled>>): Promise<Evaluated>;
  isComplete(code: string): Promise<Completeness>;
  names(): Promise<readonly string[]>;
  /** What the names of the notebook reach: ids of futures, and texts that may have paths of results in them. */
  reached(): Promise<readonly string[]>;
  bind(name: string, ref: FutureRef): void;
  /** Binds a name to a plain value. */
  assign(name: string, value: JsonValue): void;
  expanded(ref: FutureRef): void;
  /** Calls the function of a `map` again. */
  mapAgain(future: string): void;
  settled(future: string, settled: Settled): void;
  planned(future: string, error?: ErrorContent): void;
  lineDone(id: string, error?: ErrorContent): void;
  inputReply(id: string, text: string | undefined): void;
  interrupt(cell: string): void;
  close(): Promise<void>;
}
