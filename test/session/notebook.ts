import {startKernel, type Kernel, type KernelOptions} from '../rig/kernel.js';

/** What a cell came to, as a person sees it. */
export interface Seen {
  /** `text/plain` of the result. */
  readonly text: string | undefined;
  /** Name and message of the error, and below it the traceback, without colours; empty where all is well. */
  readonly error: string;
  readonly out: string;
  readonly err: string;
  /** `text/plain` of the displays, as they are at the cell's end. */
  readonly shown: string;
}

/** A built kernel with short ways to run cells. */
export interface TestNotebook extends AsyncDisposable {
  readonly kernel: Kernel;
  run(code: string): Promise<Seen>;
  /** Runs a cell that must not fail, and gives the text of its result. */
  value(code: string): Promise<string | undefined>;
}

/** Starts a kernel for a test. */
export async function openTestNotebook(options: KernelOptions = {}): Promise<TestNotebook> {
  const kernel = await startKernel(options);
  const run = async (code: string): Promise<Seen> => {
    const {outputs} = await kernel.client.execute(code, {stopOnError: false, timeout: 60_000});
    const {error, streams, displays, text} = outputs;
    return {
      text,
      error: error === undefined ? '' : plain(`${error.ename}: ${error.evalue}\n${error.traceback.join('\n')}`),
      out: streams.stdout,
      err: streams.stderr,
      shown: displays.map(display => display.data['text/plain'] as string).join('\n'),
    };
  };
  return {
    kernel,
    run,
    value: async code => {
      const seen = await run(code);
      if (seen.error !== '') throw new Error(`${code}\n${seen.error}`);
      return seen.text;
    },
    [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose](),
  };
}

const plain = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '');
