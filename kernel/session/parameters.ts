import {readFileSync} from 'node:fs';
import {isIdentifier, proposeIdentifier} from '../cell/identifier.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import {fail, ok, type Result} from '../graph/result.js';
import {variableKinds} from '../typescript/variable-kinds.js';
import {isTagged, type FileCell, type NotebookFile} from './notebook-file.js';

/** Parameters of a run by name, in the order in which they are declared. */
export type Parameters = ReadonlyMap<string, JsonValue>;

/** What was typed for a parameter: `-p NAME VALUE`, `-r NAME TEXT`, or a file of them. */
export type ParameterWord =
  | {readonly is: 'value' | 'text'; readonly name: string; readonly text: string}
  | {readonly is: 'file'; readonly path: string};

/** The tags of papermill (nteract/papermill:papermill/parameterize.py): the cell with the defaults, and the one that is put behind it. */
const DEFAULTS = 'parameters';
const INJECTED = 'injected-parameters';

/**
 * Reads what was typed; of two for one name the later counts. A value that is JSON is what it says, all else is text. The error is
 * a line for a person.
 */
export function readParameters(words: readonly ParameterWord[]): Result<Parameters, string> {
  const parameters = new Map<string, JsonValue>();
  for (const word of words) {
    const read = word.is === 'file' ? readFile(word.path) : readWord(word);
    if (!read.ok) return read;
    for (const [name, value] of Object.entries(read.value)) {
      if (!isIdentifier(name)) return fail(`\`${name}\` is no name of a parameter: write ${proposeIdentifier(name)}`);
      parameters.set(name, value);
    }
  }
  return ok(parameters);
}

function readWord({is, name, text}: {is: 'value' | 'text'; name: string; text: string}): Result<JsonObject, string> {
  if (is === 'text') return ok({[name]: text});
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return ok({[name]: text});
  }
  if (typeof value === 'number' && !isExact(value, text))
    return fail(`${text} of \`${name}\` is no exact number: -r ${name} ${text} gives it as text`);
  return ok({[name]: value});
}

/** A fraction is as near as a number can be; a whole number is itself or another one. */
const isExact = (value: number, text: string): boolean =>
  Number.isFinite(value) && (!/^\s*-?\d+\s*$/.test(text) || Number.isSafeInteger(value));

function readFile(path: string): Result<JsonObject, string> {
  let value: JsonValue;
  try {
    value = JSON.parse(readFileSync(path, 'utf8')) as JsonValue;
  } catch (error) {
    return fail(`the parameters of ${path} can't be read: ${(error as Error).message}`);
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? ok(value as JsonObject)
    : fail(`${path} is no JSON object of parameters`);
}

/**
 * The notebook with its parameters: a cell that declares them takes the place of the one that an earlier run has put there, else
 * it comes behind the cell tagged `parameters`, else first. A variable that was declared with `let` stays one. `warnings` are
 * lines for a person.
 */
export function injectParameters(
  notebook: NotebookFile,
  parameters: Parameters,
): {readonly notebook: NotebookFile; readonly warnings: readonly string[]} {
  const {cells, rest} = notebook;
  const defaults = cells.findIndex(cell => isTagged(cell, DEFAULTS));
  const before = cells.findIndex(cell => isTagged(cell, INJECTED));
  const kinds = variableKinds(cells[defaults]?.source ?? '');
  const warnings =
    defaults < 0
      ? ['no cell of the notebook has the tag `parameters`']
      : [...parameters.keys()]
          .filter(name => !kinds.has(name))
          .map(name => `the cell tagged \`parameters\` has no \`${name}\``);
  const lines = [...parameters].map(([name, value]) => `${kinds.get(name) ?? 'const'} ${name} = ${literal(value)};`);
  const injected: FileCell = {
    cell_type: 'code',
    source: ['// Parameters', ...lines].join('\n'),
    rest: {
      ...(Number(rest['nbformat_minor']) >= 5 ? {id: cells[before]?.rest['id'] ?? freeId(cells)} : {}),
      execution_count: null,
      metadata: {tags: [INJECTED]},
      outputs: [],
    },
  };
  const at = before >= 0 ? before : defaults + 1;
  const metadata = objectOf(rest['metadata']);
  const papermill = {...objectOf(metadata['papermill']), parameters: Object.fromEntries(parameters)};
  return {
    warnings,
    notebook: {
      cells: [...cells.slice(0, at), injected, ...cells.slice(before >= 0 ? at + 1 : at)],
      rest: {...rest, metadata: {...metadata, papermill}},
    },
  };
}

/** JSON is TypeScript, but for one key, which would be the prototype of an object there. */
function literal(value: JsonValue): string {
  const text = JSON.stringify(value);
  return text.includes('"__proto__"') ? `JSON.parse(${JSON.stringify(text)})` : text;
}

function freeId(cells: readonly FileCell[]): string {
  const taken = new Set(cells.map(({rest}) => rest['id']));
  let id = INJECTED;
  for (let n = 2; taken.has(id); n++) id = `${INJECTED}-${n}`;
  return id;
}

const objectOf = (value: JsonValue | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
