import {accessSync, constants, readdirSync, statSync} from 'node:fs';
import {isAbsolute, join} from 'node:path';
import {nearest} from '../../kernel/cell/suggest.js';
import type {Span} from '../../kernel/cell/source.js';
import type {Problem} from '../../kernel/session/magic.js';
import {CATALOGUE, unknownTask, type CatalogueEntry} from './catalogue.js';

/** A task that can be run: what is known of it, and its executable's absolute path. */
export interface Program {
  readonly entry: CatalogueEntry;
  readonly path: string;
}

/** The lines that set up the stack. */
const SETUP_LINES = '%setup source /opt/lsst/software/stack/loadLSST.bash\n%setup setup lsst_distrib';

/** Finds the executable of a task on the PATH that the set-up makes; else says what is wrong: a typo, or no stack. */
export function findProgram(
  task: string,
  mutates: boolean,
  path: string,
  span?: Span,
): {readonly program?: Program; readonly problems: readonly Problem[]} {
  const directories = path.split(':').filter(isAbsolute);
  const at = span === undefined ? {} : {span};
  const found = executable(directories, `${task}.py`);
  const known = CATALOGUE.get(task);
  if (found !== undefined) {
    const entry = known ?? unknownTask(task, mutates);
    return {program: {entry: mutates ? {...entry, root: true} : entry, path: found}, problems: []};
  }
  if (known === undefined) {
    const near = nearest(task, [...CATALOGUE.keys(), ...programs(directories)]);
    const hint = near === undefined ? `the set-up has no \`${task}.py\` on its PATH` : `did you mean \`${near}\`?`;
    return {problems: [{code: 'W2007', severity: 'error', message: `unknown task \`${task}\``, hint, ...at}]};
  }
  const other = [...CATALOGUE.keys()].find(name => executable(directories, `${name}.py`) !== undefined);
  if (other !== undefined) {
    return {
      problems: [
        {
          code: 'W5007',
          severity: 'error',
          message: `the stack that is set up has no \`${task}.py\``,
          hint: 'set up the product that it is part of, with `%setup`',
          ...at,
        },
      ],
    };
  }
  return {
    problems: [
      {
        code: 'W5007',
        severity: 'error',
        message: `the stack is not set up: there is no \`${task}.py\` on the PATH`,
        hint: `set it up in a cell before:\n${SETUP_LINES}`,
        ...at,
      },
    ],
  };
}

function executable(directories: readonly string[], name: string): string | undefined {
  for (const directory of directories) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

function programs(directories: readonly string[]): readonly string[] {
  return directories.flatMap(directory => {
    try {
      return readdirSync(directory).flatMap(name => (name.endsWith('.py') ? [name.slice(0, -3)] : []));
    } catch {
      return [];
    }
  });
}
