import {parseCell} from '../cell/cell.js';
import {withLineFeeds} from '../cell/source.js';
import type {CellSyntax, MagicLine} from '../cell/syntax.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {PythonPort} from '../python/port.js';
import type {CallPlace, Settled} from '../typescript/messages.js';
import type {
  Bundle,
  CellOutput,
  Completeness,
  Completions,
  ErrorContent,
  ExecuteOutcome,
  ExecuteRequest,
  Notebook,
} from '../wire/notebook.js';
import type {AssistPorts} from './assist.js';
import {withMagic} from './bare-cell.js';
import {bindFuture} from './bind-future.js';
import {Calls, type CallingCell} from './calls.js';
import {CellOutputs} from './cell-outputs.js';
import {hasErrors, INTERRUPTED, orPython, plainError, problemsError, problemsText, unknownMagic} from './cell-error.js';
import type {Contexts} from './context.js';
import type {Displays} from './displays.js';
import {foregroundCell} from './foreground-cell.js';
import type {Futures} from './futures.js';
import {interruptible} from './interruptible.js';
import {KnownNames} from './known-names.js';
import type {LanguagePort} from './language-port.js';
import {LineRunner} from './line-runner.js';
import {openDisplay} from './open-display.js';
import {errorsBesides, runTaskCell, type CellPorts} from './magic-cell.js';
import type {Problem} from './magic.js';
import type {NotebookControl} from './notebook-control.js';
import type {FutureNode} from './node.js';
import {completenessOf, completionsOf, inspectionOf} from './python-assist.js';
import {shapesOf, type Registry} from './registry.js';
import {settleCell, settleNodes} from './settle.js';
import type {Settings} from './settings.js';
import {TypeChecks} from './type-checks.js';
import {readTypeScriptLoop} from './typescript-loop.js';
import {answerExpressions} from './user-expressions.js';
import type {UserLoop, UserPort} from './user-port.js';

/** What a session is made of. */
export interface SessionPorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly displays: Displays;
  readonly contexts: Contexts;
  readonly registry: Registry;
  readonly control: NotebookControl;
  readonly settings: Settings;
  readonly python: PythonPort;
  /** Absent: no types are known. */
  readonly language?: LanguagePort | undefined;
  /** Ends what the session does not own: journals, the executor's watching. */
  readonly close: () => Promise<void>;
}

/** A cell that executes, and what it has made so far. */
interface Running extends CallingCell {
  readonly request: ExecuteRequest;
  readonly output: CellOutput;
  readonly abort: AbortController;
  /** What the reply carries for the client: texts for its pager. */
  readonly payload: JsonObject[];
  lines: readonly MagicLine[];
  /** The error of a line magic that failed: what the code throws then is known by it. */
  lineError: ErrorContent | undefined;
}

