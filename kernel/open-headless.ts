import {dirname, resolve} from 'node:path';
import {fail, ok, type Result} from './graph/result.js';
import {openNotebook, type OpenNotebook} from './open-notebook.js';
import {readNotebook, type NotebookFile} from './session/notebook-file.js';
import {injectParameters, readParameters, type ParameterWord} from './session/parameters.js';

/** A notebook that a command of `weft` goes through. */
export interface Headless {
  /** The notebook's path. */
  readonly file: string;
  readonly notebook: NotebookFile;
  readonly opened: OpenNotebook;
  /** Ends when the command is interrupted. */
  readonly signal: AbortSignal;
}

/**
 * Reads a notebook, gives it its parameters, and opens it in its directory. The error says what is wrong with the command.
 * @param slots `--slots`, as it was typed
 * @param say prints a line for people
 */
export async function openHeadless(
  path: string,
  slots: string | undefined,
  words: readonly ParameterWord[],
  say: (line: string) => void,
  planOnly = false,
): Promise<Result<Headless, string>> {
  const file = resolve(path);
  const read = readNotebook(file);
  if (!read.ok) return read;
  const parameters = readParameters(words);
  if (!parameters.ok) return parameters;
  const {notebook, warnings} =
    parameters.value.size > 0 ? injectParameters(read.value, parameters.value) : {notebook: read.value, warnings: []};
  for (const warning of warnings) say(`weft: warning: ${warning}`);
  const count = slots === undefined ? undefined : Number(slots);
  if (count !== undefined && (!Number.isInteger(count) || count < 1))
    return fail(`--slots takes a whole number of at least 1, not ${String(slots)}`);
  const directory = dirname(file);
  process.chdir(directory);
  const opened = await openNotebook({
    directory,
    environment: process.env,
    log: say,
    planOnly,
    ...(count === undefined ? {} : {slots: count}),
  });
  if (!opened.ok) return opened;
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return ok({file, notebook, opened: opened.value, signal: abort.signal});
}
