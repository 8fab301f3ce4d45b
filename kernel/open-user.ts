import {join} from 'node:path';
import {pathToFileURL} from 'node:url';
import type {Futures} from './session/futures.js';
import type {NotebookSession} from './session/notebook-session.js';
import type {UserPort} from './session/user-port.js';
import {isCompleteTypeScript} from './typescript/completeness.js';
import {HOOKS} from './typescript/module-files.js';
import {UserProcess} from './typescript/user-process.js';
import type {Bundle} from './wire/notebook.js';

/** What the user's process reaches, once it is there: it is started first. */
export interface Handlers {
  session?: NotebookSession;
  futures?: Futures;
}

/** What loads the hooks of Node that read TypeScript: they lie in the bundle of the user's process. */
export const hooksOf = (bundles: string): URL => new URL(pathToFileURL(join(bundles, 'user.js')).href + HOOKS);

/** Starts the process of the user's code; what it says goes to whom `handlers` names by then. */
export function startUser(
  path: string,
  cwd: string,
  environment: Readonly<Record<string, string | undefined>>,
  handlers: Handlers,
): UserProcess {
  const output = (cell: string): ReturnType<NotebookSession['outputOf']> => handlers.session?.outputOf(cell);
  const readable = (data: Bundle): Bundle => handlers.futures?.readable(data) ?? data;
  const process_ = new UserProcess(
    {path, cwd, env: {...environment}},
    {
      call: ({cell, future, function: name, arguments: values, at}) =>
        handlers.session?.call(cell, future, name, values, at),
      await: ({future}) => void handlers.session?.awaited(future),
      mapped: ({future, settled}) => handlers.session?.mapped(future, settled),
      line: ({id, cell, index}) => void handlers.session?.line(id, cell, index),
      display: ({cell, data, metadata, displayId, update}) => {
        if (update && displayId !== undefined) output(cell)?.update(displayId, readable(data), metadata);
        else output(cell)?.display(readable(data), metadata, displayId);
      },
      clear: ({cell, wait}) => output(cell)?.clear(wait),
      input: ({id, cell, prompt, password}) => {
        void (output(cell)?.input(prompt, password) ?? Promise.resolve(undefined)).then(text =>
          process_.inputReply(id, text),
        );
      },
      output: (cell, name, text) => handlers.session?.printed(cell, name, text),
      died: ({error}) => handlers.session?.userDied(error),
    },
  );
  return process_;
}

/** The process as a session sees it. */
export function userPort(process_: UserProcess): UserPort {
  return {
    execute: (cell, count, code, lines, loop) => process_.execute(cell, count, code, lines, loop?.rows, loop?.bind),
    evaluate: (...asked) => process_.evaluate(...asked),
    show: (cell, count, expressions) => process_.show(cell, count, expressions),
    resume: (token, settled) => process_.resume(token, settled),
    names: () => process_.names(),
    reached: () => process_.names(true),
    isComplete: code => Promise.resolve(isCompleteTypeScript(code)),
    bind: (name, ref) => process_.bind(name, ref),
    assign: (name, value) => process_.tell({type: 'assign', name, value}),
    expanded: ref => process_.tell({type: 'expanded', ref}),
    mapAgain: future => process_.tell({type: 'mapAgain', future}),
    settled: (future, settled) => process_.settled(future, settled),
    planned: (future, error) => process_.tell({type: 'planned', future, ...(error && {error})}),
    lineDone: (id, error) => process_.lineDone(id, error),
    inputReply: (id, text) => process_.inputReply(id, text),
    interrupt: cell => process_.interrupt(cell),
    close: () => process_.close(),
  };
}
