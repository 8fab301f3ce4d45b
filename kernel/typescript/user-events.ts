import type {ErrorContent} from '../wire/notebook.js';
import type {FromUser} from './messages.js';

/** How a user's process ended, in words too. */
export interface Death {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error: ErrorContent;
}

type Sent<T extends FromUser['type']> = Omit<Extract<FromUser, {type: T}>, 'type'>;

/** What the user's code says and asks. Called in the order in which it was sent; answers go through the methods of UserProcess. */
export interface UserEvents {
  /** Answered by `planned`. */
  call(message: Sent<'call'>): void;
  /** Answered by `settled`. */
  await(message: Sent<'await'>): void;
  mapped(message: Sent<'mapped'>): void;
  /** Answered by `lineDone`. */
  line(message: Sent<'line'>): void;
  display(message: Sent<'display'>): void;
  clear(message: Sent<'clear'>): void;
  /** Answered by `inputReply`. */
  input(message: Sent<'input'>): void;
  /**
   * Text of stdout or stderr: for the cell that started the code, also when that has ended; of children and native code, for the
   * cell that runs, else the last. What a cell has printed by its end comes before `execute` resolves.
   */
  output(cell: string, name: 'stdout' | 'stderr', text: string): void;
  /** All names are lost; a fresh process is starting. What was asked has been answered with the error. */
  died(death: Death): void;
}

/** What one execution comes to. */
export type Done = Sent<'done'>;
