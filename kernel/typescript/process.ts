import {createRequire} from 'node:module';
import {join} from 'node:path';
import process from 'node:process';
import {setImmediate} from 'node:timers';
import {fileURLToPath} from 'node:url';
import type {JsonObject} from '../fingerprint/json.js';
import type {ErrorContent} from '../wire/notebook.js';
import {Asking} from './asking.js';
import {CellErrors} from './cell-error.js';
import {babelHelpers} from './decorate.js';
import {decoratorHelpers} from './decorators.js';
import {displayFunction, shownAs} from './display.js';
import {errorContent} from './error-content.js';
import {Evaluator} from './evaluate.js';
import {heldBy} from './future.js';
import {KernelPort} from './kernel-port.js';
import {taskFunctions} from './functions.js';
import {Futures} from './futures.js';
import {LineCalls} from './line-calls.js';
import type {FromUser, ShownExpression, ToUser} from './messages.js';
import {ModuleFiles} from './module-files.js';
import {namesFor} from './reached.js';
import {Names} from './names.js';
import {Origin} from './origin.js';
import {SetResult} from './results.js';
import {startStops} from './stops.js';
import {directStream, writeOf} from './streams.js';
import {warmUp} from './strip.js';
import {Turns} from './turns.js';

type Execute = Extract<ToUser, {type: 'execute'}>;
type Done = Extract<FromUser, {type: 'done'}>;

/** Runs the user's side of a kernel in this process, until the kernel leaves. `entry`: the module that a watchdog's thread loads. */
export function startUserProcess(entry: URL): void {
  const loop = new UserProcessLoop(entry);
  for (const [name, fd] of [
    ['stdout', 1],
    ['stderr', 2],
  ] as const) {
    const stream = directStream(fd, () => loop.owner);
    Object.defineProperty(process, name, {configurable: true, enumerable: true, get: () => stream});
  }
  loop.start();
}

