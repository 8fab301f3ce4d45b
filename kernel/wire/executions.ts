import type {JsonObject} from '../fingerprint/json.js';
import {RequestOutput} from './cell-output.js';
import type {Log} from './channels.js';
import type {History} from './history.js';
import {internalError} from './internal-error.js';
import type {Header, Request} from './message.js';
import type {ExecuteOutcome, ExecuteRequest, Notebook} from './notebook.js';
import type {Outgoing} from './outgoing.js';
import type {Questions} from './questions.js';
import type {StreamBuffer} from './stream.js';

/** Where executions get what they need, and send what they say. */
export interface ExecutionPorts {
  readonly notebook: Notebook;
  readonly out: Outgoing;
  readonly questions: Questions;
  readonly history: History;
  readonly log: Log;
}

/** For so long nothing must have come before a failed cell is answered; a cell that has run for so long need not wait. In milliseconds. */
const QUIET_MS = 20;
const QUIET_LIMIT_MS = 500;

/**
 * The `execute_request`s of a kernel, one after the other. After an error with `stop_on_error`, those that were sent before the
 * error was answered are answered `aborted`, and no later one (ipython/ipykernel:ipykernel/kernelbase.py `_abort_queues`).
 */
export class Executions {
  readonly #ports: ExecutionPorts;
  /** Streams of this and of earlier cells that have text to send. */
  readonly #waiting = new Set<StreamBuffer>();
  #queue: Request[] = [];
  #running: {readonly request: Request; readonly output: RequestOutput; readonly silent: boolean} | undefined;
  #draining: Promise<void> | undefined;
  #closed = false;
  #count = 0;

  constructor(ports: ExecutionPorts) {
    this.#ports = ports;
  }

  /** The header of the request that executes now. */
  get executing(): Header | undefined {
    return this.#running?.request.header;
  }

  /** Adds a request; it starts at once if none is before it. After {@link close} it is aborted. */
  push(request: Request): void {
    if (this.#closed) {
      this.#abort(request);
      return;
    }
    this.#queue.push(request);
    this.#draining ??= this.#drain();
  }

  /** Starts none any more: those that wait are aborted, so that no client waits for them. */
  close(): void {
    this.#closed = true;
    for (const request of this.#queue.splice(0)) this.#abort(request);
    this.#running?.output.end();
  }

  /** Sends what cells have printed, now. */
  flush(): void {
    for (const stream of [...this.#waiting]) stream.flush();
  }

  /** Resolves when the last one has been answered. */
  async settled(): Promise<void> {
    await this.#draining;
  }

  async #drain(): Promise<void> {
    for (let request = this.#queue.shift(); request !== undefined; request = this.#queue.shift()) {
      try {
        await this.#execute(request);
      } catch (error) {
        this.#ports.log(`execute_request: ${internalError(error).traceback.join('\n')}`);
      }
    }
    this.#draining = undefined;
  }

  async #execute(request: Request): Promise<void> {
    const {out, history, questions} = this.#ports;
    const {header} = request;
    const began = performance.now();
    const started = new Date().toISOString();
    const {code, stopOnError, ...options} = readExecute(request);
    out.status('busy', header);
    if (options.storeHistory) {
      this.#count++;
      history.add(this.#count, code);
    }
    const count = this.#count;
    if (!options.silent) out.publish('execute_input', {code, execution_count: count}, header);
    const output = new RequestOutput(out, questions, {
      request,
      count,
      silent: options.silent,
      allowStdin: options.allowStdin,
      executing: () => (this.#running?.silent === false ? this.#running.request.header : undefined),
      waiting: this.#waiting,
      onResult: text => {
        if (options.storeHistory) history.setOutput(count, text);
      },
    });
    this.#running = {request, output, silent: options.silent};
    const outcome = await this.#run({...options, id: header.msg_id, code, count}, output);
    output.end();
    const aborted =
      outcome.error !== undefined && stopOnError && !options.silent && !this.#closed
        ? await this.#takeQueued(began)
        : [];
    const status = outcome.error === undefined ? 'ok' : 'error';
    const content: JsonObject = {
      status,
      execution_count: count,
      ...outcome.error,
      payload: outcome.payload,
      user_expressions: outcome.userExpressions,
    };
    out.reply(request, 'execute_reply', content, {started, status});
    this.#running = undefined;
    out.status('idle', header);
    for (const each of aborted) this.#abort(each);
  }

  async #run(request: ExecuteRequest, output: RequestOutput): Promise<ExecuteOutcome> {
    try {
      return await this.#ports.notebook.execute(request, output);
    } catch (thrown) {
      const error = internalError(thrown);
      this.#ports.log(error.traceback.join('\n'));
      output.error(error);
      return {error, payload: [], userExpressions: {}};
    }
  }

  /**
   * What the client had sent when the cell failed. Run All of a front end comes in over some milliseconds, and a cell may fail in
   * less. So this waits until nothing has come for a moment, while the reply of the failed cell is held back: a client that waits
   * for that reply, as whoever reacts to it must, is never aborted. `began`: when the cell did.
   */
  async #takeQueued(began: number): Promise<Request[]> {
    const deadline = began + QUIET_LIMIT_MS;
    for (let seen = -1; seen < this.#queue.length && performance.now() < deadline;) {
      seen = this.#queue.length;
      await new Promise(resolve => setTimeout(resolve, QUIET_MS));
    }
    return this.#queue.splice(0);
  }

  #abort(request: Request): void {
    const {out} = this.#ports;
    out.status('busy', request.header);
    out.reply(request, 'execute_reply', {status: 'aborted'});
    out.status('idle', request.header);
  }
}

/** The fields of an `execute_request`, with the protocol's defaults. */
function readExecute({content, metadata}: Request) {
  const silent = content['silent'] === true;
  const cellId = metadata['cellId'];
  const given = content['user_expressions'];
  const expressions = typeof given === 'object' && given !== null ? Object.entries(given as JsonObject) : [];
  return {
    code: typeof content['code'] === 'string' ? content['code'] : '',
    silent,
    storeHistory: !silent && content['store_history'] !== false,
    stopOnError: content['stop_on_error'] !== false,
    allowStdin: content['allow_stdin'] === true,
    userExpressions: Object.fromEntries(
      expressions.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    ),
    ...(typeof cellId === 'string' ? {cellId} : {}),
  };
}
