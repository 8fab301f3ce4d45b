import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {canonicalJson} from '../kernel/fingerprint/fingerprint.js';
import {isWellFormed, type JsonObject, type JsonValue} from '../kernel/fingerprint/json.js';
import {fail, ok, type Result} from '../kernel/graph/result.js';
import {HALF} from './bash-language.js';
import {bashQuote} from './bash-variables.js';
import {mapStrings} from './placed-text.js';
import {PYTHON_DRIVER} from './python-driver.js';
import {unsetPythonNames, whyNoPythonName} from './python-names.js';
import {pythonProgram} from './python-program.js';
import type {ScriptLanguage} from './script-language.js';

/** Python: variables are values and paths, the value is that of the last expression, figures are outputs (LANGUAGE 4 and 9). */
export const pythonLanguage: ScriptLanguage = {
  name: 'python',
  summary: 'runs a script of Python in the background, cached by what goes into it',
  example: '%%python --as mean --from det --value\nimport numpy as np\nnp.loadtxt(det / "flux.txt").mean()',
  sign: '',
  strict: false,
  whyNoName: whyNoPythonName,
  unset: unsetPythonNames,
  program: pythonProgram,
  start({call, recipe, attempt, program, text, directories, root}) {
    const {directory} = attempt;
    const values: Record<string, JsonValue> = {};
    for (const [name, variable] of Object.entries(recipe.variables))
      if (variable.is === 'json') values[name] = mapStrings(variable.value, each => attempt.fill(each));
    const given: JsonObject = {
      values,
      paths: {...directories},
      root: root ?? null,
      line: call.line ?? 0,
      value: call.value,
      files: !call.value || call.out !== undefined,
    };
    const driver = join(directory, '.weft.main.py');
    // Canonical: what is hashed as equal must look equal, in the order of its keys too.
    writeFileSync(join(directory, '.weft.given.json'), canonicalJson(given));
    writeFileSync(join(directory, '.weft.script'), `${text}\n`);
    writeFileSync(driver, PYTHON_DRIVER);
    const {command} = program;
    const absent = `weft: there is no ${command}; name another with %config python PATH`;
    // Without -B, importing a script of --in would leave its compiled form among the outputs.
    return ok(
      `command -v ${bashQuote(command)} >/dev/null || { printf '%s\\n' ${bashQuote(absent)} >&2; exit 127; }\n` +
        `${bashQuote(command)} -B ${bashQuote(driver)}\n`,
    );
  },
  value: readValue,
  outputs: figuresOf,
  explain: explainPython,
  pictures: outputs => outputs.filter(name => FIGURE.test(name)),
};

const FIGURE = /^figure-\d+\.png$/;

function readValue(directory: string): Result<JsonValue, string> {
  const said = join(directory, '.weft.no-value');
  if (existsSync(said)) return fail(readFileSync(said, 'utf8'));
  const path = join(directory, '.weft.value');
  if (!existsSync(path)) return fail('the script ended before its last line');
  const value = JSON.parse(readFileSync(path, 'utf8')) as JsonValue;
  return isWellFormed(value) ? ok(value) : fail(`its value has ${HALF}`);
}

function figuresOf(directory: string): readonly string[] {
  const path = join(directory, '.weft.figures');
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as string[]) : [];
}

/** The last error of a traceback, with the line of the cell that it came from. */
export function explainPython(log: string): string | undefined {
  const lines = log.trimEnd().split('\n');
  const error = lines.findLastIndex(line => /^[A-Za-z_][\w.]*(?:: .*)?$/.test(line) && !line.startsWith('During '));
  if (error < 0) return undefined;
  const above = lines.slice(0, error);
  const begin = above.lastIndexOf('Traceback (most recent call last):');
  const place = above.findLastIndex(line => line.startsWith('  File "<cell>", line '));
  if (place < begin || place < 0) return begin < 0 ? undefined : lines[error];
  const number = /line (\d+)/.exec(above[place] ?? '')?.[1] ?? '';
  return `line ${number}: ${lines[error] ?? ''}`;
}
