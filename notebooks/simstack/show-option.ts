import type {Surroundings} from './command-line.js';
import type {Config} from './config.js';
import {SystemExit} from './python.js';
import type {Task} from './task.js';

/** Whether a name matches a shell pattern. */
function matcher(pattern: string): (name: string) => boolean {
  const match = /^(.*):NOIGNORECASE$/.exec(pattern);
  const glob = match?.[1] ?? pattern;
  const source = glob
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const regExp = new RegExp(`^(?:config\\.)?${source}$`, match === null ? 'i' : '');
  return name => regExp.test(name);
}

/**
 * Prints what `--show` asks for, but for `data`. An unknown item ends the program with 1.
 * Source: `lsst/pipe_base@18.1.0:python/lsst/pipe/base/argumentParser.py`, obeyShowArgument.
 */
export function obeyShow(items: readonly string[], task: Task, config: Config, surroundings: Surroundings): void {
  const {stdout, stderr} = surroundings;
  for (const item of items) {
    const [what, ...rest] = item.split('=');
    const pattern = rest.join('=');
    if (what === 'config') {
      stdout(`${config.lines(pattern === '' ? undefined : matcher(pattern)).join('\n')}\n`);
    } else if (what === 'history') {
      if (pattern === '') {
        stderr('Please provide a value with --show history (e.g. history=*.doXXX)\n');
        throw new SystemExit(1);
      }
      stdout(
        `${config
          .lines(matcher(pattern))
          .filter(line => line.startsWith('config.'))
          .join('\n')}\n`,
      );
    } else if (item === 'tasks') {
      stdout(`Subtasks:\n${task.subtasks.map(([field, name]) => `${field}: ${name}\n`).join('')}`);
    } else if (item !== 'data' && item !== 'run') {
      stderr(`Unknown value for show: ${item} (choose from 'config[=XXX]', 'data', 'history=XXX', 'tasks', 'run')\n`);
      throw new SystemExit(1);
    }
  }
}
