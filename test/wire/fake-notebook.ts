import type {
  Bundle,
  CellOutput,
  Completeness,
  Completions,
  ErrorContent,
  ExecuteOutcome,
  ExecuteRequest,
  Notebook,
} from '../../kernel/wire/notebook.js';

/** What a cell of the fake notebook does. An object that it gives is added to a plain success; anything else is one. */
export type FakeCell = (output: CellOutput, request: ExecuteRequest) => unknown;

/** An error of a cell. */
export const broken: ErrorContent = {ename: 'Error', evalue: 'bad', traceback: ['Error: bad']};

/** Fails as a real cell does: the error is published, then returned. */
export const fails: FakeCell = output => {
  output.error(broken);
  return {error: broken};
};

/** A notebook whose cells are functions of the test, found by their code. */
export class FakeNotebook implements Notebook {
  readonly cells: Record<string, FakeCell> = {};
  readonly requests: ExecuteRequest[] = [];
  readonly calls: unknown[][] = [];
  onInterrupt: () => void = () => undefined;
  onShutdown: () => Promise<void> = async () => Promise.resolve();
  completions: Completions = {matches: [], start: 0, end: 0, metadata: {}};
  inspection: Bundle | undefined;

  async execute(request: ExecuteRequest, output: CellOutput): Promise<ExecuteOutcome> {
    this.requests.push(request);
    const outcome = (await this.cells[request.code]?.(output, request)) as Partial<ExecuteOutcome> | undefined;
    return {payload: [], userExpressions: {}, ...outcome};
  }

  async isComplete(code: string): Promise<Completeness> {
    return code === '{' ? {status: 'incomplete', indent: '  '} : {status: code === '}' ? 'invalid' : 'complete'};
  }

  async complete(code: string, at: number): Promise<Completions> {
    this.calls.push(['complete', code, at]);
    return this.completions;
  }

  async inspect(code: string, at: number, detail: 0 | 1): Promise<Bundle | undefined> {
    this.calls.push(['inspect', code, at, detail]);
    return this.inspection;
  }

  interrupt(): void {
    this.calls.push(['interrupt']);
    this.onInterrupt();
  }

  async shutdown(restart: boolean): Promise<void> {
    this.calls.push(['shutdown', restart]);
    return this.onShutdown();
  }
}
