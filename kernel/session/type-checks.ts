import {typeScriptOf} from '../cell/place.js';
import type {Span} from '../cell/source.js';
import type {FutureKind} from '../typescript/messages.js';
import type {CellCode, TypeProblem} from '../typescript/language/language-messages.js';
import type {CellOutput, ErrorContent} from '../wire/notebook.js';
import {problemsError, problemsText} from './cell-error.js';
import type {KnownNames} from './known-names.js';
import type {LanguagePort} from './language-port.js';
import type {Problem} from './magic.js';
import type {Settings} from './settings.js';
import type {UserLoop} from './user-port.js';
import {within} from './within.js';

/** A TypeScript cell that is about to run. */
export interface CheckedCell {
  readonly id: string;
  readonly count: number;
  readonly code: string;
  readonly lines: readonly {readonly span: Span}[];
  /** Of the body of a loop. */
  readonly loop?: UserLoop | undefined;
  readonly silent: boolean;
  readonly output: CellOutput;
}

/** What a check takes. */
export interface TypeCheckPorts {
  readonly language: LanguagePort | undefined;
  readonly names: KnownNames;
  readonly settings: Pick<Settings, 'typecheck'>;
}

/** The kernel is quiet when no cell has run for so long; a cell that runs longer than the second is checked meanwhile. Milliseconds. */
const QUIET = 60;
const LONG = 1000;

/**
 * The same before the service has read its libraries, which takes a processor a second or two: nobody is to notice. The first cell
 * waits for the rest of the kernel, on a busy machine for longer than {@link LONG}, and others come right after it.
 */
const COLD_QUIET = 1000;
const COLD_LONG = 5000;

/** Of cells that came in at once, so many are checked: the last. */
const MOST = 40;

/** So long a cell waits for its check where an error must keep it from running, in milliseconds. */
const PATIENCE = 20_000;

const TYPES: Readonly<Record<FutureKind, string>> = {
  repo: 'Future<Repo>',
  files: 'Future<Files>',
  value: 'Future<any>',
  set: 'FutureSet',
};

/**
 * The check of types. A warning never holds a cell up: cells are checked when the kernel is quiet, all that wait at once, and the
 * warnings come in the output of their cell, which may have ended. Where a type error is an error, the cell waits for its check.
 */
export class TypeChecks {
  readonly #ports: TypeCheckPorts;
  #waiting: CheckedCell[] = [];
  #timer: NodeJS.Timeout | undefined;
  #running = 0;
  #checking = false;
  readonly #failed = new Set<string>();

  constructor(ports: TypeCheckPorts) {
    this.#ports = ports;
  }

  /** A name is bound to a future. */
  bound(name: string, kind: FutureKind): void {
    this.#ports.language?.know({is: 'name', name, type: TYPES[kind]});
  }

  /** Takes a cell in before it runs. The error is why it must not. */
  async before(cell: CheckedCell): Promise<ErrorContent | undefined> {
    const {language, names, settings} = this.#ports;
    if (language === undefined) return undefined;
    const code = codeOf(cell);
    // Of magics alone there is nothing to know.
    if (!/[^\s;]/.test(code.code)) return undefined;
    if (settings.typecheck === 'error') {
      const found = await within(PATIENCE, language.check([code], await names.now()));
      const problems = found?.[0]?.map(problem => problemAt(problem, 'error')) ?? [];
      if (problems.length > 0) return problemsError(problems, cell.code, cell.count);
      if (found === undefined)
        cell.output.stream('stderr', 'types were not checked: the language service does not answer\n');
    }
    language.know({is: 'cell', cell: code});
    for (const name of cell.loop?.bind ?? []) language.know({is: 'name', name, type: 'any'});
    if (settings.typecheck === 'warn' && !cell.silent) this.#waiting = [...this.#waiting.slice(1 - MOST), cell];
    return undefined;
  }

  /** The cell has ended in an error: a name that it did not find has been said. */
  failed(id: string): void {
    if (this.#waiting.some(cell => cell.id === id)) this.#failed.add(id);
  }

  /** The user's process has died, and all names with it. */
  died(): void {
    this.#ports.language?.know({is: 'lost'});
  }

  /** A cell begins, and ends. */
  began(): void {
    this.#running++;
    this.#schedule(this.#ports.language?.warm === true ? LONG : COLD_LONG);
  }

  ended(): void {
    this.#running--;
    this.#schedule(this.#ports.language?.warm === true ? QUIET : COLD_QUIET);
  }

  close(): void {
    this.#waiting = [];
    clearTimeout(this.#timer);
    void this.#ports.language?.close();
  }

  #schedule(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length === 0 && this.#running === 0) return;
    this.#timer = setTimeout(() => void this.#check(), milliseconds);
    this.#timer.unref();
  }

  async #check(): Promise<void> {
    const {language, names} = this.#ports;
    if (language === undefined || this.#checking || this.#waiting.length === 0) return;
    this.#checking = true;
    const cells = this.#waiting;
    this.#waiting = [];
    const found = await language.check(cells.map(codeOf), await names.now());
    this.#checking = false;
    for (const [i, cell] of cells.entries()) {
      const failed = this.#failed.delete(cell.id);
      const problems = (found?.[i] ?? []).filter(({unknownName}) => !failed || unknownName !== true);
      if (problems.length === 0 || this.#ports.settings.typecheck !== 'warn') continue;
      const warnings = problems.map(problem => problemAt(problem, 'warning'));
      cell.output.stream('stderr', `${problemsText(warnings, cell.code, cell.count)}\n`);
    }
    if (this.#waiting.length > 0) this.#schedule(QUIET);
  }
}

const codeOf = ({id, code, lines, loop}: CheckedCell): CellCode => ({
  key: id,
  code: typeScriptOf(code, lines),
  ...(loop === undefined ? {} : {variables: [...new Set(loop.rows.flatMap(row => Object.keys(row)))]}),
});

const problemAt = ({span, number, message, hint}: TypeProblem, severity: 'error' | 'warning'): Problem => ({
  code: 'W1012',
  severity,
  span,
  message: `${message} (TS${number})`,
  ...(hint === undefined ? {} : {hint}),
});
