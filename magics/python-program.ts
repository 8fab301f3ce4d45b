import {existsSync} from 'node:fs';
import {execa} from 'execa';
import {canonicalJson, digestOf} from '../kernel/fingerprint/fingerprint.js';
import type {Container} from '../kernel/graph/container.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {MagicContext, Problem, SetupProbe} from '../kernel/session/magic.js';
import {hostProgram} from './host-program.js';
import type {Program} from './script-language.js';

/** How long Python may take to say what it is, in milliseconds. */
const LIMIT = 30_000;

/** The oldest that runs scripts: its minor version. */
const OLDEST = 6;

const ASK =
  'import os, sys; sys.stdout.write("\\x01".join([str(sys.version_info[0]), str(sys.version_info[1]), sys.version, os.path.realpath(sys.executable), sys.prefix]))';

/**
 * The Python of scripts: `%config python`, else the `python3` of the environment that `%setup` makes. On the host its version, its content
 * and its place, links resolved, are hashed (a virtual environment counts by its directory); asked for once a cell. In a container the image says
 * which it is.
 */
export async function pythonProgram(
  context: MagicContext,
  setup: SetupProbe,
  container: Container | undefined,
): Promise<Result<Program, Problem>> {
  const {python} = context.settings;
  if (container !== undefined) return ok({command: python, ...(python === 'python3' ? {} : {identity: {python}})});
  const kept = context.state.get('python') as Kept | undefined;
  const key = canonicalJson([context.cell, python, setup.environment]);
  if (kept?.key === key) return kept.found;
  const found = look(python, setup, context);
  context.state.set('python', {key, found} satisfies Kept);
  return found;
}

/** What was found out for the last cell. */
interface Kept {
  readonly key: string;
  readonly found: Promise<Result<Program, Problem>>;
}

async function look(python: string, setup: SetupProbe, context: MagicContext): Promise<Result<Program, Problem>> {
  const path = pathOf(python, setup.environment['PATH'] ?? '');
  const problem = (message: string): Result<Program, Problem> =>
    fail({
      code: 'W6004',
      severity: 'error',
      message,
      hint: 'install Python 3, or name one that is there: `%config python PATH`',
    });
  if (path === undefined)
    return problem(python.includes('/') ? `there is no \`${python}\`` : `there is no \`${python}\` on the PATH`);
  const ran = await execa(path, ['-I', '-c', ASK], {
    cwd: context.directory,
    env: {...setup.environment},
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: LIMIT,
  });
  // Of a program that could not be started there is none.
  const {stdout: printed = '', stderr: complaint = ''} = ran as {readonly stdout?: string; readonly stderr?: string};
  const [major, minor, version = '', executable = '', prefix = ''] = printed.split('\u0001');
  if (ran.exitCode !== 0 || prefix === '') {
    const said = complaint.trim().split('\n').at(-1) ?? '';
    return problem(`\`${path}\` does not run as Python 3${said === '' ? '' : `: ${said}`}`);
  }
  if (major !== '3' || Number(minor) < OLDEST)
    return problem(`\`${path}\` is Python ${major ?? ''}.${minor ?? ''}, and scripts need 3.${OLDEST} or later`);
  const binary = await hostProgram(executable, setup.environment, file => context.digest(file));
  if (!binary.ok) return problem(`\`${executable}\` can't be read: ${binary.error}`);
  return ok({
    command: path,
    identity: {program: digestOf(`weft/python/2\n${canonicalJson([version, executable, prefix, binary.value])}`)},
  });
}

const pathOf = (python: string, path: string): string | undefined =>
  python.includes('/')
    ? [python].find(existsSync)
    : path
        .split(':')
        .filter(place => place.startsWith('/'))
        .map(place => `${place}/${python}`)
        .find(existsSync);