/** One notebook: cells in, tasks and displays out. It knows no socket and no magic by name. */
export class NotebookSession implements Notebook {
  readonly #ports: SessionPorts;
  readonly #calls: Calls;
  readonly #assist: AssistPorts;
  readonly #types: TypeChecks;
  readonly #outputs = new CellOutputs();
  readonly #cells = new Map<string, Running>();
  #running: Running | undefined;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
    this.#calls = new Calls(ports);
    const names = new KnownNames(() => ports.user.names());
    this.#assist = {...ports, names, language: ports.language};
    this.#types = new TypeChecks({...this.#assist, settings: ports.settings});
  }

  async execute(given: ExecuteRequest, output: CellOutput): Promise<ExecuteOutcome> {
    const request = {...given, code: withMagic(withLineFeeds(given.code), this.#ports.registry, this.#ports.settings)};
    const abort = new AbortController();
    const nodes: FutureNode[] = [];
    const context = this.#ports.contexts.make(request.id, abort.signal, node => void nodes.push(node));
    const made = {context, count: request.count, nodes, calls: [], lines: [], problems: [], payload: []};
    const running: Running = {...made, request, output, abort, lineError: undefined};
    this.#running = running;
    this.#cells.set(request.id, running);
    this.#outputs.add(request.id, output);
    this.#types.began();
    try {
      const error = (await this.#cell(running)) ?? (await settleCell(running));
      // What has ended by now is shown before the reply: a client that runs cells one by one saves what it has by then.
      this.#ports.displays.settle();
      if (error !== undefined) this.#types.failed(request.id);
      if (error !== undefined && !request.silent) output.error(error);
      const userExpressions = error === undefined ? await answerExpressions(request, this.#ports) : {};
      return {payload: running.payload, userExpressions, ...(error === undefined ? {} : {error})};
    } finally {
      this.#running = undefined;
      this.#cells.delete(request.id);
      this.#types.ended();
    }
  }

  async #cell(running: Running): Promise<ErrorContent | undefined> {
    const {request, output} = running;
    const text = request.code;
    const shapes = shapesOf(this.#ports.registry);
    const {value: syntax, diagnostics} = parseCell(text, shapes);
    if (hasErrors(diagnostics)) {
      const more = await errorsBesides(diagnostics, syntax, this.#ports.registry.tasks, this.#taskPorts(running));
      return problemsError([...diagnostics, ...more], text, request.count);
    }
    if (diagnostics.length > 0) output.stream('stderr', `${problemsText(diagnostics, text, request.count)}\n`);
    if (syntax.is === 'empty') return undefined;
    return syntax.is === 'magic' ? this.#magic(running, syntax) : this.#typescript(running, text, syntax.lines);
  }

  async #magic(running: Running, syntax: Extract<CellSyntax, {is: 'magic'}>): Promise<ErrorContent | undefined> {
    const {request, output} = running;
    const inner = syntax.stack.at(-1);
    const error = (problems: readonly Problem[]): ErrorContent => problemsError(problems, request.code, request.count);
    if (inner?.name === 'foreach') return this.#foreachTypeScript(running, syntax);
    const own = this.#ports.registry.cells.find(cell => cell.shape.name === inner?.name);
    if (own !== undefined) return foregroundCell(syntax, own, running, this.#ports);
    const magic = this.#ports.registry.tasks.find(task => task.shape.name === inner?.name);
    if (magic === undefined) return error([unknownMagic(inner)]);
    const ran = await runTaskCell(syntax, magic, this.#taskPorts(running));
    if (!ran.ok) return error(ran.error);
    const {name, node, warnings} = ran.value;
    if (warnings.length > 0) output.stream('stderr', `${problemsText(warnings, request.code, request.count)}\n`);
    running.nodes.push(node);
    this.#bind(name, node, request.count);
    await openDisplay(name ?? magic.shape.name, [node], running, this.#ports);
    return magic.foreground?.(syntax.body) === true ? settleNodes(() => [node], running.abort.signal) : undefined;
  }

  #taskPorts({context, request}: Running): CellPorts {
    const {user, futures, registry} = this.#ports;
    return {user, futures, context: context.fixed(), count: request.count, ownNames: registry.ownNames};
  }

  async #foreachTypeScript(
    running: Running,
    syntax: Extract<CellSyntax, {is: 'magic'}>,
  ): Promise<ErrorContent | undefined> {
    const {request, context} = running;
    const {user, futures, registry} = this.#ports;
    const read = readTypeScriptLoop(request.code, syntax, {cell: context.cell, user, futures, registry});
    const loop = await interruptible(running.abort.signal, read);
    if (loop === 'interrupted') return INTERRUPTED;
    if (!loop.ok) return problemsError(loop.error, request.code, request.count);
    return this.#typescript(running, loop.value.code, loop.value.lines, loop.value);
  }

  async #typescript(
    running: Running,
    code: string,
    lines: readonly MagicLine[],
    loop?: UserLoop,
  ): Promise<ErrorContent | undefined> {
    const {request, output} = running;
    running.lines = lines;
    const spans = lines.map(({span}) => ({start: span.start, end: span.end}));
    const refused = await interruptible(
      running.abort.signal,
      this.#types.before({...request, code, lines, output, loop}),
    );
    if (refused !== undefined) return refused === 'interrupted' ? INTERRUPTED : refused;
    const done = await this.#ports.user.execute(request.id, request.count, code, spans, loop);
    await Promise.all(running.calls);
    this.#ports.displays.bindings.held(done.rebound ?? [], this.#ports.futures, `cell [${request.count}]`);
    await this.#show(running, loop?.bind.at(-2));
    const error =
      running.problems.length > 0
        ? problemsError(running.problems, code, request.count)
        : done.error === undefined
          ? undefined
          : plainError(done.error, running.lineError);
    if (error !== undefined) return orPython(error, code, request.count, running.payload);
    if (done.result !== undefined && !request.silent)
      output.result(this.#ports.futures.readable(done.result), done.metadata ?? {});
    return undefined;
  }

  /** The display of what the code of a cell has made. */
  async #show(running: Running, name: string | undefined): Promise<void> {
    const {nodes} = running;
    const parts = new Set(nodes.flatMap(node => (node.is === 'task' ? node.parts : [])));
    const made = nodes.filter(node => node.is === 'task' && node.draft.aside !== true && !parts.has(node));
    const [only] = made;
    if (only === undefined) return;
    await openDisplay(name ?? (made.length === 1 ? only.name : `${made.length} tasks`), made, running, this.#ports);
  }

  /** A function of LANGUAGE 13 was called: plans its task, and answers. */
  call(cell: string, future: string, name: string, values: readonly JsonValue[], at?: CallPlace): void {
    this.#calls.call(this.#cells.get(cell) ?? this.#running, cell, future, name, values, at);
  }

  /** What `f` of `future.map(f)` came to. */
  mapped(future: string, settled: Settled): void {
    this.#calls.mapped(future, settled);
  }

  /** Code awaits a future. */
  async awaited(id: string): Promise<void> {
    // A call that was made just before may still be in planning.
    await this.#calls.settled();
    const node = this.#ports.futures.get(id);
    const settled =
      node === undefined
        ? ({is: 'failed', name: id, message: 'the future is unknown: run the cell that makes it again'} as const)
        : await node.settled();
    this.#ports.user.settled(id, settled);
  }

  #bind(name: string | undefined, node: FutureNode, cell: number): void {
    bindFuture(name, node, `cell [${cell}]`, {...this.#ports, types: this.#types});
  }

  /** A line magic or a command of a TypeScript cell is to run now. */
  async line(id: string, cell: string, index: number): Promise<void> {
    const running = this.#cells.get(cell);
    const line = running?.lines[index];
    if (running === undefined || line === undefined) {
      this.#ports.user.lineDone(id, {ename: 'Error', evalue: 'the cell of this line has ended', traceback: []});
      return;
    }
    // What the lines above have called must be known by its name.
    await Promise.all(running.calls);
    const {context, output, request} = running;
    const bind = (name: string, node: FutureNode): void => this.#bind(name, node, request.count);
    const runner = new LineRunner({...this.#ports, line: id, context, output, payload: running.payload, bind});
    const ran = await interruptible(running.abort.signal, runner.run(line));
    if (ran === 'interrupted') running.lineError = INTERRUPTED;
    else running.lineError = ran.ok ? undefined : problemsError(ran.error, request.code, request.count);
    this.#ports.user.lineDone(id, running.lineError);
  }

  /** Text of the user's code, with placeholders made readable. */
  printed(cell: string, name: 'stdout' | 'stderr', text: string): void {
    this.outputOf(cell)?.stream(name, this.#ports.futures.printed(text));
  }

  /** The user's process has ended: said in the last cell, if none runs that says it itself. */
  userDied(error: ErrorContent): void {
    this.#calls.died();
    this.#types.died();
    if (this.#running === undefined) this.outputOf('')?.stream('stderr', `${error.evalue}\n`);
  }

  /** Resolves when the cell that executes is interrupted. */
  interrupted(): Promise<void> {
    return new Promise(resolve => this.#running?.abort.signal.addEventListener('abort', () => resolve(), {once: true}));
  }

  /** The output of a cell that runs or has ended; the last one's for what belongs to none. */
  outputOf(cell: string): CellOutput | undefined {
    return this.#outputs.of(cell);
  }

  isComplete(code: string): Promise<Completeness> {
    return completenessOf(code, this.#ports, this.#assist);
  }

  complete(code: string, at: number): Promise<Completions> {
    return completionsOf(code, at, this.#ports, this.#assist);
  }

  inspect(code: string, at: number, detail: 0 | 1): Promise<Bundle | undefined> {
    return inspectionOf(code, at, detail, this.#ports, this.#assist);
  }

  interrupt(): void {
    this.#running?.abort.abort();
    this.#ports.python.interrupt();
    this.#ports.user.interrupt(this.#running?.request.id ?? '');
  }

  async shutdown(): Promise<void> {
    this.#ports.displays.close();
    this.#types.close();
    this.#running?.abort.abort();
    await Promise.all([this.#ports.user.close(), this.#ports.python.close()]);
    await this.#ports.close();
  }
}