class UserProcessLoop {
  readonly #entry: URL;
  readonly #names = new Names(globalThis);
  readonly #futures: Futures;
  readonly #errors: CellErrors;
  readonly #evaluator: Evaluator;
  readonly #origin = new Origin();
  readonly #kernel = new KernelPort(() => this.#origin.current !== undefined);
  readonly #turns = new Turns(this.#origin);
  readonly #errorContent = (error: unknown): ErrorContent => errorContent(error, this.#errors);
  readonly #lines = new LineCalls(call => this.#kernel.sendMarked(call));
  readonly #asking = new Asking(
    question => this.#kernel.sendMarked(question),
    () => this.#cell,
  );
  /** The cell that the kernel has sent last. */
  #last = '';
  /** The cell that executes: the kernel takes for its own what no one else is named for. */
  #executing: string | undefined;

  constructor(entry: URL) {
    this.#entry = entry;
    const directory = process.cwd();
    this.#errors = new CellErrors([entry.href, fileURLToPath(entry)], new ModuleFiles(directory, entry));
    this.#futures = new Futures(
      message => this.#kernel.send(message),
      () => this.#cell,
      () => this.#errors.here(),
    );
    this.#evaluator = new Evaluator(this.#names, this.#futures, this.#errors, directory);
    this.#install(directory);
  }

  /** Whose text it is that code writes now; undefined where the kernel itself can tell. */
  get owner(): string | undefined {
    const cell = this.#origin.current;
    return cell === '' || cell === this.#executing ? undefined : cell;
  }

  /** The cell whose code runs, else the one that ran last. */
  get #cell(): string {
    return this.#origin.current || this.#last;
  }

  start(): void {
    this.#errors.install();
    this.#origin.install();
    const exit = process.exit.bind(process);
    process.on('uncaughtException', error => this.#report(error));
    process.on('unhandledRejection', (error, promise) => this.#report(error, promise));
    // What was reported and is awaited by a later cell is no news; Node would warn of it.
    process.on('rejectionHandled', () => undefined);
    process.on('disconnect', () => exit(0));
    // A signal that goes to the whole group is the kernel's to take: it interrupts, and names stay.
    process.on('SIGINT', () => undefined);
    process.on('message', message => this.#receive(message as ToUser));
    startStops(this.#entry, {
      origin: this.#origin,
      turns: this.#turns,
      evaluator: this.#evaluator,
      kernel: this.#kernel,
      cells: () => ({executing: this.#executing, last: this.#last}),
    });
    this.#kernel.send({type: 'ready'});
    setImmediate(warmUp);
  }

  #install(directory: string): void {
    const notebook = join(directory, 'notebook.ts');
    const names = this.#names;
    for (const [name, value] of Object.entries({babelHelpers, ...decoratorHelpers})) names.install(name, value);
    names.install('require', createRequire(notebook));
    ModuleFiles.installRequire();
    names.install('module', {exports: {}});
    names.install('__dirname', directory);
    names.install('__filename', notebook);
    const display = displayFunction({
      show: ({data, metadata}, {id, update}) =>
        this.#kernel.sendMarked({
          type: 'display',
          cell: this.#cell,
          data,
          metadata,
          update,
          ...(id !== undefined && {displayId: id}),
        }),
      clear: wait => this.#kernel.sendMarked({type: 'clear', cell: this.#cell, wait}),
    });
    names.install('display', display);
    const {input} = this.#asking;
    names.install('input', input);
    names.install('prompt', input);
    for (const [name, value] of Object.entries(taskFunctions(this.#futures))) names.install(name, value);
  }

  #receive(message: ToUser): void {
    switch (message.type) {
      case 'execute':
        void this.#execute(message);
        return;
      case 'evaluate':
        void this.#evaluate(message);
        return;
      case 'resume':
        void this.#turns
          .run('', () => this.#evaluator.resume(message.token, message.settled), message.id)
          .catch((error: unknown) => ({is: 'error' as const, error: this.#errorContent(error)}))
          .then(result => this.#kernel.answer({type: 'evaluated', id: message.id, table: [[result]]}));
        return;
      case 'show':
        void this.#show(message);
        return;
      case 'bind':
        this.#names.define(message.name, this.#futures.handle(message.ref));
        return;
      case 'assign':
        this.#names.define(message.name, message.value);
        return;
      case 'expanded':
        this.#futures.handle(message.ref);
        return;
      case 'settled':
      case 'planned':
      case 'mapAgain':
        this.#futures.told(message);
        return;
      case 'lineDone':
        this.#lines.done(message.id, message.error);
        return;
      case 'inputReply':
        this.#asking.answer(message.id, message.text);
        return;
      case 'names':
        this.#kernel.answer({...message, names: namesFor(message, this.#names, this.#futures)});
        return;
      case 'still':
        this.#kernel.sendMarked({type: 'lost', ids: message.ids.filter(id => !this.#turns.has(id))});
        return;
    }
  }

  async #execute(message: Execute): Promise<void> {
    this.#last = this.#executing = message.cell;
    let done: Done;
    try {
      done = {type: 'done', cell: message.cell, ...(await this.#turns.run(message.cell, () => this.#runCell(message)))};
    } catch (error) {
      done = {type: 'done', cell: message.cell, error: this.#errorContent(error)};
    }
    this.#executing = undefined;
    this.#kernel.answerMarked({...done, ...this.#evaluator.rebound()}, problem => ({
      type: 'done',
      cell: message.cell,
      error: this.#errorContent(problem),
    }));
  }

  async #runCell(message: Execute): Promise<Partial<Done>> {
    const {cell, count, code, lines, rows} = message;
    const variables = rows && [...new Set(rows.flatMap(row => Object.keys(row)))];
    const run = this.#evaluator.cell(
      count,
      code,
      lines,
      (index, locals) => this.#lines.call(cell, index, locals),
      variables,
    );
    if (rows && variables) return this.#runRows(message, run, rows, variables);
    const outcome = await run();
    return outcome === undefined || outcome.value === undefined ? {} : this.#shown(outcome.value);
  }

  async #runRows(
    message: Execute,
    run: (row: JsonObject) => Promise<{value: unknown} | undefined>,
    rows: readonly JsonObject[],
    variables: readonly string[],
  ): Promise<Partial<Done>> {
    const ended = await Promise.allSettled(rows.map(row => run(row)));
    const failed = ended.find(each => each.status === 'rejected');
    if (failed) throw failed.reason;
    const values = ended.map(each => (each.status === 'fulfilled' ? each.value?.value : undefined));
    const results = rows.map((row, index) => ({
      key: variables.map(variable => row[variable] ?? null),
      value: values[index],
    }));
    const refs = values.flatMap(value => (heldBy(value) ? (this.#futures.refOf(value) ?? []) : []));
    const name = message.bind?.find(each => each !== '_') ?? 'foreach';
    const all = refs.length === rows.length && rows.length > 0;
    const members = results.flatMap(({key}, index) => {
      const future = refs[index];
      return future ? [{key, future}] : [];
    });
    const result = all ? this.#futures.part({name, variables, members}) : new SetResult(variables, results);
    for (const each of message.bind ?? []) this.#names.define(each, result);
    return {...(await this.#shown(result)), ...(all && {rows: refs})};
  }

  async #shown(value: unknown): Promise<Partial<Done>> {
    const {data, metadata} = await shownAs(value);
    const held = heldBy(value);
    const ref = held && !held.awaited ? this.#futures.refOf(value) : undefined;
    return {result: data, metadata, ...(ref && {future: ref})};
  }

  async #evaluate(message: Extract<ToUser, {type: 'evaluate'}>): Promise<void> {
    const {id, cell, expressions, line, deferrable} = message;
    const rows = line === undefined ? message.rows : [this.#lines.localsOf(line)];
    this.#last = cell;
    let table;
    try {
      table = await this.#turns.run(cell, () => this.#evaluator.table(expressions, rows, deferrable), id);
    } catch (error) {
      const content = this.#errorContent(error);
      const count = Math.max(rows.length, 1);
      table = Array.from({length: count}, () => expressions.map(() => ({is: 'error' as const, error: content})));
    }
    this.#kernel.answer({type: 'evaluated', id, table});
  }

  /** The user expressions of a cell that is over: each by itself, as if it were the last line of a cell. */
  async #show({id, cell, count, expressions}: Extract<ToUser, {type: 'show'}>): Promise<void> {
    const shown: ShownExpression[] = [];
    for (const code of expressions) {
      try {
        const outcome = await this.#turns.run(
          cell,
          this.#evaluator.cell(count, code, [], async () => undefined),
          id,
        );
        shown.push(await this.#turns.run(cell, () => shownAs(outcome?.value), id));
      } catch (error) {
        shown.push({error: this.#errorContent(error)});
      }
    }
    this.#kernel.answerMarked({type: 'shown', id, shown}, problem => ({
      type: 'shown',
      id,
      shown: expressions.map(() => ({error: this.#errorContent(problem)})),
    }));
  }

  /** Nobody has caught this: it is said in the cell that started the code. */
  #report(error: unknown, promise?: unknown): void {
    const cell = this.#origin.ofError(error, promise);
    const text = `${this.#errors.content(error).traceback.join('\n')}\n`;
    writeOf(2, cell === this.#executing ? undefined : cell, Buffer.from(text));
  }
}
