import {relative} from 'node:path';
import type {Digest} from '../kernel/fingerprint/fingerprint.js';
import type {Content, Task} from '../kernel/graph/work.js';
import type {MagicContext} from '../kernel/session/magic.js';
import type {ScriptBase} from './script-work.js';

/** What a script's recipe has by content: input files, declared code and products of a person's own, by their paths. Nothing where there is none, as most tasks of a long loop have none. */
export function contentsOf(
  {files, code, sources, setup: {trees}}: ScriptBase,
  {directory}: Pick<MagicContext, 'directory'>,
): Pick<Task, 'contents'> {
  if (files.length === 0 && code.length === 0 && trees === undefined) return {};
  const contents = new Map<string, Digest | Content>([
    ...files.map(({path, digest}) => [path, digest] as const),
    ...(trees ?? []),
  ]);
  for (const path of code) {
    const digest = sources[relative(directory, path)];
    if (digest !== undefined) contents.set(path, digest);
  }
  return {contents};
}
