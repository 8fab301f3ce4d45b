import {randomUUID} from 'node:crypto';
import {answers, REPLIES, type Answer, type KernelInfo, type SideRequest} from './answers.js';
import {Channels, type Handle, type Log} from './channels.js';
import {Codec} from './codec.js';
import {RequestOutput} from './cell-output.js';
import {Comms} from './comms.js';
import type {Channel, Connection} from './connection.js';
import {Executions} from './executions.js';
import {HistoryFiles} from './history-files.js';
import {History} from './history.js';
import {internalError} from './internal-error.js';
import type {Message, Request} from './message.js';
import type {Notebook} from './notebook.js';
import {Outgoing} from './outgoing.js';
import {Questions} from './questions.js';

/** What a server is told besides its connection and its notebook. */
export interface ServerOptions extends KernelInfo {
  /** Hears of messages that were refused and of bugs; never of what a user did wrong. */
  readonly log: Log;
  /** How long the notebook's own shutdown may take, in milliseconds. 3000 unless given: clients kill a kernel after 5 s. */
  readonly graceMs?: number;
  /** Where the history is kept across restarts; without it, it ends with the kernel. */
  readonly historyDirectory?: string;
  /** Targets of comms; none unless given. */
  readonly comms?: Comms;
  /** Called when a client has been told, for the first time, what kernel this is. */
  readonly greeted?: () => void;
}

/** How a server ended. `restart` is what the client said it will do next. */
export interface Closed {
  readonly restart: boolean;
}

/**
 * The Jupyter protocol server of one notebook. Executions wait for each other; all other requests are answered while a cell
 * runs, so that completion and a page that is loaded again do not wait for a long cell.
 */
export class Server {
  /** Resolves when the sockets are closed: then the process may exit, on restart too. */
  readonly closed: Promise<Closed>;
  readonly #notebook: Notebook;
  readonly #options: ServerOptions;
  readonly #channels: Channels;
  readonly #codec: Codec;
  readonly #out: Outgoing;
  readonly #questions: Questions;
  readonly #executions: Executions;
  readonly #history: History;
  readonly #comms: Comms;
  readonly #answers: Readonly<Record<SideRequest, Answer>>;
  /** The last answer on the side for each channel: they follow each other in order. What handles comms may take long, so nothing else waits for it. */
  readonly #sides = {shell: Promise.resolve(), control: Promise.resolve(), comms: Promise.resolve()};
  #ending = false;
  #greeted = false;
  #started = false;
  #resolveClosed: (closed: Closed) => void = () => undefined;

