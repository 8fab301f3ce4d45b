import {randomUUID} from 'node:crypto';
import type {JsonObject} from '../fingerprint/json.js';
import {toCodePoints, toUtf16} from '../wire/code-points.js';
import {KernelClient} from '../wire/kernel-client.js';
import type {CommPeer, Comms} from '../wire/comms.js';
import type {Message} from '../wire/message.js';
import type {Bundle, CellOutput, CommMessage, Completeness, Completions, ErrorContent} from '../wire/notebook.js';
import {forward, textOf, textsOf} from './forward.js';
import type {EnterContainer, PythonDone, PythonPort, PythonRun, PythonStart} from './port.js';
import {PythonProcess} from './python-process.js';
import {deathOf, whyAbsent, type Absent} from './why-ended.js';

/** How often it is asked whether it is there, and how long it may take to start, in milliseconds. */
const ASK_MS = 100;
const START_MS = 60_000;

/** How long a completion may take, in milliseconds: the first one loads what it is made with. */
const HELP_MS = 8000;

/** How long a message of a comm is waited for, in milliseconds: what is behind it is answered then. */
const COMM_MS = 2000;

/** When an interrupted one is woken, in milliseconds. */
const WAKE_MS = [30, 300];

/** So many runs are remembered for what comes late. */
const REMEMBERED = 200;

interface Live {
  readonly start: PythonStart;
  readonly process: PythonProcess;
  readonly client: KernelClient;
  readonly ready: Promise<Absent | undefined>;
}

interface Sent {
  readonly output: CellOutput;
  /** Nothing of it is shown. */
  readonly hidden: boolean;
  readonly error: (error: ErrorContent) => void;
  readonly idle: () => void;
}

/** An ipykernel beside the kernel, spoken to as any client does (LANGUAGE 11). */
export class IPython implements PythonPort, CommPeer {
  readonly #log: (line: string) => void;
  readonly #enter: EnterContainer;
  readonly #comms: Pick<Comms, 'connect' | 'said' | 'gone'>;
  readonly #sent = new Map<string, Sent>();
  /** Hears of any message with this parent: whether its iopub is connected. */
  #heard: (parent: string) => void = () => undefined;
  #live: Live | undefined;
  #running = false;
  /** Messages of comms that it deals with. */
  #handling = 0;

  /** @param log hears of messages that cannot be read */
  constructor(log: (line: string) => void, enter: EnterContainer, comms: Pick<Comms, 'connect' | 'said' | 'gone'>) {
    this.#log = log;
    this.#enter = enter;
    this.#comms = comms;
    comms.connect(this);
  }

  get started(): PythonStart | undefined {
    return this.#live?.start;
  }

  get scratch(): string | undefined {
    return this.#live?.process.scratch;
  }

  start(start: PythonStart): Promise<Absent | undefined> {
    this.#live ??= this.#begin(start);
    return this.#live.ready;
  }

