import {fillWord, kernelVariables, type Filling} from '../cell/fill.js';
import {parseReference} from '../cell/reference.js';
import {didYouMean} from '../cell/suggest.js';
import type {Span} from '../cell/source.js';
import type {MagicLine, OptionSyntax, Word} from '../cell/syntax.js';
import {fail, ok, type Result} from '../graph/result.js';
import type {JsonObject} from '../fingerprint/json.js';
import type {Evaluated} from '../typescript/messages.js';
import type {CellOutput} from '../wire/notebook.js';
import type {Displays} from './displays.js';
import {elementsOf, keyText, nextKeys} from './element.js';
import type {Futures} from './futures.js';
import type {LineContext, MagicContext, NamedNode, Problem} from './magic.js';
import type {NotebookControl} from './notebook-control.js';
import {madeBelow, type FutureNode} from './node.js';
import type {Registry} from './registry.js';
import type {UserPort} from './user-port.js';

/** What running a line takes. */
export interface LinePorts {
  /** The id of the line's call: its expressions see the names around it. */
  readonly line: string;
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

const isTyped = (word: Word): boolean => word.pieces.every(piece => piece.is === 'text');

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
    return this.#filledOptions(line)
      .then(filled => (filled.ok ? magic.run(filled.value, this.#context()) : filled))
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
      watch: (title, nodes) => displays.open(title, withoutElements(nodes), output),
      resolve: line => this.#resolve(line),
      fill: line => this.#fill(line),
      evaluate: code => this.#evaluate(code),
      notebook: control,
    };
  }

  async #evaluate(code: string): Promise<Evaluated> {
    const {user, context, line} = this.#ports;
    const [[value] = []] = await user.evaluate(context.cell, [code], [{}], false, line);
    return value ?? {is: 'other', type: 'undefined'};
  }

  async #fill(line: MagicLine): Promise<Result<readonly string[], readonly Problem[]>> {
    const problems: Problem[] = [];
    const texts: string[] = [];
    for (const word of line.words) {
      const filled = await this.#fillWord(word, false);
      problems.push(...filled.diagnostics);
      texts.push(...filled.words.map(({text}) => text));
    }
    return problems.length > 0 ? fail(problems) : ok(texts);
  }

  /** The line with what its options say evaluated, but for names. */
  async #filledOptions(line: MagicLine): Promise<Result<MagicLine, readonly Problem[]>> {
    const problems: Problem[] = [];
    const options: OptionSyntax[] = [];
    for (const option of line.options) {
      const values: Word[] = [];
      for (const word of option.values) {
        const filled = option.name === 'as' || isTyped(word) ? undefined : await this.#fillWord(word, false);
        problems.push(...(filled?.diagnostics ?? []));
        values.push(
          ...(filled?.words.map(({text, span}) => ({
            pieces: [{is: 'text' as const, text, quoted: true, span}],
            span,
            raw: text,
          })) ?? [word]),
        );
      }
      options.push({...option, values});
    }
    return problems.length > 0 ? fail(problems) : ok({...line, options});
  }

  /** @param futures whether a future may stand in it */
  async #fillWord(word: Word, futures: boolean): Promise<ReturnType<typeof fillWord>> {
    const {context} = this.#ports;
    const values = new Map<string, Filling>();
    for (const piece of word.pieces) {
      if (piece.is !== 'expression') continue;
      const value = await this.#evaluate(piece.code);
      const held = futures ? undefined : this.#futureIn(value);
      values.set(
        piece.code,
        held !== undefined
          ? isFuture(piece.code.trim(), held)
          : value.is === 'json'
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

  /** The future that a value is, or that stands in it by its placeholder. */
  #futureIn(value: Evaluated): FutureNode | undefined {
    const {futures} = this.#ports;
    if (value.is === 'future') return futures.get(value.ref.id);
    const text = value.is === 'json' ? JSON.stringify(value.value) : '';
    return text.includes('/weft:') ? futures.placeholders(text).nodes[0] : undefined;
  }

  /** The references that a word stands for: itself, or what its expressions give. */
  async #references(
    word: Word,
    problems: Problem[],
  ): Promise<readonly {readonly raw: string; readonly node?: FutureNode}[]> {
    if (isTyped(word)) return [{raw: word.raw}];
    const filled = await this.#fillWord(word, true);
    problems.push(...filled.diagnostics);
    return filled.words.map(({text}) => {
      const [, name, id] = /^\/weft:([^:]*):([0-9a-f]+)$/.exec(text) ?? [];
      const node = id === undefined ? undefined : this.#ports.futures.get(id);
      return node === undefined ? {raw: text} : {raw: name ?? '', node};
    });
  }

  /** Names of futures, with indexes: `warps`, `warps[HSC-R]`, `*`. */
  async #resolve(line: MagicLine): Promise<Result<readonly NamedNode[], readonly Problem[]>> {
    const {futures} = this.#ports;
    if (line.words.length === 0) return ok(futures.everything());
    const found: NamedNode[] = [];
    const problems: Problem[] = [];
    for (const word of line.words)
      for (const {raw, node} of await this.#references(word, problems)) {
        if (raw === '*') found.push(...futures.everything());
        else if (node !== undefined) found.push({name: raw, node});
        else found.push(...(await this.#named(raw, word.span, problems)));
      }
    if (problems.length > 0) return fail(problems);
    // What is named twice counts once.
    const seen = new Set<FutureNode>();
    return ok(found.filter(({node}) => !seen.has(node) && seen.add(node)));
  }

  async #named(raw: string, span: Span, problems: Problem[]): Promise<readonly NamedNode[]> {
    const {futures, user} = this.#ports;
    const parsed = parseReference(raw, span.start);
    problems.push(...parsed.diagnostics);
    if (parsed.diagnostics.length > 0) return [];
    const {name, nameSpan, indexes} = parsed.value;
    const value = await this.#evaluate(name);
    // Names that were lost with the process of the user's code are still those of their futures.
    const known = value.is === 'error' ? futures.namedSo(name) : undefined;
    const node = value.is === 'future' ? futures.get(value.ref.id) : known;
    if (node === undefined) {
      const names = [...futures.named().map(([other]) => other), ...(await user.names())];
      const near = value.is === 'error' ? didYouMean(name, names) : undefined;
      const message = value.is === 'error' ? `\`${name}\` is not defined` : `\`${name}\` is no future`;
      const hint = near ?? '%status without a name shows all futures of the notebook';
      problems.push({code: 'W2034', severity: 'error', span: nameSpan, message, hint});
      return [];
    }
    const keys = indexes.filter(index => index.is !== 'all').map(index => index.text);
    const nodes = elementsOf(node, keys);
    if (nodes.length === 0 && keys.length > 0) problems.push(noElement(raw, name, keys, node, span));
    return nodes.map(each => ({name: raw, node: each, ...(nodes.length > 1 ? {among: raw} : {})}));
  }
}