  private constructor(channels: Channels, connection: Connection, notebook: Notebook, options: ServerOptions) {
    this.closed = new Promise(resolve => (this.#resolveClosed = resolve));
    this.#notebook = notebook;
    this.#options = options;
    this.#channels = channels;
    this.#codec = new Codec(connection.key, connection.hash);
    this.#out = new Outgoing(channels, this.#codec, randomUUID());
    this.#questions = new Questions(this.#out);
    const {historyDirectory, comms = new Comms(), log} = options;
    const history = new History(historyDirectory === undefined ? undefined : new HistoryFiles(historyDirectory));
    this.#history = history;
    this.#executions = new Executions({
      notebook,
      out: this.#out,
      questions: this.#questions,
      history,
      log,
    });
    this.#comms = comms;
    comms.attach({
      out: this.#out,
      executing: () => this.#executions.executing,
      outputOf: request =>
        new RequestOutput(this.#out, this.#questions, {
          request,
          count: 0,
          silent: false,
          allowStdin: false,
          executing: () => this.#executions.executing,
          waiting: new Set(),
          onResult: () => undefined,
        }),
      log,
    });
    this.#answers = answers(notebook, history, comms, options);
  }

  /** Binds the sockets, and serves. Rejects if an address cannot be had. */
  static async start(connection: Connection, notebook: Notebook, options: ServerOptions): Promise<Server> {
    const channels = await Channels.bind(connection, options.log);
    const server = new Server(channels, connection, notebook, options);
    server.#serve();
    return server;
  }

  /** Ends the server without a client's request: the notebook is shut down, the sockets closed. */
  async close(): Promise<Closed> {
    void this.#end(false);
    return this.closed;
  }

  #serve(): void {
    const on = (channel: Channel, handle: Handle) => this.#channels.listen(channel, handle);
    on('hb', async frames => {
      this.#channels.send('hb', frames);
      // A Reply socket takes the next message only after it has answered this one.
      await this.#channels.drained(['hb']);
    });
    // A frame that stood before an unsubscription of nothing waits in libzmq for a next one, which may be of another client.
    on('iopub', frames => {
      for (const frame of frames) this.#subscribed(frame);
    });
    on('stdin', frames => {
      const message = this.#decode('stdin', frames);
      if (message?.header.msg_type === 'input_reply') this.#questions.answer(message);
    });
    for (const channel of ['shell', 'control'] as const) {
      on(channel, frames => {
        const message = this.#decode(channel, frames);
        if (message !== undefined) this.#receive({...message, channel});
      });
    }
  }

  /**
   * JEP 65: a new subscriber is welcomed, on the topic that it subscribed to. The first one then hears `starting`, which nobody could
   * hear before; not once another status has been said, which clients would think is over.
   */
  #subscribed(frame: Buffer): void {
    if (frame[0] !== 1) return;
    const topic = frame.subarray(1);
    const subscription = topic.toString();
    if (!Buffer.from(subscription).equals(topic)) return;
    this.#out.publish('iopub_welcome', {subscription}, {}, {topic: subscription});
    if (this.#started) return;
    this.#started = true;
    this.#out.status('starting', {});
  }

  #decode(channel: string, frames: Buffer[]): Message | undefined {
    const decoded = this.#codec.decode(frames);
    if (decoded.ok) return decoded.value;
    this.#options.log(`${channel}: dropped a message: ${decoded.error.message}`);
    return undefined;
  }

  #receive(request: Request): void {
    const type = request.header.msg_type;
    this.#started = true;
    if (type === 'execute_request') this.#executions.push(request);
    else if (this.#ending) return;
    else if (type === 'shutdown_request') this.#shutDown(request);
    else {
      const side = type.startsWith('comm_') ? 'comms' : request.channel;
      const answered = this.#sides[side].then(async () => this.#answer(request));
      // Nothing that one request does may end the answers to those behind it.
      this.#sides[side] = answered.catch((error: unknown) =>
        this.#options.log(`${type}: ${internalError(error).traceback.join('\n')}`),
      );
    }
  }

  async #answer(request: Request): Promise<void> {
    const {header} = request;
    this.#out.status('busy', header);
    try {
      await this.#answerByType(request);
    } catch (thrown) {
      const error = internalError(thrown);
      this.#options.log(`${header.msg_type}: ${error.traceback.join('\n')}`);
      if (isSide(header.msg_type)) this.#out.reply(request, REPLIES[header.msg_type], {status: 'error', ...error});
    }
    this.#out.status('idle', header);
    if (header.msg_type === 'kernel_info_request' && !this.#greeted) {
      this.#greeted = true;
      this.#options.greeted?.();
    }
    // Clients show the last state that they heard, whatever its parent; a cell that runs is still busy.
    const executing = this.#executions.executing;
    if (executing !== undefined && request.channel === 'shell') this.#out.status('busy', executing);
  }

  async #answerByType(request: Request): Promise<void> {
    const type = request.header.msg_type;
    if (isSide(type)) {
      const content = await this.#answers[type](request.content);
      this.#out.reply(request, REPLIES[type], {status: 'ok', ...content});
    } else if (!(await this.#comms.handle(request))) {
      this.#options.log(`${request.channel}: ${type} is not known`);
    }
  }

  #shutDown(request: Request): void {
    const restart = request.content['restart'] === true;
    this.#out.status('busy', request.header);
    this.#out.reply(request, REPLIES.shutdown_request, {status: 'ok', restart});
    this.#out.status('idle', request.header);
    void this.#end(restart);
  }

  async #end(restart: boolean): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    this.#executions.close();
    try {
      await within(this.#options.graceMs ?? 3000, this.#notebook.shutdown(restart));
    } catch (error) {
      this.#options.log(`shutdown: ${internalError(error).traceback.join('\n')}`);
    }
    // The notebook has ended what ran: its reply is on the way.
    await within(200, this.#executions.settled());
    this.#executions.flush();
    await within(500, this.#history.settled());
    await within(500, this.#channels.drained());
    this.#channels.close();
    this.#resolveClosed({restart});
  }
}

const isSide = (type: string): type is SideRequest =>
  Object.hasOwn(REPLIES, type) && type !== 'execute_request' && type !== 'shutdown_request';

/** Waits for `work`, but not longer than this. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise(resolve => (timer = setTimeout(resolve, ms)));
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
