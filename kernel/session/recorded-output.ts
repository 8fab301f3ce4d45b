import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Bundle, CellOutput, ErrorContent} from '../wire/notebook.js';

interface Shown {
  output: JsonObject;
}

/** Collects a cell's output as a notebook file keeps it (nbformat 4): streams joined, displays as they were last. */
export class RecordedOutput implements CellOutput {
  readonly #count: number;
  readonly #outputs: Shown[] = [];
  readonly #displays: Map<string, Shown[]>;
  #clearNext = false;

  /** @param displays all displays of the notebook by id: an update reaches the cell that shows it */
  constructor(count: number, displays: Map<string, Shown[]>) {
    this.#count = count;
    this.#displays = displays;
  }

  /** The outputs so far. */
  get outputs(): readonly JsonObject[] {
    return this.#outputs.map(({output}) => output);
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    this.#clear();
    const last = this.#outputs.at(-1);
    if (last?.output['output_type'] === 'stream' && last.output['name'] === name)
      last.output = {...last.output, text: `${last.output['text'] as string}${text}`};
    else this.#outputs.push({output: {output_type: 'stream', name, text}});
  }

  display(data: Bundle, metadata: JsonObject = {}, displayId?: string): void {
    this.#clear();
    const shown: Shown = {output: {output_type: 'display_data', data: {...data}, metadata}};
    this.#outputs.push(shown);
    if (displayId !== undefined) this.#displays.set(displayId, [...(this.#displays.get(displayId) ?? []), shown]);
  }

  update(displayId: string, data: Bundle, metadata: JsonObject = {}): void {
    for (const shown of this.#displays.get(displayId) ?? [])
      shown.output = {output_type: 'display_data', data: {...data}, metadata};
  }

  result(data: Bundle, metadata: JsonObject = {}): void {
    this.#clear();
    this.#outputs.push({
      output: {output_type: 'execute_result', execution_count: this.#count, data: {...data}, metadata},
    });
  }

  error({ename, evalue, traceback}: ErrorContent): void {
    this.#clear();
    this.#outputs.push({output: {output_type: 'error', ename, evalue, traceback: [...traceback] as JsonValue[]}});
  }

  clear(wait: boolean): void {
    if (wait) this.#clearNext = true;
    else this.#outputs.length = 0;
  }

  /** Nobody is there to ask. */
  input(): Promise<string | undefined> {
    return Promise.resolve(undefined);
  }

  #clear(): void {
    if (!this.#clearNext) return;
    this.#clearNext = false;
    this.#outputs.length = 0;
  }
}

/** The displays of a notebook by id, for {@link RecordedOutput}. */
export const newDisplays = (): Map<string, Shown[]> => new Map();
