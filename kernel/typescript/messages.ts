import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Bundle, ErrorContent} from '../wire/notebook.js';

/** What `await future` gives: fixed when the future is made (LANGUAGE 14). */
export type FutureKind = 'repo' | 'files' | 'value' | 'set';

/** A future as the user's process sees it: a handle. The id is 12 hex digits, random; it also stands in placeholders. */
export interface FutureRef {
  readonly id: string;
  readonly name: string;
  readonly kind: FutureKind;
  /** Of a value: true where it has files too (`--out`). */
  readonly files?: boolean;
  /** Of a set: what its members give, where that is known before the members are. */
  readonly member?: FutureKind;
  /** Of a set: its variables, outermost first. */
  readonly variables?: readonly string[];
  /** Of a set whose members are known: each with its key, one JSON value a variable, in order. */
  readonly members?: readonly {readonly key: readonly JsonValue[]; readonly future: FutureRef}[];
  /** In place of the members of a long loop: their ids are numbers that follow each other. */
  readonly series?: SeriesRef;
}

/** The members of a set that are alike, all in one. */
export interface SeriesRef extends Pick<FutureRef, 'name' | 'kind' | 'files'> {
  /** The id of the first. */
  readonly first: string;
  readonly keys: readonly (readonly JsonValue[])[];
}

/** How a handle stands inside JSON that goes between the processes: `{"\u0000weft": id}`. No user's object has such a key. */
export const HANDLE_KEY = '\u0000weft';

/** What a future has come to. `name` of a failed one is the future's: `warps[HSC-R]`. */
export type Settled =
  | {
      readonly is: 'value';
      readonly value: JsonValue;
      readonly files?: {readonly path: string; readonly files: readonly string[]};
    }
  | {readonly is: 'files'; readonly path: string; readonly files: readonly string[]}
  | {
      readonly is: 'repo';
      readonly path: string;
      readonly root: string;
      readonly rerun: string;
      readonly parents: readonly string[];
      /** What its datasets are of, where that can be told from their files; each a key to a number or a text. */
      readonly dataIds?: readonly Readonly<Record<string, JsonValue>>[];
    }
  | {
      readonly is: 'set';
      readonly variables: readonly string[];
      readonly members: readonly {readonly key: readonly JsonValue[]; readonly settled: Settled}[];
    }
  | {readonly is: 'failed'; readonly name: string; readonly message: string};

/** A line magic or a command inside a TypeScript cell: its place in the text, which the user's process replaces by a call. */
export interface LineCall {
  readonly start: number;
  readonly end: number;
}

/** One cell of the table that answers {@link Evaluate}. */
export type Evaluated =
  /** JSON; handles inside stand as `{HANDLE_KEY: id}`, placeholders in text as themselves. */
  | {readonly is: 'json'; readonly value: JsonValue}
  | {readonly is: 'future'; readonly ref: FutureRef}
  /** Waits for value futures: `resume` with this token once they are done. */
  | {readonly is: 'deferred'; readonly token: string; readonly needs: readonly string[]}
  | {readonly is: 'error'; readonly error: ErrorContent}
  /** A value that is neither JSON nor a future: a function, a symbol, undefined. `type` says what it was. */
  | {readonly is: 'other'; readonly type: string};

/** What an expression's value looks like, or why it has none. */
export type ShownExpression = {readonly data: Bundle; readonly metadata: JsonObject} | {readonly error: ErrorContent};

