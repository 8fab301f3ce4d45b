import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {ExecuteOutcome, ExecuteRequest} from '../wire/notebook.js';
import type {Futures} from './futures.js';
import type {UserPort} from './user-port.js';

/**
 * The expressions that a client wants to know of behind a cell, each answered with what its value looks like or with its error
 * (jupyter/jupyter_client:docs/messaging.rst, "Execution results").
 */
export async function answerExpressions(
  {id, count, userExpressions}: ExecuteRequest,
  {user, futures}: {readonly user: Pick<UserPort, 'show'>; readonly futures: Pick<Futures, 'readable'>},
): Promise<ExecuteOutcome['userExpressions']> {
  const keys = Object.keys(userExpressions);
  if (keys.length === 0) return {};
  const shown = await user.show(id, count, Object.values(userExpressions));
  const answers = shown.map((each): JsonObject => {
    if ('error' in each) {
      const {ename, evalue, traceback} = each.error;
      return {status: 'error', ename, evalue, traceback: [...traceback]};
    }
    return {status: 'ok', data: futures.readable(each.data), metadata: each.metadata};
  });
  return Object.fromEntries(keys.map((key, i): [string, JsonValue] => [key, answers[i] ?? {}]));
}
