import {readFileSync, renameSync, writeFileSync} from 'node:fs';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import {fail, ok, type Result} from '../graph/result.js';

/** A cell of a notebook file (nbformat 4); what Weft does not read is kept as it is. */
export interface FileCell {
  readonly cell_type: string;
  readonly source: string;
  readonly rest: JsonObject;
}

/** A notebook file: its cells, and all else as it was. */
export interface NotebookFile {
  readonly cells: readonly FileCell[];
  readonly rest: JsonObject;
}

/** What a code cell has after a run. */
export interface CellOutputs {
  readonly count: number;
  readonly outputs: readonly JsonObject[];
}

/** Reads a notebook of nbformat 4. The error is a line for a person. */
export function readNotebook(path: string): Result<NotebookFile, string> {
  let data: JsonValue;
  try {
    data = JSON.parse(readFileSync(path, 'utf8')) as JsonValue;
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    return fail(code === 'ENOENT' ? `there is no notebook ${path}` : `${path} can't be read as a notebook: ${message}`);
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return fail(`${path} is no notebook: it is no JSON object`);
  const {cells, ...rest} = data as JsonObject;
  if (!Array.isArray(cells) || rest['nbformat'] !== 4) return fail(`${path} is no notebook of nbformat 4`);
  return ok({
    rest,
    cells: (cells as readonly JsonObject[]).map(({cell_type, source, ...others}) => ({
      cell_type: typeof cell_type === 'string' ? cell_type : 'raw',
      source: Array.isArray(source) ? source.map(String).join('') : typeof source === 'string' ? source : '',
      rest: others,
    })),
  });
}

/** True where a cell has a tag, as nbclient and papermill know them. */
export function isTagged({rest}: FileCell, tag: string): boolean {
  const {metadata} = rest;
  const tags = typeof metadata === 'object' && metadata !== null && 'tags' in metadata ? metadata['tags'] : undefined;
  return Array.isArray(tags) && tags.includes(tag);
}

/** Writes a notebook with the outputs of its code cells, in one step. `outputs` is by the cell's place; a cell without keeps none. */
export function writeNotebook(
  path: string,
  notebook: NotebookFile,
  outputs: ReadonlyMap<number, CellOutputs>,
): Result<undefined, string> {
  const cells = notebook.cells.map(({cell_type, source, rest}, i) => {
    const lines = source.split(/(?<=\n)/);
    if (cell_type !== 'code') return {...rest, cell_type, source: lines};
    const made = outputs.get(i);
    return {
      ...rest,
      cell_type,
      source: lines,
      execution_count: made?.count ?? null,
      outputs: (made?.outputs ?? []).map(output => ({...output})),
    };
  });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify({...notebook.rest, cells}, undefined, 1)}\n`);
    renameSync(temporary, path);
    return ok(undefined);
  } catch (error) {
    return fail(`${path} can't be written: ${(error as Error).message}`);
  }
}
