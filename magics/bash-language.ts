import {linkSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {isWellFormed, type JsonValue} from '../kernel/fingerprint/json.js';
import type {Container} from '../kernel/graph/container.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import type {MagicContext, Problem, SetupProbe} from '../kernel/session/magic.js';
import {bashPreamble, bashQuote, bashText, unsetNames, whyNoBashName} from './bash-variables.js';
import {hostProgram, onPath} from './host-program.js';
import {isPlainScript} from './plain-script.js';
import type {Program, ScriptLanguage} from './script-language.js';

/**
 * The bash of scripts: on the host the one that starts the kernel's runners, by content and with what it is linked to; in a container the
 * image says which it is. Looked at once a cell.
 */
async function bashProgram(
  context: MagicContext,
  _setup: SetupProbe,
  container: Container | undefined,
): Promise<Result<Program, Problem>> {
  if (container !== undefined) return ok({command: 'bash'});
  const kept = context.state.get('bash') as {readonly cell: string; readonly found: Promise<Program>} | undefined;
  if (kept?.cell === context.cell) return ok(await kept.found);
  const path = onPath('bash', context.environment['PATH'] ?? '/usr/bin:/bin');
  const found = (
    path === undefined ? undefined : hostProgram(path, context.environment, file => context.digest(file))
  )?.then((program): Program => ({command: 'bash', ...(program.ok ? {identity: {program: program.value}} : {})}));
  if (found === undefined) return ok({command: 'bash'});
  context.state.set('bash', {cell: context.cell, found});
  return ok(await found);
}

/** The text that was written last, and where. */
let last: {readonly text: string; readonly path: string} | undefined;

/** Writes a script; the tasks of a loop have the same one, which is one file as long as those are there that have it. */
function writeScript(path: string, text: string, shared: boolean): void {
  try {
    if (shared && last?.text === text) {
      linkSync(last.path, path);
      last = {text, path};
      return;
    }
  } catch {
    // It is gone, or another file system, or has all the names that it can have.
  }
  writeFileSync(path, text);
  last = {text, path};
}

/** Where a value's output lies. */
const STDOUT = '.weft.stdout';

/** Lines of a value's output that bash copies by itself: it reads pipes byte by byte. */
const SHELL_LINES = 20;

/** Characters from which on a line is left to another process, too. */
const LONG_LINE = 16384;

/** bash: variables are texts, and the value is what is printed last (LANGUAGE 4 and 9). */
export const bashLanguage: ScriptLanguage = {
  name: 'bash',
  summary: 'runs a bash script in the background, cached by what goes into it',
  example: "%%bash --as sizes --in raw/*.fits --with filter --value\nwc -c raw/*.fits | tail -1 | awk '{print $1}'",
  sign: '$',
  strict: true,
  whyNoName: whyNoBashName,
  unset: script =>
    [...unsetNames(script)].map(name => ({
      name,
      of: CLEAN.has(name) ? ['scope'] : ['scope', 'environment'],
      at: new RegExp(`\\$\\{?${name}\\b`),
    })),
  program: bashProgram,
  plain: isPlainScript,
  stdout: STDOUT,
  start({call, recipe, attempt, text, directories, root, copied, shared}) {
    const {directory} = attempt;
    const texts: Record<string, string> = {...directories};
    for (const [name, variable] of Object.entries(recipe.variables))
      if (variable.is === 'json') texts[name] = attempt.fill(bashText(variable.value));
    for (const [name, value] of Object.entries(texts))
      if (value.includes('\0')) return fail(`the value of \`${name}\` has a NUL, which bash can't hold`);
    writeScript(join(directory, '.weft.script'), `${text}\n`, shared);
    const run = '. ./.weft.script';
    return ok(
      [
        bashPreamble(texts),
        `WEFT_OUT=${bashQuote(directory)}\n`,
        root === undefined ? '' : `WEFT_ROOT=${bashQuote(root)}\n`,
        call.strict ? 'set -euo pipefail\n' : '',
        call.value && !copied ? withStdout(`${call.strict ? '' : 'set +o pipefail; '}${run}`) : `${run}\n`,
      ].join(''),
    );
  },
  value: (directory, said = readFileSync(join(directory, STDOUT), 'utf8')) => valueOf(said),
};

/**
 * Runs commands in a subshell with its standard output in `.weft.stdout` too. Values are mostly a line, which the shell that waits anyway
 * copies by itself, at a quarter of what another process costs; what has many lines is left to `tee`. It passes on whole lines, and no NUL.
 */
const withStdout = (commands: string): string => `set -o pipefail
shopt -s lastpipe
( shopt -u lastpipe; ${commands} ) | {
  WEFT_LINE= WEFT_LINES=0
  while IFS= read -r -n ${LONG_LINE} WEFT_LINE; do
    WEFT_END=$'\\n'
    if ((\${#WEFT_LINE} == ${LONG_LINE})); then WEFT_END= WEFT_LINES=${SHELL_LINES - 1}; fi
    printf '%s%s' "$WEFT_LINE" "$WEFT_END"
    printf '%s%s' "$WEFT_LINE" "$WEFT_END" >&3
    if ((++WEFT_LINES == ${SHELL_LINES})); then tee -a ${STDOUT}; fi
  done
  printf '%s' "$WEFT_LINE"
  printf '%s' "$WEFT_LINE" >&3
} 3>${STDOUT}
`;

/** What a text has in it that no UTF-8 can carry, in words. */
export const HALF = 'half of a character in it (a lone surrogate), which is no JSON';

/** The value of a script with `--value`: its last non-empty line of stdout, else all of it (LANGUAGE 9). */
export function valueOf(stdout: string): Result<JsonValue, string> {
  const lines = stdout.split('\n').filter(line => line.trim() !== '');
  const last = lines.at(-1);
  if (last === undefined) return fail('it printed nothing: the last line of its standard output must be JSON');
  for (const text of [last, stdout]) {
    try {
      const value = JSON.parse(text) as JsonValue;
      const rounded = roundedNumber(text);
      if (rounded !== undefined)
        return fail(`its value has ${rounded}, which readers of JSON round: print it as a text, "${rounded}"`);
      return isWellFormed(value) ? ok(value) : fail(`its value has ${HALF}`);
    } catch {
      continue;
    }
  }
  return fail(`the last line of its standard output is no JSON: ${last.length > 80 ? `${last.slice(0, 80)}…` : last}`);
}

/** The first number in JSON that is no number of JavaScript: an integer beyond 2^53, or one that would be infinite. */
function roundedNumber(json: string): string | undefined {
  for (const [token] of json.matchAll(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs)) {
    if (token.startsWith('"')) continue;
    const number = Number(token);
    if (!Number.isFinite(number) || (/^-?\d+$/.test(token) && Math.abs(number) > 2 ** 53)) return token;
    if (/^-?\d+$/.test(token) && BigInt(number) !== BigInt(token)) return token;
  }
  return undefined;
}

/** What a task's environment has without being declared. */
const CLEAN: ReadonlySet<string> = new Set([
  'HOME',
  'USER',
  'LANG',
  'TERM',
  'PATH',
  'LC_ALL',
  'TMPDIR',
  'PYTHONNOUSERSITE',
  'OMP_NUM_THREADS',
  'PWD',
  'OLDPWD',
  'SHLVL',
  'IFS',
  'UID',
  'EUID',
  'PPID',
  'HOSTNAME',
  'OPTARG',
  'OPTIND',
  'REPLY',
  'LINENO',
  'SECONDS',
  'RANDOM',
  'PIPESTATUS',
  'BASH_SOURCE',
]);
