import {parseCell} from '../cell/cell.js';
import type {PythonPort} from '../python/port.js';
import type {Bundle, Completeness, Completions} from '../wire/notebook.js';
import {completeness, type AssistPorts} from './assist.js';
import {withMagic} from './bare-cell.js';
import {completions} from './completion.js';
import {inspection} from './inspection.js';
import {shapesOf, type Registry} from './registry.js';
import type {Settings} from './settings.js';

/** What help inside the cells of IPython takes. */
export interface PythonAssistPorts {
  readonly registry: Registry;
  readonly settings: Settings;
  readonly python: PythonPort;
}

/** Completions at a place of any cell; offsets are UTF-16. */
export const completionsOf = async (
  code: string,
  at: number,
  ports: PythonAssistPorts,
  assist: AssistPorts,
): Promise<Completions> => (await pythonComplete(code, at, ports)) ?? completions(code, at, assist);

/** What is known of a place of any cell. */
export async function inspectionOf(
  code: string,
  at: number,
  detail: 0 | 1,
  ports: PythonAssistPorts,
  assist: AssistPorts,
): Promise<Bundle | undefined> {
  const python = await pythonInspect(code, at, detail, ports);
  return python === undefined ? inspection(code, at, assist) : python.found;
}

/** Whether any cell is complete. */
export const completenessOf = async (
  code: string,
  ports: PythonAssistPorts,
  assist: AssistPorts,
): Promise<Completeness> => (await pythonIsComplete(code, ports)) ?? completeness(code, assist);

/** IPython's completions at a place of a cell of its own; undefined for any other place, and where it can't say. */
async function pythonComplete(code: string, at: number, ports: PythonAssistPorts): Promise<Completions | undefined> {
  const body = bodyOf(code, ports);
  if (body === undefined || at < body.start) return undefined;
  const none = {matches: [], start: at, end: at, metadata: {}};
  const found = (await ports.python.complete(body.text, at - body.start)) ?? {
    ...none,
    start: at - body.start,
    end: at - body.start,
  };
  return {...found, start: found.start + body.start, end: found.end + body.start};
}

/** What IPython knows of a place of a cell of its own. `is`: the place is one. */
async function pythonInspect(
  code: string,
  at: number,
  detail: 0 | 1,
  ports: PythonAssistPorts,
): Promise<{readonly found: Bundle | undefined} | undefined> {
  const body = bodyOf(code, ports);
  if (body === undefined || at < body.start) return undefined;
  return {found: await ports.python.inspect(body.text, at - body.start, detail)};
}

/** Whether a bare cell of Python is complete; undefined where bare cells are TypeScript, or the cell has a magic. */
async function pythonIsComplete(code: string, ports: PythonAssistPorts): Promise<Completeness | undefined> {
  const body = bodyOf(code, ports);
  if (body?.bare !== true) return undefined;
  return (await ports.python.isComplete(code)) ?? {status: 'unknown'};
}

/** The part of a cell that is IPython's, and where it begins. */
function bodyOf(
  code: string,
  {registry, settings}: PythonAssistPorts,
): {readonly text: string; readonly start: number; readonly bare: boolean} | undefined {
  if (withMagic(code, registry, settings) !== code) return {text: code, start: 0, bare: true};
  const {value} = parseCell(code, shapesOf(registry));
  if (value.is !== 'magic') return undefined;
  const inner = value.stack.at(-1);
  if (!registry.cells.some(({shape}) => shape.name === inner?.name)) return undefined;
  // While its line is typed there is no body yet.
  const {start} = value.bodySpan;
  return code[start - 1] === '\n' ? {text: value.body, start, bare: false} : undefined;
}
