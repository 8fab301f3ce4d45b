import {hasErrors} from '../cell/diagnostic.js';
import {parseCell, parseTypeScript} from '../cell/cell.js';
import {looksLikePython} from '../cell/python.js';
import type {CellSyntax, MagicLine} from '../cell/syntax.js';
import type {JsonValue} from '../fingerprint/json.js';
import {fail, type Result} from '../graph/result.js';
import type {Bundle, CellOutput, Completeness, Completions, ErrorContent, ExecuteOutcome, ExecuteRequest, Notebook} from '../wire/notebook.js';
import {problemsError, problemsText} from './cell-error.js';
import type {Contexts} from './context.js';
import type {Displays} from './displays.js';
import type {Futures} from './futures.js';
import {LineRunner} from './line-runner.js';
import {expandLoops, readLoops} from './loops.js';
import {runTaskCell} from './magic-cell.js';
import type {MagicContext, NotebookControl, Problem} from './magic.js';
import type {FutureNode} from './node.js';
import {planCall, shapesOf, type Registry} from './registry.js';
import type {UserPort} from './user-port.js';

/** What a session is made of. */
export interface SessionPorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly displays: Displays;
  readonly contexts: Contexts;
  readonly registry: Registry;
  readonly control: NotebookControl;
  /** Ends what the session does not own: journals, the executor's watching. */
  readonly close: () => Promise<void>;
}

/** A cell that executes, and what it has made so far. */
interface Running {
  readonly request: ExecuteRequest;
  readonly output: CellOutput;
  readonly abort: AbortController;
  readonly context: MagicContext;
  readonly nodes: FutureNode[];
  /** Function calls of the cell that are being planned. */
  readonly calls: Promise<void>[];
  lines: readonly MagicLine[];
  problems: readonly Problem[];
}

/** Outputs of cells that have ended are remembered for what comes late: so many. */
const REMEMBERED = 2000;

/** One notebook: cells in, tasks and displays out. It knows no socket and no magic by name. */
export class NotebookSession implements Notebook {
  readonly #ports: SessionPorts;
  readonly #outputs = new Map<string, CellOutput>();
  readonly #cells = new Map<string, Running>();
  #running: Running | undefined;
  #last: string | undefined;

  constructor(ports: SessionPorts) {
    this.#ports = ports;
  }

  async execute(request: ExecuteRequest, output: CellOutput): Promise<ExecuteOutcome> {
    const abort = new AbortController();
    const nodes: FutureNode[] = [];
    const context = this.#ports.contexts.make(request.id, abort.signal, node => void nodes.push(node));
    const running: Running = {request, output, abort, context, nodes, calls: [], lines: [], problems: []};
    this.#running = running;
    this.#last = request.id;
    this.#cells.set(request.id, running);
    this.#outputs.set(request.id, output);
    if (this.#outputs.size > REMEMBERED) for (const [id] of this.#outputs) if (id !== request.id && this.#outputs.size > REMEMBERED) this.#outputs.delete(id);
    try {
      const error = await this.#cell(running);
      if (error !== undefined && !request.silent) output.error(error);
      const userExpressions = error === undefined ? await this.#userExpressions(request) : {};
      return {payload: [], userExpressions, ...(error === undefined ? {} : {error})};
    } finally {
      this.#running = undefined;
      this.#cells.delete(request.id);
    }
  }

  async #cell(running: Running): Promise<ErrorContent | undefined> {
    const {request, output} = running;
    const text = request.code;
    const shapes = shapesOf(this.#ports.registry);
    const {value: syntax, diagnostics} = parseCell(text, shapes);
    if (hasErrors(diagnostics)) return problemsError(diagnostics, text, request.count);
    if (diagnostics.length > 0) output.stream('stderr', `${problemsText(diagnostics, text, request.count)}\n`);
    switch (syntax.is) {
      case 'empty':
        return undefined;
      case 'magic':
        return this.#magic(running, syntax);
      case 'typescript':
        return this.#typescript(running, text, syntax.lines);
    }
  }

  async #magic(running: Running, syntax: Extract<CellSyntax, {is: 'magic'}>): Promise<ErrorContent | undefined> {
    const {request, output, context} = running;
    const {registry, user, futures, displays} = this.#ports;
    const inner = syntax.stack.at(-1);
    const error = (problems: readonly Problem[]): ErrorContent => problemsError(problems, request.code, request.count);
    if (inner?.name === 'foreach') return this.#foreachTypeScript(running, syntax);
    const magic = registry.tasks.find(task => task.shape.name === inner?.name);
    if (magic === undefined || inner === undefined) {
      return error([{code: 'W1003', severity: 'error', span: inner?.nameSpan ?? {start: 0, end: 0}, message: `there is no magic \`%%${inner?.name ?? ''}\` in this version`}]);
    }
    const ran = await runTaskCell(syntax, magic, {user, futures, context, ownNames: registry.ownNames});
    if (!ran.ok) return error(ran.error);
    const {name, node, warnings} = ran.value;
    if (warnings.length > 0) output.stream('stderr', `${problemsText(warnings, request.code, request.count)}\n`);
    this.#bind(name, node, running);
    displays.open(name ?? magic.shape.name, [node], output);
    return undefined;
  }

