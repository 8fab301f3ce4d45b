import {chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {parseCell} from '../../../kernel/cell/cell.js';
import {digestOf, type Fingerprint} from '../../../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../../../kernel/fingerprint/json.js';
import {fail, ok, type Result} from '../../../kernel/graph/result.js';
import type {Task} from '../../../kernel/graph/work.js';
import type {Draft, MagicContext, Problem, Row, TaskMagic} from '../../../kernel/session/magic.js';
import {TaskNode, type FutureNode} from '../../../kernel/session/node.js';
import type {Entry} from '../../../kernel/run/entry.js';
import type {Evaluated} from '../../../kernel/typescript/messages.js';

/** A notebook without a kernel: a root, executables that do nothing, and nodes whose tasks are never run. */
export class FakeNotebook {
  readonly directory = mkdtempSync(join(tmpdir(), 'weft-fake-'));
  readonly root = join(this.directory, 'DATA');
  readonly nodes = new Map<string, FutureNode>();
  readonly scope = new Map<string, JsonValue>();
  readonly submitted: Task[] = [];
  readonly context: MagicContext;

  constructor(
    programs: readonly string[] = ['processCcd', 'makeSkyMap', 'makeCoaddTempExp', 'ingestImages', 'obsTask'],
  ) {
    mkdirSync(join(this.directory, 'bin'));
    for (const name of programs) {
      writeFileSync(join(this.directory, 'bin', `${name}.py`), '# nothing\n');
      chmodSync(join(this.directory, 'bin', `${name}.py`), 0o755);
    }
    mkdirSync(this.root);
    writeFileSync(join(this.root, '_mapper'), 'lsst.obs.hsc.HscMapper\n');
    const environment = {PATH: join(this.directory, 'bin'), CI_HSC_DIR: '/ci_hsc'};
    const {directory, nodes} = this;
    this.context = {
      directory,
      settings: {
        repo: this.root,
        setup: '',
        setupCell: '',
        environment: new Map(),
        code: new Set(),
        verify: 'mtime',
        slots: 1,
        store: join(directory, '.weft'),
      } as unknown as MagicContext['settings'],
      // No bash and no interpreter is found: fingerprints are the same on every machine.
      environment: {ONLY_KERNEL: '1', PATH: join(this.directory, 'bin')},
      home: '/home/x',
      cell: 'c',
      signal: new AbortController().signal,
      digest: (path: string) => Promise.resolve(digestFile(path)),
      container: () => Promise.resolve(ok(undefined)),
      setup: () => Promise.resolve(ok({environment, identity: digestOf('setup'), text: ''})),
      places: {
        work: (name: string, fingerprint: Fingerprint) =>
          join(directory, '.weft/work', `${name}-${fingerprint.slice(0, 12)}`),
        scratch: join(directory, '.weft/scratch'),
        claims: join(directory, '.weft/claims'),
      },
      placement: ({cpus = 1, retries = 0}) => ({executor: 'local', runtime: 'none', cpus, retries}),
      node: (id: string) => nodes.get(id),
      nodeAt: () => undefined,
      placeholders: (text: string) => ({nodes: [], replace: () => text}),
      plan: (draft: Draft, name?: string) => this.plan(draft, name),
      state: new Map(),
    } as unknown as MagicContext;
  }

  plan(draft: Draft, name = draft.name): TaskNode {
    const submit = (task: Task): Entry => {
      this.submitted.push(task);
      return {fingerprint: task.fingerprint, state: {is: 'waiting', on: []}, task} as unknown as Entry;
    };
    const node = new TaskNode(`${this.nodes.size}`.padStart(12, '0'), draft, {
      submit,
      now: () => 0,
      changed: () => undefined,
      expanded: () => undefined,
    });
    node.name = name;
    this.nodes.set(node.id, node);
    return node;
  }

  /** Binds a name, as a cell does. */
  bind(name: string, node: FutureNode): void {
    this.scope.set(name, {'\u0000weft': node.id});
  }

  /** Plans the task of a cell, or gives what is wrong with it: `W5003 2:1 message`. */
  async cell<C>(magic: TaskMagic<C>, text: string, row: Row = {}): Promise<Result<Draft, readonly string[]>> {
    const {value: syntax, diagnostics} = parseCell(text, [magic.shape]);
    if (syntax.is !== 'magic') throw new Error('no magic cell');
    const line = syntax.stack.at(-1)!;
    const wants = magic.wants(line, syntax.body, syntax.bodySpan, Object.keys(row));
    const errors: Problem[] = [...diagnostics, ...wants.diagnostics].filter(({severity}) => severity === 'error');
    const lookup = (name: string): Evaluated => this.#evaluated(name, row);
    const {call, problems} = magic.read(
      {
        line,
        body: syntax.body,
        bodySpan: syntax.bodySpan,
        bodyLine: 1,
        row,
        evaluated: (_span, code) => lookup(code.trim()),
        lookup,
      },
      this.context,
    );
    errors.push(...problems.filter(({severity}) => severity === 'error'));
    if (errors.length > 0 || call === undefined) return fail(texts(errors, text));
    const draft = await magic.draft(call, row, this.context);
    return draft.ok
      ? draft
      : fail(
          texts(
            draft.error.filter(({severity}) => severity === 'error'),
            text,
          ),
        );
  }

  /** The task of a cell that is right. */
  async task<C>(magic: TaskMagic<C>, text: string, row: Row = {}): Promise<Task> {
    const draft = await this.cell(magic, text, row);
    if (!draft.ok) throw new Error(draft.error.join('\n'));
    return taskOf(draft.value);
  }

  /** The task of a function's call. */
  async called<C>(magic: TaskMagic<C>, ...values: readonly JsonValue[]): Promise<Task> {
    const {call, problems} = magic.readCall(values, this.context);
    if (call === undefined || problems.length > 0) throw new Error(problems.map(({message}) => message).join('\n'));
    const draft = await magic.draft(call, {}, this.context);
    if (!draft.ok) throw new Error(draft.error.map(({message}) => message).join('\n'));
    return taskOf(draft.value);
  }

  #evaluated(name: string, row: Row): Evaluated {
    const value = row[name] ?? this.scope.get(name);
    if (value === undefined)
      return {is: 'error', error: {ename: 'ReferenceError', evalue: `${name} is not defined`, traceback: []}};
    const id = (value as Record<string, string>)['\u0000weft'];
    const node = id === undefined ? undefined : this.nodes.get(id);
    return node === undefined ? {is: 'json', value} : {is: 'future', ref: node.ref()};
  }
}

async function taskOf(draft: Draft): Promise<Task> {
  const made = await draft.make();
  if (made.is === 'task') return made.task;
  if (made.is === 'failed' && 'message' in made.failure) throw new Error(made.failure.message);
  throw new Error(JSON.stringify(made.is === 'node' ? 'a node' : made));
}

function digestFile(path: string): ReturnType<MagicContext['digest']> extends Promise<infer R> ? R : never {
  try {
    return ok(digestOf(readFileSync(path)));
  } catch {
    return fail(`there is no file ${path}`);
  }
}

const texts = (problems: readonly Problem[], text: string): readonly string[] =>
  problems.map(({code, span, message}) => {
    const before = text.slice(0, span?.start ?? 0).split('\n');
    return `${code} ${span === undefined ? '-' : `${before.length}:${(before.at(-1) ?? '').length + 1}`} ${message}`;
  });
