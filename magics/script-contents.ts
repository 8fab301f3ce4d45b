import {relative} from 'node:path';
import type {Task} from '../kernel/graph/work.js';
import type {MagicContext} from '../kernel/session/magic.js';
import type {ScriptBase} from './script-work.js';

/** What a script's recipe has by content: input files and declared code, by their paths. Nothing where there is none, as most tasks of a long loop have none. */
export function contentsOf(
  {files, code, sources}: ScriptBase,
  {directory}: Pick<MagicContext, 'directory'>,
): Pick<Task, 'contents'> {
  if (files.length === 0 && code.length === 0) return {};
  const contents = new Map(files.map(({path, digest}) => [path, digest]));
  for (const path of code) {
    const digest = sources[relative(directory, path)];
    if (digest !== undefined) contents.set(path, digest);
  }
  return {contents};
}