/** From the kernel to the user's process. `cell` is the msg_id of the request that is executing. */
export type ToUser =
  /** Runs a TypeScript cell; `done` answers. `rows`: once for each row of loop variables, as an async function (LANGUAGE 6); `bind`: names for the map of their results. */
  | {
      readonly type: 'execute';
      readonly cell: string;
      readonly count: number;
      readonly code: string;
      readonly lines: readonly LineCall[];
      readonly rows?: readonly JsonObject[];
      readonly bind?: readonly string[];
    }
  /** Evaluates expressions in the notebook's scope, each once per row of loop variables (no rows: one empty row). `evaluated` answers. */
  | {
      readonly type: 'evaluate';
      readonly id: string;
      readonly cell: string;
      readonly expressions: readonly string[];
      readonly rows: readonly JsonObject[];
      readonly deferrable: boolean;
      /** They stand in this line magic or command, by its id, and see the names around it. */
      readonly line?: string;
    }
  /** Finishes deferred expressions; the futures they need are settled with it. `evaluated` answers, with one row. */
  | {
      readonly type: 'resume';
      readonly id: string;
      readonly token: string;
      readonly settled: Readonly<Record<string, Settled>>;
    }
  /** Evaluates expressions one after the other and shows their values; `shown` answers. `count`: of the cell that they follow. */
  | {
      readonly type: 'show';
      readonly id: string;
      readonly cell: string;
      readonly count: number;
      readonly expressions: readonly string[];
    }
  /** Binds a name to a future (also `_`). */
  | {readonly type: 'bind'; readonly name: string; readonly ref: FutureRef}
  /** Binds a name to plain values (`%%py --out`). */
  | {readonly type: 'assign'; readonly name: string; readonly value: JsonValue}
  /** A set whose members have become known. */
  | {readonly type: 'expanded'; readonly ref: FutureRef}
  /** A future that the user's process waits for has come to an end. */
  | {readonly type: 'settled'; readonly future: string; readonly settled: Settled}
  /** A line magic or a command of the running cell is over. */
  | {readonly type: 'lineDone'; readonly id: string; readonly error?: ErrorContent}
  | {readonly type: 'inputReply'; readonly id: string; readonly text?: string}
  /** Answers {@link FromUser} `call`: planned, or refused; then the handle rejects with it. */
  | {readonly type: 'planned'; readonly future: string; readonly error?: ErrorContent}
  /** The function of a `map` is to be called again: what it is called with was started over. `mapped` answers. */
  | {readonly type: 'mapAgain'; readonly future: string}
  /**
   * What names exist, for diagnostics and "did you mean"; `names` answers. `reached`: what they reach instead, ids of futures, and texts that may
   * have paths of results in them.
   */
  | {readonly type: 'names'; readonly id: string; readonly reached?: true}
  /** What the kernel still waits for, after code was terminated: cells and ids. `lost` answers, with those that nobody works on. */
  | {readonly type: 'still'; readonly ids: readonly string[]};

/** A place in the text of a cell, in UTF-16 offsets; `label`: `cell [7]`. */
export interface CallPlace {
  readonly label: string;
  readonly start: number;
  readonly end: number;
}

/** From the user's process to the kernel. */
export type FromUser =
  | {readonly type: 'ready'}
  /**
   * The cell is over. `result`: the bundle of the last expression's value; `future`: that value is one; `rows`: each row's value, where all are
   * futures; `rebound`: names that hold another future than after the last cell, by its id, or none any more.
   */
  | {
      readonly type: 'done';
      readonly cell: string;
      readonly result?: Bundle;
      readonly metadata?: JsonObject;
      readonly error?: ErrorContent;
      readonly future?: FutureRef;
      readonly rows?: readonly FutureRef[];
      readonly rebound?: readonly (readonly [name: string, future: string | null])[];
    }
  | {readonly type: 'evaluated'; readonly id: string; readonly table: readonly (readonly Evaluated[])[]}
  | {readonly type: 'shown'; readonly id: string; readonly shown: readonly ShownExpression[]}
  /**
   * A function of LANGUAGE 13 was called: `bash(script, options)` is `{function: 'bash', arguments: [script, options]}`. `all` makes a set that
   * the kernel does not know yet: `{function: 'all', arguments: [variables, [[key, handle], …]]}`, a key has one JSON value a variable.
   */
  | {
      readonly type: 'call';
      readonly cell: string;
      readonly future: string;
      readonly function: string;
      readonly arguments: readonly JsonValue[];
      /** Where a cell calls it, where that is known. */
      readonly at?: CallPlace;
    }
  /** What `f` of `future.map(f)` came to; its `call` was `{function: 'map', arguments: [handle]}`. */
  | {readonly type: 'mapped'; readonly future: string; readonly settled: Settled}
  /** Code awaits a future: `settled` answers, now or later. */
  | {readonly type: 'await'; readonly future: string}
  | {readonly type: 'line'; readonly id: string; readonly cell: string; readonly index: number}
  | {
      readonly type: 'display';
      readonly cell: string;
      readonly data: Bundle;
      readonly metadata: JsonObject;
      readonly displayId?: string;
      readonly update: boolean;
    }
  | {readonly type: 'clear'; readonly cell: string; readonly wait: boolean}
  | {
      readonly type: 'input';
      readonly id: string;
      readonly cell: string;
      readonly prompt: string;
      readonly password: boolean;
    }
  | {readonly type: 'names'; readonly id: string; readonly names: readonly string[]}
  /** Code was ended by force, and with it perhaps what was to be read or answered. */
  | {readonly type: 'terminated'}
  | {readonly type: 'lost'; readonly ids: readonly string[]};
