import {readdirSync} from 'node:fs';
import {isAbsolute} from 'node:path';
import {nearest} from '../../kernel/cell/suggest.js';
import type {Span} from '../../kernel/cell/source.js';
import type {JsonObject} from '../../kernel/fingerprint/json.js';
import type {Container, Mount} from '../../kernel/graph/container.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import type {MagicContext, Problem, SetupProbe} from '../../kernel/session/magic.js';
import {hostProgram, onPath} from '../host-program.js';
import {hostPathOf} from '../mounted.js';
import {CATALOGUE, unknownTask, type CatalogueEntry} from './catalogue.js';

/** A task that can be run: what is known of it, and its executable's absolute path. */
export interface Program {
  readonly entry: CatalogueEntry;
  readonly path: string;
}

/** The lines that set up the stack. */
const SETUP_LINES = '%setup source /opt/lsst/software/stack/loadLSST.bash\n%setup setup lsst_distrib';

/** The executables that a set-up gives. */
export interface Programs {
  /** The absolute path of an executable, on the host or in the image. */
  find(file: string): string | undefined;
  /** Names of tasks, without `.py`. */
  names(): readonly string[];
  /** The image that was looked into. */
  readonly image?: string;
}

/** The executables on the PATH of a set-up: as it was found in the image, or looked at now on the host. */
export function programsOf({environment, programs}: SetupProbe, container: Container | undefined): Programs {
  const directories = (environment['PATH'] ?? '').split(':').filter(isAbsolute);
  if (programs === undefined || container === undefined)
    return {find: file => onPath(file, directories.join(':')), names: () => namesIn(directories)};
  return {
    find: file => programs.get(file),
    names: () => [...programs.keys()].map(file => file.replace(/\.py$/, '')),
    image: `${container.runtime}:${container.reference}`,
  };
}

/**
 * What is run, for a recipe: on the host the executable, with what it is started with and linked to. In a container the image, and the executable too where it lies on the
 * host, as that of a stack in the notebook's directory does. The error is a sentence.
 */
export async function codeOf(
  path: string,
  container: Container | undefined,
  mounts: readonly Mount[],
  environment: Readonly<Record<string, string>>,
  context: Pick<MagicContext, 'digest'>,
): Promise<Result<JsonObject, string>> {
  const host = container === undefined ? path : hostPathOf(path, mounts);
  const image = container === undefined ? {} : {image: {...container.identity}};
  if (host === undefined) return ok(image);
  const take = (file: string): ReturnType<MagicContext['digest']> => context.digest(file);
  // What a program of the host is started with in a container is the image's.
  const program = container === undefined ? await hostProgram(host, environment, take) : await take(host);
  return program.ok ? ok({...image, program: program.value}) : fail(`\`${path}\` can't be read: ${program.error}`);
}

/** Finds the executable of a task among those that the set-up gives; else says what is wrong: a typo, or no stack. */
export function findProgram(
  task: string,
  mutates: boolean,
  programs: Programs,
  span?: Span,
): {readonly program?: Program; readonly problems: readonly Problem[]} {
  const at = span === undefined ? {} : {span};
  const found = programs.find(`${task}.py`);
  const known = CATALOGUE.get(task);
  if (found !== undefined) {
    const entry = known ?? unknownTask(task, mutates);
    return {program: {entry: mutates ? {...entry, root: true} : entry, path: found}, problems: []};
  }
  if (known === undefined) {
    const near = nearest(task, [...CATALOGUE.keys(), ...programs.names()]);
    const hint = near === undefined ? `the set-up has no \`${task}.py\` on its PATH` : `did you mean \`${near}\`?`;
    return {problems: [{code: 'W2007', severity: 'error', message: `unknown task \`${task}\``, hint, ...at}]};
  }
  const where = programs.image === undefined ? '' : ` in \`${programs.image}\``;
  const other = [...CATALOGUE.keys()].find(name => programs.find(`${name}.py`) !== undefined);
  if (other !== undefined) {
    return {
      problems: [
        {
          code: 'W5007',
          severity: 'error',
          message: `the stack that is set up${where} has no \`${task}.py\``,
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
        message: `the stack is not set up${where}: there is no \`${task}.py\` on the PATH`,
        hint: `set it up in a cell before:\n${SETUP_LINES}`,
        ...at,
      },
    ],
  };
}

function namesIn(directories: readonly string[]): readonly string[] {
  return directories.flatMap(directory => {
    try {
      return readdirSync(directory).flatMap(name => (name.endsWith('.py') ? [name.slice(0, -3)] : []));
    } catch {
      return [];
    }
  });
}
