import type {MagicShape} from '../cell/syntax.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {PythonPort} from '../python/port.js';
import type {CellOutput, ErrorContent, ExecuteRequest} from '../wire/notebook.js';
import type {MagicContext, Problem, Reading, TaskMagic} from './magic.js';

/** A magic whose body runs in the foreground and is never cached: `%%py`. With loop variables it runs once for each combination. */
export interface CellMagic {
  readonly shape: MagicShape;
  readonly summary: string;
  readonly example: string;
  readonly wants: TaskMagic<unknown>['wants'];
  readonly complete?: TaskMagic<unknown>['complete'];
  run(reading: Reading, context: CellContext): Promise<CellEnd>;
}

/** How a run ended. */
export type CellEnd =
  | {readonly is: 'done'; readonly warnings: readonly Problem[]}
  | {readonly is: 'wrong'; readonly problems: readonly Problem[]}
  | {readonly is: 'error'; readonly error: ErrorContent}
  | {readonly is: 'interrupted'};

/** What it is given besides. */
export interface CellContext extends MagicContext {
  readonly request: Pick<ExecuteRequest, 'id' | 'count' | 'silent' | 'storeHistory' | 'allowStdin'>;
  readonly output: CellOutput;
  readonly python: PythonPort;
  /** Names that no cell can bind. */
  readonly ownNames: readonly string[];
  /** What the reply carries for the client. */
  readonly payload: JsonObject[];
  /** Binds a name of the notebook to a plain value. */
  assign(name: string, value: JsonValue): void;
}
