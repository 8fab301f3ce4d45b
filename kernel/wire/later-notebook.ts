import type {Result} from '../graph/result.js';
import type {
  Bundle,
  CellOutput,
  Completeness,
  Completions,
  ErrorContent,
  ExecuteOutcome,
  ExecuteRequest,
  Notebook,
} from './notebook.js';

/**
 * A notebook that is opened when it is first needed, or told to: until then a server can answer who asks what kernel this is. Requests
 * wait for it. One that can't be opened is an error of each cell, and is tried again with the next.
 */
export class LaterNotebook implements Notebook {
  readonly #make: () => Promise<Result<Notebook, string>>;
  #opening: Promise<Result<Notebook, string>> | undefined;
  #notebook: Notebook | undefined;
  #interrupts = 0;

  /** @param make opens it; the error is a sentence */
  constructor(make: () => Promise<Result<Notebook, string>>) {
    this.#make = make;
  }

  /** Opens it, if that has not begun. */
  open(): Promise<Result<Notebook, string>> {
    this.#opening ??= this.#make().then(opened => {
      if (opened.ok) this.#notebook = opened.value;
      else this.#opening = undefined;
      return opened;
    });
    return this.#opening;
  }

  async execute(request: ExecuteRequest, output: CellOutput): Promise<ExecuteOutcome> {
    if (this.#notebook !== undefined) return this.#notebook.execute(request, output);
    const before = this.#interrupts;
    const opened = await this.open();
    if (!opened.ok) {
      const evalue = `the notebook can't be opened: ${opened.error}`;
      const error: ErrorContent = {ename: 'Error', evalue, traceback: [`Error: ${evalue}`]};
      if (!request.silent) output.error(error);
      return {error, payload: [], userExpressions: {}};
    }
    const outcome = opened.value.execute(request, output);
    if (this.#interrupts > before) opened.value.interrupt();
    return outcome;
  }

  async isComplete(code: string): Promise<Completeness> {
    const opened = await this.open();
    return opened.ok ? opened.value.isComplete(code) : {status: 'unknown'};
  }

  async complete(code: string, at: number): Promise<Completions> {
    const opened = await this.open();
    return opened.ok ? opened.value.complete(code, at) : {matches: [], start: at, end: at, metadata: {}};
  }

  async inspect(code: string, at: number, detail: 0 | 1): Promise<Bundle | undefined> {
    const opened = await this.open();
    return opened.ok ? opened.value.inspect(code, at, detail) : undefined;
  }

  /** A cell that waits for the notebook is interrupted as soon as it begins. */
  interrupt(): void {
    this.#interrupts++;
    this.#notebook?.interrupt();
  }

  async shutdown(restart: boolean): Promise<void> {
    const opened = await this.#opening;
    if (opened?.ok === true) await opened.value.shutdown(restart);
  }
}
