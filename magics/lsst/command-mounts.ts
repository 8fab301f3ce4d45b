import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import type {Mount} from '../../kernel/graph/container.js';
import type {Attempt} from '../../kernel/graph/work.js';
import {taskMounts} from '../task-mounts.js';
import type {Command} from './rerun-work.js';

/** What a command sees of the host in a container besides its attempt: its root and what that links to, read-only, and what its words name. */
export function commandMounts(command: Command, attempt: Attempt): Promise<readonly Mount[]> {
  const {directory, root, words, code} = command;
  const named = new Set(code);
  for (const word of words) {
    // A word is a file, a directory, or `key=path`.
    for (const text of new Set([word, word.slice(word.indexOf('=') + 1)])) {
      if (text === '' || text.startsWith('-')) continue;
      const path = resolve(directory, attempt.fill(text));
      if (existsSync(path)) named.add(path);
    }
  }
  return taskMounts({directory, named: [...named], roots: [root.path]});
}

/** The same where the command changes its root: all of it may be written, but results that are published. */
export async function rootMounts(command: Command, attempt: Attempt): Promise<readonly Mount[]> {
  const {path} = command.root;
  const published = [join(path, 'rerun'), join(path, '.weft')].filter(place => existsSync(place));
  return [
    ...(await commandMounts(command, attempt)),
    {source: path, target: path, write: true},
    ...published.map(place => ({source: place, target: place, write: false})),
  ];
}
