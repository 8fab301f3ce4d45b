import type {JsonObject, JsonValue} from '../fingerprint/json.js';

/** A message of a comm as it travels (jupyter/jupyter_client:docs/messaging.rst, "Custom Messages"). Buffers are binary, and not signed. */
export interface CommMessage {
  readonly type: 'comm_open' | 'comm_msg' | 'comm_close';
  readonly content: JsonObject;
  readonly metadata: JsonObject;
  readonly buffers: readonly Buffer[];
}

/** A MIME bundle: at most one rich type beside `text/plain`. */
export type Bundle = Readonly<Record<string, JsonValue>>;

/** The content of an `error` message. `traceback` is lines, ANSI colours allowed. */
export interface ErrorContent {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/**
 * Where a cell's output goes. It stays usable after the cell has ended: what comes then still belongs to that cell.
 * Streams are coalesced, and flushed before any other output and before the reply.
 */
export interface CellOutput {
  stream(name: 'stdout' | 'stderr', text: string): void;
  /** `display_data`, with `transient.display_id` where one is given. */
  display(data: Bundle, metadata?: JsonObject, displayId?: string): void;
  /** `update_display_data`. Its parent is the request that is executing now, else this cell's own. */
  update(displayId: string, data: Bundle, metadata?: JsonObject): void;
  /** `execute_result`, with the cell's own count. */
  result(data: Bundle, metadata?: JsonObject): void;
  error(error: ErrorContent): void;
  clear(wait: boolean): void;
  /** What another kernel said over a comm when it ran this cell, silent or not. Absent: nobody has an end of one. */
  comm?(message: CommMessage): void;
  /** Asks the person who runs the cell. Undefined where the client allows no questions, or the cell has ended. */
  input(prompt: string, password: boolean): Promise<string | undefined>;
}

/** One `execute_request`. */
export interface ExecuteRequest {
  /** The request's msg_id. */
  readonly id: string;
  readonly code: string;
  /** The count that the cell has: raised before the call unless it is silent or not stored. */
  readonly count: number;
  readonly silent: boolean;
  readonly storeHistory: boolean;
  readonly userExpressions: Readonly<Record<string, string>>;
  readonly allowStdin: boolean;
  /** The front end's id of the cell, where it sends one (JupyterLab does). */
  readonly cellId?: string;
}

/** What an `execute_reply` says besides its count. On an error the caller has published it already. */
export interface ExecuteOutcome {
  readonly error?: ErrorContent;
  readonly payload: readonly JsonObject[];
  readonly userExpressions: JsonObject;
}

/** The content of an `is_complete_reply`. */
export type Completeness =
  {readonly status: 'complete' | 'invalid' | 'unknown'} | {readonly status: 'incomplete'; readonly indent: string};

/** The content of a `complete_reply`; offsets are UTF-16 here, and code points on the wire. */
export interface Completions {
  readonly matches: readonly string[];
  readonly start: number;
  readonly end: number;
  readonly metadata: JsonObject;
}

/**
 * A notebook, as its protocol server sees it. No method throws for what a user did; an exception is a bug, and becomes an
 * `InternalError` of that one request.
 */
export interface Notebook {
  execute(request: ExecuteRequest, output: CellOutput): Promise<ExecuteOutcome>;
  isComplete(code: string): Promise<Completeness>;
  complete(code: string, at: number): Promise<Completions>;
  inspect(code: string, at: number, detail: 0 | 1): Promise<Bundle | undefined>;
  /** Stops what is executing, or only waiting; tasks live on. Returns at once. */
  interrupt(): void;
  /** Ends the user's process, syncs journals. Running tasks go on. Called once. */
  shutdown(restart: boolean): Promise<void>;
}