  async execute(run: PythonRun, output: CellOutput): Promise<PythonDone> {
    const live = this.#live;
    if (live === undefined) return {is: 'absent', what: 'other', said: 'it has ended'};
    const before = await this.#send(
      live,
      {...run, id: randomUUID(), code: run.before, expressions: {}, silent: true, allowStdin: false},
      output,
      true,
    );
    if (before.is !== 'ok') return before;
    this.#running = true;
    const done = await this.#send(live, run, output, false);
    this.#running = false;
    if (done.is === 'ok' && done.payload.some(each => each['source'] === 'ask_exit')) await this.close();
    return done;
  }

  async complete(code: string, at: number): Promise<Completions | undefined> {
    const content = await this.#help('complete_request', {code, cursor_pos: toCodePoints(code, at)});
    if (content === undefined) return undefined;
    const {matches, cursor_start, cursor_end, metadata} = content;
    return {
      matches: (matches ?? []) as readonly string[],
      start: toUtf16(code, Number(cursor_start)),
      end: toUtf16(code, Number(cursor_end)),
      metadata: (metadata ?? {}) as JsonObject,
    };
  }

  async inspect(code: string, at: number, detail: 0 | 1): Promise<Bundle | undefined> {
    const position = toCodePoints(code, at);
    const content = await this.#help('inspect_request', {code, cursor_pos: position, detail_level: detail});
    return content?.['found'] === true ? (content['data'] as Bundle) : undefined;
  }

  async isComplete(code: string): Promise<Completeness | undefined> {
    const content = await this.#help('is_complete_request', {code});
    if (content === undefined) return undefined;
    const {status, indent} = content;
    return status === 'incomplete'
      ? {status, indent: textOf(indent)}
      : {status: status === 'complete' || status === 'invalid' ? status : 'unknown'};
  }

  async take(message: CommMessage, id: string, output: CellOutput): Promise<boolean> {
    const live = this.#live;
    if (live === undefined || (await live.ready) !== undefined) return false;
    const idle = this.#remember(id, {output, hidden: false, error: error => output.error(error)});
    live.client.tell(message, id);
    this.#handling += 1;
    const done = Promise.race([idle, live.process.ended]).then(() => void (this.#handling -= 1));
    // It is taken after the cell that runs.
    if (this.#running) return true;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([done, new Promise<void>(resolve => (timer = setTimeout(resolve, COMM_MS)))]);
    clearTimeout(timer);
    return true;
  }

  interrupt(): void {
    const live = this.#live;
    if ((!this.#running && this.#handling === 0) || live === undefined) return;
    live.process.interrupt();
    // In an `await` that is idle, ipykernel's handler cancels the task, but its loop sleeps on until something comes.
    for (const ms of WAKE_MS)
      setTimeout(() => {
        if (this.#live === live) void live.client.request('shell', 'kernel_info_request', {});
      }, ms).unref();
  }

  async close(): Promise<void> {
    const live = this.#live;
    if (live === undefined) return;
    this.#live = undefined;
    void live.client.request('control', 'shutdown_request', {restart: false});
    await live.process.close();
    live.client.close();
  }

  #begin(start: PythonStart): Live {
    const process = new PythonProcess(start, this.#enter);
    const client = new KernelClient(process.connection, {
      published: message => this.#published(message),
      asked: message => void this.#asked(client, message),
      problem: text => this.#log(`%%py: ${text}`),
    });
    const live: Live = {start, process, client, ready: this.#ready(process, client, start)};
    void process.ended.then(() => {
      client.close();
      this.#comms.gone();
      if (this.#live === live) this.#live = undefined;
    });
    return live;
  }

  /** Asks until it has answered on both sockets: what is published before iopub is connected is lost. */
  async #ready(process: PythonProcess, client: KernelClient, start: PythonStart): Promise<Absent | undefined> {
    const asked = new Set<string>();
    const heard = new Promise<void>(resolve => {
      this.#heard = parent => {
        if (asked.has(parent)) resolve();
      };
    });
    let answered: (value: unknown) => void = () => undefined;
    const answer = new Promise(resolve => (answered = resolve));
    const ask = (): void => {
      const {id, reply} = client.request('shell', 'kernel_info_request', {});
      asked.add(id);
      void reply.then(answered);
    };
    ask();
    const timer = setInterval(ask, ASK_MS);
    let late: NodeJS.Timeout | undefined;
    const tooLate = new Promise<'late'>(resolve => (late = setTimeout(() => resolve('late'), START_MS)));
    const first = await Promise.race([Promise.all([answer, heard]), process.ended, tooLate]);
    clearInterval(timer);
    clearTimeout(late);
    this.#heard = () => undefined;
    if (first === 'late') {
      process.kill();
      return {is: 'absent', what: 'other', said: 'it did not answer within a minute'};
    }
    if (!Array.isArray(first)) return whyAbsent(first);
    const live = {start, process, client, ready: Promise.resolve(undefined)};
    const run = {id: randomUUID(), code: start.bootstrap, before: '', expressions: {}, silent: true, allowStdin: false};
    const done = await this.#send(live, run, unseen, true);
    return done.is === 'ok'
      ? undefined
      : {
          is: 'absent',
          what: 'other',
          said: done.is === 'error' ? `${done.error.ename}: ${done.error.evalue}` : done.said,
        };
  }

  async #send(live: Live, run: PythonRun, output: CellOutput, hidden: boolean): Promise<PythonDone> {
    let thrown: ErrorContent | undefined;
    const idle = this.#remember(run.id, {output, hidden, error: error => (thrown ??= error)});
    const content = {
      code: run.code,
      silent: run.silent,
      store_history: !run.silent,
      user_expressions: run.expressions,
      allow_stdin: run.allowStdin,
      stop_on_error: false,
    };
    const {reply} = live.client.request('shell', 'execute_request', content, run.id);
    const first = await Promise.race([Promise.all([reply, idle]), live.process.ended]);
    if (!Array.isArray(first)) return {is: 'error', error: deathOf(first)};
    const [{content: said}] = first;
    if (said['status'] !== 'ok') {
      const {ename, evalue, traceback = []} = said;
      const error = {ename: textOf(ename), evalue: textOf(evalue), traceback: traceback as readonly string[]};
      return {is: 'error', error: thrown ?? error};
    }
    // Shown, though the code went on: IPython's own showtraceback().
    if (thrown !== undefined && !hidden) output.error(thrown);
    const payload = Array.isArray(said['payload']) ? (said['payload'] as readonly JsonObject[]) : [];
    return {is: 'ok', payload, texts: textsOf(said['user_expressions'])};
  }

  /** Sends what is said of a request to its output, from now on; resolves when it is done with. */
  #remember(id: string, sent: Omit<Sent, 'idle'>): Promise<void> {
    // The newest last: the oldest is forgotten.
    this.#sent.delete(id);
    const idle = new Promise<void>(resolve => this.#sent.set(id, {...sent, idle: resolve}));
    if (this.#sent.size > REMEMBERED) this.#sent.delete([...this.#sent.keys()][0] ?? '');
    return idle;
  }

  /** A question on the side: only while nothing runs in it, as it answers one request after the other. */
  async #help(type: string, content: JsonObject): Promise<JsonObject | undefined> {
    const live = this.#live;
    if (live === undefined || this.#running) return undefined;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>(resolve => (timer = setTimeout(() => resolve(undefined), HELP_MS)));
    const gone = live.process.ended.then(() => undefined);
    const asked = live.ready.then(absent =>
      absent === undefined ? live.client.request('shell', type, content).reply : undefined,
    );
    const reply = await Promise.race([asked, late, gone]);
    clearTimeout(timer);
    return reply?.content['status'] === 'ok' || type === 'is_complete_request' ? reply?.content : undefined;
  }

  #published(message: Message): void {
    const parent = textOf(message.parent['msg_id']);
    this.#heard(parent);
    const sent = this.#sent.get(parent);
    const {msg_type: type} = message.header;
    if (type === 'comm_open' || type === 'comm_msg' || type === 'comm_close') {
      this.#comms.said({...message, type}, sent?.output);
      return;
    }
    if (sent === undefined) return;
    if (type === 'status') {
      if (message.content['execution_state'] === 'idle') sent.idle();
    } else if (type === 'error') sent.error(message.content as unknown as ErrorContent);
    else if (!sent.hidden) forward(message, sent.output);
  }

  async #asked(client: KernelClient, message: Message): Promise<void> {
    const sent = this.#sent.get(textOf(message.parent['msg_id']));
    const {prompt, password} = message.content;
    const text = await sent?.output.input(textOf(prompt), password === true);
    client.answer(message, text ?? '');
  }
}

const unseen: CellOutput = {
  stream: () => undefined,
  display: () => undefined,
  update: () => undefined,
  result: () => undefined,
  error: () => undefined,
  clear: () => undefined,
  input: () => Promise.resolve(undefined),
};
