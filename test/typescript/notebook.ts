import {createRequire} from 'node:module';
import {join} from 'node:path';
import {CellErrors} from '../../kernel/typescript/cell-error.js';
import {Evaluator} from '../../kernel/typescript/evaluate.js';
import {taskFunctions} from '../../kernel/typescript/functions.js';
import {Futures} from '../../kernel/typescript/futures.js';
import type {FromUser, LineCall} from '../../kernel/typescript/messages.js';
import {ModuleFiles} from '../../kernel/typescript/module-files.js';
import {Names} from '../../kernel/typescript/names.js';
import {babelHelpers} from '../../kernel/typescript/decorate.js';
import {decoratorHelpers} from '../../kernel/typescript/decorators.js';

/** The user's side without a process: cells run in this one, and what they send is kept. */
export class TestNotebook {
  readonly sent: FromUser[] = [];
  readonly names = new Names(globalThis);
  readonly errors: CellErrors;
  readonly futures = new Futures(
    message => this.sent.push(message),
    () => 'cell',
  );
  readonly evaluator: Evaluator;
  readonly lines: number[] = [];
  #count = 0;

  constructor(directory = import.meta.dirname) {
    this.errors = new CellErrors(['/kernel/typescript/', 'node_modules'], new ModuleFiles(directory));
    this.evaluator = new Evaluator(this.names, this.futures, this.errors, directory);
    for (const [name, value] of Object.entries(taskFunctions(this.futures))) this.names.install(name, value);
    this.names.install('require', createRequire(join(directory, 'notebook.ts')));
    for (const [name, value] of Object.entries({babelHelpers, ...decoratorHelpers})) this.names.install(name, value);
  }

  /** Runs a cell; gives `{value}` or undefined. */
  async run(source: string, lines: readonly LineCall[] = []): Promise<{value: unknown} | undefined> {
    const line = async (index: number): Promise<void> => void this.lines.push(index);
    return this.evaluator.cell(++this.#count, source, lines, line)();
  }

  /** Runs cells in order; gives the value of the last. */
  async value(...cells: string[]): Promise<unknown> {
    let result;
    for (const cell of cells) result = await this.run(cell);
    return result?.value;
  }

  /** Takes away what the cells have bound. */
  dispose(): void {
    const ours = new Set(this.names.platform);
    for (const name of Object.getOwnPropertyNames(globalThis))
      if (!ours.has(name)) Reflect.deleteProperty(globalThis, name);
  }
}