  async #foreachTypeScript(running: Running, syntax: Extract<CellSyntax, {is: 'magic'}>): Promise<ErrorContent | undefined> {
    const {request, context} = running;
    const {user, futures, registry} = this.#ports;
    const text = request.code;
    const loops = readLoops(syntax.stack);
    if (hasErrors(loops.diagnostics)) return problemsError(loops.diagnostics, text, request.count);
    const expanded = await this.#interruptible(running, expandLoops(loops.binders, context.cell, user, futures, true));
    if (expanded === 'interrupted') return INTERRUPTED;
    if (!expanded.ok) return problemsError(expanded.error, text, request.count);
    if (expanded.value.is !== 'rows') return undefined;
    const from = syntax.bodySpan.start;
    const {value, diagnostics} = parseTypeScript(text, shapesOf(registry), from);
    if (hasErrors(diagnostics)) return problemsError(diagnostics, text, request.count);
    // Blanks in place of the magic lines keep every line and column where the person sees it.
    const code = text.slice(0, from).replace(/[^\n]/g, ' ') + text.slice(from);
    return this.#typescript(running, code, value.is === 'typescript' ? value.lines : [], expanded.value.rows);
  }

  async #typescript(running: Running, code: string, lines: readonly MagicLine[], rows?: Parameters<UserPort['execute']>[4]): Promise<ErrorContent | undefined> {
    const {request, output} = running;
    running.lines = lines;
    const spans = lines.map(({span}) => ({start: span.start, end: span.end}));
    const done = await this.#ports.user.execute(request.id, request.count, code, spans, rows);
    await Promise.all(running.calls);
    const error = running.problems.length > 0 ? problemsError(running.problems, code, request.count) : done.error;
    const futures = running.nodes.filter(node => node.is === 'task' && !running.nodes.some(other => other.is === 'task' && (other.parts as readonly FutureNode[]).includes(node)));
    if (futures.length > 0) this.#ports.displays.open(futures.length === 1 ? (futures[0]?.name ?? '') : `${futures.length} tasks`, futures, output);
    if (error !== undefined) {
      const python = error.ename === 'SyntaxError' && looksLikePython(code);
      if (!python) return error;
      const message = 'this cell is TypeScript, but it looks like Python';
      return {ename: 'W1010', evalue: message, traceback: [...problemsText([{code: 'W1010', severity: 'error', span: {start: 0, end: firstLineEnd(code)}, message, hint: 'put `%%py` first'}], code, request.count).split('\n')]};
    }
    if (done.result !== undefined && !request.silent) output.result(done.result, done.metadata ?? {});
    return undefined;
  }

  /** A function of LANGUAGE 13 was called: plans its task, and answers. */
  call(cell: string, future: string, name: string, values: readonly JsonValue[]): void {
    const running = this.#cells.get(cell) ?? this.#running;
    const {futures, registry, user, contexts} = this.#ports;
    const context = running?.context ?? contexts.make(cell, new AbortController().signal, () => undefined);
    const planned = planCall(registry, name, values, context, draft => {
      const node = futures.plan(draft, undefined, future);
      running?.nodes.push(node);
      return node;
    });
    const done = planned.then(result => {
      if (result.ok) {
        user.planned(future);
        return;
      }
      const error = problemsError(result.error, '', running?.request.count ?? 0);
      user.planned(future, error);
      if (running !== undefined) running.problems = [...running.problems, ...result.error];
    });
    running?.calls.push(done);
  }

  /** Code awaits a future. */
  async awaited(id: string): Promise<void> {
    // A call that was made just before may still be in planning.
    await Promise.all(this.#running?.calls ?? []);
    const node = this.#ports.futures.get(id);
    const settled = node === undefined ? ({is: 'failed', name: id, message: 'the future is unknown: run the cell that makes it again'} as const) : await node.settled();
    this.#ports.user.settled(id, settled);
  }

  /** A line magic or a command of a TypeScript cell is to run now. */
  async line(id: string, cell: string, index: number): Promise<void> {
    const running = this.#cells.get(cell);
    const line = running?.lines[index];
    if (running === undefined || line === undefined) {
      this.#ports.user.lineDone(id, {ename: 'Error', evalue: 'the cell of this line has ended', traceback: []});
      return;
    }
    const ran = await this.#interruptible(running, this.#runLine(running, line));
    if (ran === 'interrupted') this.#ports.user.lineDone(id, INTERRUPTED);
    else if (ran.ok) this.#ports.user.lineDone(id);
    else this.#ports.user.lineDone(id, problemsError(ran.error.map(problem => ({...problem, span: problem.span ?? line.span})), running.request.code, running.request.count));
  }

  #runLine(running: Running, line: MagicLine): Promise<Result<undefined, readonly Problem[]>> {
    const {user, futures, displays, registry, control} = this.#ports;
    const runner = new LineRunner({user, futures, registry, displays, control, context: running.context, output: running.output});
    return runner.run(line).catch((error: unknown) => fail([{code: 'W9099' as const, severity: 'error' as const, message: `a fault of Weft: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`}]));
  }

  /** Text of the user's code, with placeholders made readable. */
  printed(cell: string, name: 'stdout' | 'stderr', text: string): void {
    this.outputOf(cell)?.stream(name, this.#ports.futures.printed(text));
  }

  /** The user's process has ended: said in the last cell, if none runs that says it itself. */
  userDied(error: ErrorContent): void {
    if (this.#running === undefined) this.outputOf('')?.stream('stderr', `${error.evalue}\n`);
  }

  /** Resolves when the cell that executes is interrupted. */
  interrupted(): Promise<void> {
    const signal = this.#running?.abort.signal;
    return new Promise(resolve => signal?.addEventListener('abort', () => resolve(), {once: true}));
  }

  /** The output of a cell that runs or has ended; the last one's for what belongs to none. */
  outputOf(cell: string): CellOutput | undefined {
    return this.#outputs.get(cell) ?? (this.#last === undefined ? undefined : this.#outputs.get(this.#last));
  }

  #bind(name: string | undefined, node: FutureNode, running: Running): void {
    const {user, futures, displays} = this.#ports;
    const ref = node.ref();
    for (const each of name === undefined ? ['_'] : [name, '_']) {
      const before = futures.bind(each, node);
      user.bind(each, ref);
      if (each !== '_' && before !== undefined && before !== node && !sameTasks(before, node)) displays.stale(before, `\`${each}\` was bound again by cell [${running.request.count}]`);
    }
  }

  async #userExpressions(request: ExecuteRequest): Promise<ExecuteOutcome['userExpressions']> {
    const entries = Object.entries(request.userExpressions);
    if (entries.length === 0) return {};
    const [row = []] = await this.#ports.user.evaluate(request.id, entries.map(([, code]) => code), [{}], false);
    const result: Record<string, JsonValue> = {};
    for (const [i, [key]] of entries.entries()) {
      const value = row[i];
      if (value?.is === 'error') result[key] = {status: 'error', ename: value.error.ename, evalue: value.error.evalue, traceback: [...value.error.traceback]};
      else result[key] = {status: 'ok', data: {'text/plain': value?.is === 'json' ? JSON.stringify(value.value) : (value?.is ?? '')}, metadata: {}};
    }
    return result;
  }

  async #interruptible<T>(running: Running, work: Promise<T>): Promise<T | 'interrupted'> {
    const {signal} = running.abort;
    return Promise.race([work, new Promise<'interrupted'>(resolve => signal.addEventListener('abort', () => resolve('interrupted'), {once: true}))]);
  }

  async isComplete(code: string): Promise<Completeness> {
    const {value, diagnostics} = parseCell(code, shapesOf(this.#ports.registry));
    if (value.is === 'magic') return code.endsWith('\n') ? {status: 'complete'} : {status: 'incomplete', indent: ''};
    if (hasErrors(diagnostics)) return {status: 'invalid'};
    return this.#ports.user.isComplete(code);
  }

  complete(code: string, at: number): Promise<Completions> {
    const word = /[\w%$]*$/.exec(code.slice(0, at))?.[0] ?? '';
    const start = at - word.length;
    const {registry} = this.#ports;
    const magics = shapesOf(registry).flatMap(({name, use}) => (use === 'cell' ? [`%%${name}`] : use === 'line' ? [`%${name}`] : [`%%${name}`, `%${name}`]));
    const list = (names: readonly string[]): Completions => ({matches: [...new Set(names.filter(name => name.startsWith(word) && name !== word))].sort(), start, end: at, metadata: {}});
    if (word.startsWith('%')) return Promise.resolve(list(magics));
    if (word === '') return Promise.resolve({matches: [], start: at, end: at, metadata: {}});
    return this.#ports.user.names().then(list);
  }

  async inspect(code: string, at: number): Promise<Bundle | undefined> {
    const word = `${/[\w%$]*$/.exec(code.slice(0, at))?.[0] ?? ''}${/^[\w$]*/.exec(code.slice(at))?.[0] ?? ''}`;
    const magic = this.#ports.control.magics().find(({name}) => name === word.replace(/^%+/, ''));
    if (magic !== undefined) return {'text/plain': `${magic.use}${magic.name}: ${magic.summary}\n\n${magic.example}`};
    return undefined;
  }

  interrupt(): void {
    const running = this.#running;
    running?.abort.abort();
    this.#ports.user.interrupt(running?.request.id ?? '');
  }

  async shutdown(): Promise<void> {
    this.#ports.displays.close();
    this.#running?.abort.abort();
    await this.#ports.user.close();
    await this.#ports.close();
  }
}

/** The error of a cell that was told to stop. */
const INTERRUPTED: ErrorContent = {ename: 'KernelInterrupt', evalue: 'interrupted: tasks go on, `%cancel` ends them', traceback: ['KernelInterrupt: interrupted: tasks go on, `%cancel` ends them']};

const firstLineEnd = (text: string): number => {
  const end = text.indexOf('\n');
  return end < 0 ? text.length : end;
};

function sameTasks(a: FutureNode, b: FutureNode): boolean {
  const all = (node: FutureNode): string => (node.is === 'task' ? [node] : (node.members ?? []).map(member => member.node)).map(task => task.fingerprint ?? task.id).join();
  return all(a) === all(b);
}