/** What a line sets for later cells is no input of theirs: a future in it would be no edge, and its placeholder would be hashed. */
function isFuture(code: string, {label, kind}: FutureNode): Filling {
  const given = /^[\w$]+$/.test(code) ? code : label;
  const awaited = kind === 'value' ? `await ${given}` : `(await ${given}).path`;
  return {
    is: 'none',
    why: `${code === given ? '' : `made of \`${label}\`, `}a ${kind === 'set' ? 'set of futures' : 'future'}, which stands for its result in tasks and commands only`,
    hint:
      kind === 'set'
        ? 'take an element, and await it'
        : `give it to the cells that take it, by \`--from ${label}\` or \`--with\`; or wait for it: \`\${${awaited}}\``,
  };
}

/** Futures without the elements of sets that are there too: each task counts once. */
function withoutElements(nodes: readonly FutureNode[]): readonly FutureNode[] {
  const inside = new Set(nodes.flatMap(node => (node.is === 'set' ? madeBelow(node) : [])));
  return nodes.filter(node => node.is === 'set' || !inside.has(node));
}

/** How many keys of a set are named. */
const SHOWN_KEYS = 12;

function noElement(raw: string, name: string, keys: readonly string[], node: FutureNode, span: Span): Problem {
  if (node.is !== 'set')
    return {
      code: 'W4010',
      severity: 'error',
      span,
      message: `\`${name}\` is no set`,
      hint: `leave the index out: \`${name}\``,
    };
  const good = keys.findLastIndex((_, count) => elementsOf(node, keys.slice(0, count)).length > 0);
  const next = nextKeys(node, keys.slice(0, good)).map(key => keyText(key));
  const above = `${name}${keys
    .slice(0, good)
    .map(key => `[${key}]`)
    .join('')}`;
  if (next.length === 0 && good > 0)
    return {code: 'W4010', severity: 'error', span, message: `\`${above}\` is no set`, hint: `write \`${above}\``};
  const more = next.length > SHOWN_KEYS ? ` and ${next.length - SHOWN_KEYS} more` : '';
  const hint =
    next.length === 0
      ? 'its elements are known when its list is, or it has none'
      : `${good > 0 ? `in \`${above}\` ` : ''}there is ${next.slice(0, SHOWN_KEYS).join(', ')}${more}`;
  return {code: 'W4013', severity: 'error', span, message: `\`${raw}\` has no element`, hint};
}
