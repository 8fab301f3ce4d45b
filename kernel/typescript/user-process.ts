import type {ChildProcess} from 'node:child_process';
import {randomUUID} from 'node:crypto';
import type {Writable} from 'node:stream';
import type {JsonObject} from '../fingerprint/json.js';
import type {ErrorContent} from '../wire/notebook.js';
import type {Evaluated, FromUser, FutureRef, LineCall, Settled, ShownExpression, ToUser} from './messages.js';
import {deathError, kernelEnds, lostByForce, notThere} from './death.js';
import {spawnUser, type UserProcessOptions} from './spawn-user.js';
import type {Done, UserEvents} from './user-events.js';
import {LongLines} from './long-lines.js';
import {OrderedOutput, readStream} from './ordered-output.js';

type Answer = Evaluated[][] | string[] | ShownExpression[];

interface Running {
  readonly cell: string;
  readonly resolve: (done: Done) => void;
}

/** How long to wait for the last output of a process that has ended, in milliseconds. */
const quiet = 500;

/** How many processes in a row may end before they are ready. */
const attempts = 3;

/**
 * The process of the user's code, as the kernel sees it. It is started at once, and again whenever it ends. No method throws or
 * rejects for what code does.
 */
export class UserProcess {
  readonly #options: UserProcessOptions;
  readonly #events: UserEvents;
  readonly #asked = new Map<string, (answer: Answer | ErrorContent) => void>();
  #child: ChildProcess;
  #running: Running | undefined;
  #order: OrderedOutput;
  #last = '';
  #closed = false;
  #failures = 0;
  #stderr = '';
  #ended: Promise<void> = Promise.resolve();

  constructor(options: UserProcessOptions, events: UserEvents) {
    this.#options = options;
    this.#events = events;
    this.#order = this.#newOrder();
    this.#child = this.#start();
  }

