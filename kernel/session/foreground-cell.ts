import type {CellSyntax} from '../cell/syntax.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {PythonPort} from '../python/port.js';
import type {CellOutput, ErrorContent, ExecuteRequest} from '../wire/notebook.js';
import {INTERRUPTED, problemsError, problemsText} from './cell-error.js';
import type {CellMagic} from './cell-magic.js';
import {runForeground} from './foreground.js';
import type {Futures} from './futures.js';
import type {LanguagePort} from './language-port.js';
import type {MagicContext} from './magic.js';
import type {Registry} from './registry.js';
import type {UserPort} from './user-port.js';

/** What the session has for it. */
export interface ForegroundCellPorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly registry: Registry;
  readonly python: PythonPort;
  /** Absent: no types are known. */
  readonly language?: LanguagePort | undefined;
}

/** The cell that executes. */
export interface ForegroundCell {
  readonly request: ExecuteRequest;
  readonly output: CellOutput;
  readonly context: MagicContext;
  readonly payload: JsonObject[];
}

/** Runs a cell of a magic in the foreground, and says how it ended. */
export async function foregroundCell(
  syntax: Extract<CellSyntax, {is: 'magic'}>,
  magic: CellMagic,
  {request, output, context, payload}: ForegroundCell,
  {user, futures, registry, python, language}: ForegroundCellPorts,
): Promise<ErrorContent | undefined> {
  const {ownNames} = registry;
  const assign = (name: string, value: JsonValue): void => {
    user.assign(name, value);
    language?.know({is: 'name', name, type: 'any'});
  };
  const given = {...context, request, output, python, ownNames, payload, assign};
  const end = await runForeground(syntax, magic, {user, futures, context: given});
  switch (end.is) {
    case 'error':
      return end.error;
    case 'interrupted':
      return INTERRUPTED;
    case 'wrong':
      return problemsError(end.problems, request.code, request.count);
    case 'done':
      if (end.warnings.length > 0)
        output.stream('stderr', `${problemsText(end.warnings, request.code, request.count)}\n`);
      return undefined;
  }
}
