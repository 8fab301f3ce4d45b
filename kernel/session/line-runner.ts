import {fillWord, kernelVariables, type Filling} from '../cell/fill.js';
import {parseReference} from '../cell/reference.js';
import {didYouMean} from '../cell/suggest.js';
import type {MagicLine, Word} from '../cell/syntax.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {JsonObject} from '../fingerprint/json.js';
import type {Evaluated} from '../typescript/messages.js';
import type {CellOutput} from '../wire/notebook.js';
import type {Displays} from './displays.js';
import {elementsOf, keyText} from './element.js';
import type {Futures} from './futures.js';
import type {LineContext, MagicContext, NamedNode, Problem} from './magic.js';
import type {NotebookControl} from './notebook-control.js';
import type {FutureNode} from './node.js';
import type {Registry} from './registry.js';
import type {UserPort} from './user-port.js';

/** What running a line takes. */
export interface LinePorts {
  readonly user: UserPort;
  readonly futures: Futures;
  readonly displays: Displays;
  /** What the cell's reply carries: texts for the client's pager are added. */
  readonly payload: JsonObject[];
  readonly registry: Registry;
  readonly control: NotebookControl;
  readonly context: MagicContext;
  readonly output: CellOutput;
  readonly bind: (name: string, node: FutureNode) => void;
}

/** Runs one line magic or command, with the context that it needs. */
export class LineRunner {
  readonly #ports: LinePorts;

  constructor(ports: LinePorts) {
    this.#ports = ports;
  }

  run(line: MagicLine): Promise<Result<undefined, readonly Problem[]>> {
    const {registry} = this.#ports;
    const name = line.sigil === '!' ? '!' : line.name;
    const magic = registry.lines.find(each => each.shape.name === name);
    if (magic === undefined) {
      const hint = didYouMean(
        name,
        registry.lines.map(each => each.shape.name),
        '%',
      );
      return Promise.resolve(
        fail([
          {
            code: 'W1003',
            severity: 'error',
            span: line.nameSpan,
            message: `there is no magic \`%${name}\``,
            ...(hint === undefined ? {} : {hint}),
          },
        ]),
      );
    }
    return magic
      .run(line, this.#context())
      .catch((error: unknown) => {
        const message = `a fault of Weft: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
        const problem: Problem = {code: 'W9099', severity: 'error', message};
        return fail([problem]);
      })
      .then(ran => (ran.ok ? ran : fail(ran.error.map(problem => ({...problem, span: problem.span ?? line.span})))));
  }

  #context(): LineContext {
    const {context, output, displays, control, futures, payload, bind} = this.#ports;
    return {
      ...context,
      stream: (name, text) => output.stream(name, futures.printed(text)),
      page: text => void payload.push({source: 'page', data: {'text/plain': text}, start: 0}),
      display: (bundle, metadata) => output.display(bundle, metadata),
      bind,
      watch: (title, nodes) => displays.open(title, nodes, output),
      resolve: line => this.#resolve(line),
      fill: line => this.#fill(line),
      evaluate: code => this.#evaluate(code),
      notebook: control,
    };
  }

  async #evaluate(code: string): Promise<Evaluated> {
    const {user, context} = this.#ports;
    const [[value] = []] = await user.evaluate(context.cell, [code], [{}], false);
    return value ?? {is: 'other', type: 'undefined'};
  }

  async #fill(line: MagicLine): Promise<Result<readonly string[], readonly Problem[]>> {
    const problems: Problem[] = [];
    const texts: string[] = [];
    for (const word of line.words) {
      const filled = await this.#fillWord(word);
      problems.push(...filled.diagnostics);
      texts.push(...filled.words.map(({text}) => text));
    }
    return problems.length > 0 ? fail(problems) : ok(texts);
  }

  async #fillWord(word: Word): Promise<ReturnType<typeof fillWord>> {
    const {context} = this.#ports;
    const values = new Map<string, Filling>();
    for (const piece of word.pieces) {
      if (piece.is !== 'expression') continue;
      const value = await this.#evaluate(piece.code);
      values.set(
        piece.code,
        value.is === 'json'
          ? {is: 'json', value: value.value}
          : value.is === 'future'
            ? {is: 'text', text: `/weft:${value.ref.name}:${value.ref.id}`}
            : {is: 'none', why: value.is === 'error' ? `${value.error.ename}: ${value.error.evalue}` : 'no text'},
      );
    }
    return fillWord(
      word,
      {
        expression: (_span, code) => values.get(code) ?? {is: 'none', why: 'unknown'},
        ...kernelVariables(context.home, context.environment),
      },
      false,
    );
  }

  /** Names of futures, with indexes: `warps`, `warps[HSC-R]`, `*`. */
  async #resolve(line: MagicLine): Promise<Result<readonly NamedNode[], readonly Problem[]>> {
    const {futures, user} = this.#ports;
    if (line.words.length === 0) return ok(futures.everything());
    const found: NamedNode[] = [];
    const problems: Problem[] = [];
    for (const word of line.words) {
      if (word.raw === '*') {
        found.push(...futures.everything());
        continue;
      }
      const parsed = parseReference(word.raw, word.span.start);
      problems.push(...parsed.diagnostics);
      if (parsed.diagnostics.length > 0) continue;
      const reference = parsed.value;
      const value = await this.#evaluate(reference.name);
      // Names that were lost with the process of the user's code are still those of their futures.
      const known = value.is === 'error' ? futures.namedSo(reference.name) : undefined;
      const node = value.is === 'future' ? futures.get(value.ref.id) : known;
      if (node === undefined) {
        const names = [...futures.named().map(([name]) => name), ...(await user.names())];
        const hint = didYouMean(reference.name, names) ?? '%status without a name shows all futures of the notebook';
        const message =
          value.is === 'error' ? `\`${reference.name}\` is not defined` : `\`${reference.name}\` is no future`;
        problems.push({code: 'W2034', severity: 'error', span: reference.nameSpan, message, hint});
        continue;
      }
      const keys = reference.indexes.filter(index => index.is !== 'all').map(index => index.text);
      const nodes = elementsOf(node, keys);
      if (nodes.length === 0 && keys.length > 0) {
        const options =
          node.is === 'set'
            ? [...new Set((node.members ?? []).map(({key}) => keyText(key[0] ?? null)))].slice(0, 12).join(', ')
            : '';
        problems.push({
          code: 'W4013',
          severity: 'error',
          span: word.span,
          message: `\`${word.raw}\` has no element`,
          ...(options === '' ? {} : {hint: `there is ${options}`}),
        });
      }
      found.push(...nodes.map(each => ({name: word.raw, node: each})));
    }
    if (problems.length > 0) return fail(problems);
    // What is named twice counts once.
    const seen = new Set<FutureNode>();
    return ok(found.filter(({node}) => !seen.has(node) && seen.add(node)));
  }
}