  /** The process's id, while there is one. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Runs a cell; one at a time. Resolves when its code and its output are over, however they end. With `rows` the cell is the body of
   * a loop, run once for each, and `bind` are names for the map of their results.
   */
  async execute(
    cell: string,
    count: number,
    code: string,
    lines: readonly LineCall[] = [],
    rows?: readonly JsonObject[],
    bind?: readonly string[],
  ): Promise<Done> {
    if (!this.#child.connected) await this.#next();
    return new Promise(resolve => {
      const loop = {...(rows && {rows}), ...(bind && {bind})};
      const message: ToUser = {type: 'execute', cell, count, code, lines, ...loop};
      this.#running = {cell, resolve};
      this.#last = cell;
      if (!this.#send(message)) {
        this.#running = undefined;
        resolve({cell, error: notThere});
      }
    });
  }

  /** Evaluates expressions for each row; the answer has a row for each, or one where there are none. */
  async evaluate(
    cell: string,
    expressions: readonly string[],
    rows: readonly JsonObject[],
    deferrable: boolean,
    line?: string,
  ): Promise<readonly (readonly Evaluated[])[]> {
    this.#last = cell;
    if (!this.#child.connected) await this.#next();
    const asked = {type: 'evaluate' as const, cell, expressions, rows, deferrable, ...(line !== undefined && {line})};
    const answer = await this.#ask(id => ({...asked, id}));
    if (Array.isArray(answer)) return answer as Evaluated[][];
    return Array.from({length: Math.max(rows.length, 1)}, () => expressions.map(() => ({is: 'error', error: answer})));
  }

  /** Finishes a deferred expression. If the process that deferred it is gone, the answer is an error. */
  async resume(token: string, settled: Readonly<Record<string, Settled>>): Promise<Evaluated> {
    const answer = await this.#ask(id => ({type: 'resume', id, token, settled}));
    if (!Array.isArray(answer)) return {is: 'error', error: answer};
    return (answer as Evaluated[][])[0]?.[0] ?? {is: 'error', error: notThere};
  }

  /** What each of some expressions looks like, one evaluated after the other; `count` is that of the cell they follow. */
  async show(cell: string, count: number, expressions: readonly string[]): Promise<readonly ShownExpression[]> {
    const answer = await this.#ask(id => ({type: 'show', id, cell, count, expressions}));
    return Array.isArray(answer) ? (answer as ShownExpression[]) : expressions.map(() => ({error: answer}));
  }

  /** The names that cells have bound, and Weft's own; `reached`: what they reach, see {@link ToUser}. */
  async names(reached?: true): Promise<readonly string[]> {
    const answer = await this.#ask(id => ({type: 'names', id, ...(reached && {reached})}));
    return Array.isArray(answer) ? (answer as string[]) : [];
  }

  bind(name: string, ref: FutureRef): void {
    this.#send({type: 'bind', name, ref});
  }

  /** Tells what wants no answer. */
  tell(message: Extract<ToUser, {type: 'assign' | 'expanded' | 'mapAgain' | 'planned'}>): void {
    this.#send(message);
  }

  settled(future: string, settled: Settled): void {
    this.#send({type: 'settled', future, settled});
  }

  lineDone(id: string, error?: ErrorContent): void {
    this.#send({type: 'lineDone', id, ...(error && {error})});
  }

  inputReply(id: string, text?: string): void {
    this.#send({type: 'inputReply', id, ...(text !== undefined && {text})});
  }

  /** Stops what runs for a request, by its msg_id; also code that spins when no cell runs. State is kept. */
  interrupt(cell: string): void {
    (this.#child.stdio[4] as Writable | null | undefined)?.write(`${cell}\n`);
  }

  /** Ends the process, by force if it does not leave within `grace` ms. Resolves when it is gone. */
  async close(grace = 500): Promise<void> {
    this.#closed = true;
    const child = this.#child;
    if (child.connected) child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), grace);
    await this.#ended;
    clearTimeout(timer);
    this.#order.flush();
    this.#fail(kernelEnds);
  }

  #start(): ChildProcess {
    const child = spawnUser(this.#options);
    let ready = false;
    child.on('message', message => {
      const received = message as FromUser | null; // null: by code that is set on reaching the channel
      if (received?.type === 'ready') {
        ready = true;
        this.#failures = 0;
      } else if (received) this.#receive(received);
    });
    const drained = [readStream(child.stdout, 'stdout', this.#order), readStream(child.stderr, 'stderr', this.#order)];
    this.#ended = new Promise(resolve => {
      const end = (code: number | null, signal: NodeJS.Signals | null, problem?: Error): void => {
        // A grandchild may hold the pipes open: what has come by then is all.
        const late = new Promise<void>(done => setTimeout(done, quiet).unref());
        void Promise.race([Promise.all(drained), late]).then(() => {
          resolve();
          if (!ready) this.#failures++;
          if (!this.#closed && child === this.#child) this.#died(code, signal, problem);
        });
      };
      child.on('error', problem => {
        if (child.pid === undefined) end(null, null, problem);
      });
      child.on('exit', (code, signal) => end(code, signal));
    });
    return child;
  }

  #send(message: ToUser): boolean {
    if (!this.#child.connected) return false;
    // A process that is ending: its end answers.
    this.#child.send(message, () => undefined);
    return true;
  }

  /** Between the end of a process and the start of the next: what comes then is for the next. */
  async #next(): Promise<void> {
    for (let ending; ending !== this.#ended && !this.#child.connected;) await (ending = this.#ended);
  }

  #ask(message: (id: string) => ToUser): Promise<Answer | ErrorContent> {
    return new Promise(resolve => {
      const id = randomUUID();
      this.#asked.set(id, resolve);
      if (this.#send(message(id))) return;
      this.#asked.delete(id);
      resolve(notThere);
    });
  }

  #receive(message: FromUser): void {
    switch (message.type) {
      case 'ready':
        return;
      case 'done': {
        this.#order.afterText(() => {
          const running = this.#running;
          if (running?.cell !== message.cell) return;
          this.#running = undefined;
          running.resolve(message);
        });
        return;
      }
      case 'evaluated':
        this.#answer(message.id, message.table as Evaluated[][]);
        return;
      case 'names':
        this.#answer(message.id, message.names as string[]);
        return;
      case 'shown':
        this.#order.afterText(() => this.#answer(message.id, message.shown as ShownExpression[]));
        return;
      case 'call':
        this.#events.call(message);
        return;
      case 'await':
        this.#events.await(message);
        return;
      case 'mapped':
        this.#events.mapped(message);
        return;
      case 'line':
        this.#order.afterText(() => this.#events.line(message));
        return;
      case 'terminated':
        this.#send({type: 'still', ids: [this.#running?.cell ?? '', ...this.#asked.keys()]});
        return;
      case 'lost':
        this.#order.afterText(() => this.#fail(lostByForce, message.ids));
        return;
      case 'display':
        this.#order.afterText(() => this.#events.display(message));
        return;
      case 'clear':
        this.#order.afterText(() => this.#events.clear(message));
        return;
      case 'input':
        this.#order.afterText(() => this.#events.input(message));
        return;
    }
  }

  #answer(id: string, answer: Answer): void {
    const resolve = this.#asked.get(id);
    this.#asked.delete(id);
    resolve?.(answer);
  }

  #newOrder(): OrderedOutput {
    const lines = {stdout: new LongLines(), stderr: new LongLines()};
    return new OrderedOutput((name, {text, cell}) => {
      if (name === 'stderr') this.#stderr = (this.#stderr + text).slice(-4000);
      const owner = cell ?? this.#running?.cell ?? this.#last;
      const cut = lines[name].cut(owner, text);
      if (cut !== '') this.#events.output(owner, name, cut);
    });
  }

  #died(code: number | null, signal: NodeJS.Signals | null, problem: Error | undefined): void {
    const error = deathError(code, signal, this.#stderr, problem);
    this.#stderr = '';
    this.#order.flush();
    this.#order = this.#newOrder();
    if (this.#failures < attempts) this.#child = this.#start();
    this.#fail(error);
    this.#events.died({code, signal, error});
  }

  /** Answers what waits for the process, or these of it. */
  #fail(error: ErrorContent, ids?: readonly string[]): void {
    const running = this.#running;
    if (running && ids?.includes(running.cell) !== false) {
      this.#running = undefined;
      running.resolve({cell: running.cell, error});
    }
    for (const id of ids ?? [...this.#asked.keys()]) {
      this.#asked.get(id)?.(error);
      this.#asked.delete(id);
    }
  }
}
