import type {Failure} from '../graph/failure.js';
import {assertNever} from '../graph/result.js';
import {lastLines, oneLine, shorten} from './clean-text.js';
import {durationText} from './duration-text.js';
import {memoryText} from './size-text.js';

/** A failure in a person's words. */
export interface FailureText {
  /** One line: `exit 1: FATAL: no astrometric solution`. */
  readonly title: string;
  /** What else there is to say, what to do among it; a line each. */
  readonly details: readonly string[];
  /** The path of the log, where the process left one. */
  readonly log?: string;
  /** The last lines of the log, cleaned; empty where there is none. */
  readonly tail: readonly string[];
}

/** What an exit code means where it means something (bash's manual, "Exit Status"; 125 is that of container engines). */
function exitMeaning(code: number): string | undefined {
  switch (code) {
    case 125:
      return 'the container engine itself failed';
    case 126:
      return 'the command cannot be executed';
    case 127:
      return 'command not found';
    case 134:
      return 'it aborted (SIGABRT)';
    case 137:
      return 'it, or something that it ran, was killed (SIGKILL), often for memory';
    case 139:
      return 'it crashed (SIGSEGV)';
    case 143:
      return 'it was asked to end (SIGTERM)';
    default:
      return undefined;
  }
}

function signalMeaning(signal: string): string | undefined {
  if (signal === 'SIGKILL') return 'somebody killed it; or memory ran out, where the machine does not tell';
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || signal === 'SIGABRT') return 'it crashed';
  if (signal === 'SIGXCPU') return 'its limit of CPU time was reached';
  return undefined;
}

const LIMIT = 240;
const after = (text: string | undefined): string => (text === undefined || text === '' ? '' : `: ${text}`);
const line = (text: string): string => shorten(oneLine(text), LIMIT);

function titleOf(failure: Failure): string {
  switch (failure.reason) {
    case 'exit':
      return `exit ${failure.code}${after(line(failure.line ?? lastLines(failure.tail, 1)[0] ?? ''))}`;
    case 'signal':
      return `ended by ${line(failure.signal)}`;
    case 'time':
      return `took longer than its ${durationText(failure.limit * 1000)}`;
    case 'memory':
      if (failure.used !== undefined && failure.limit !== undefined)
        return `took ${memoryText(failure.used)} of memory, over its --mem ${memoryText(failure.limit)}, and was ended`;
      if (failure.limit !== undefined)
        return `ran out of memory: it was ended at its --mem ${memoryText(failure.limit)}, or because the machine had no more`;
      return 'ran out of memory: it was ended because this machine, or what the kernel runs in, had no more';
    case 'output':
      return `exit 0, but ${line(failure.message)}`;
    case 'log':
      return `exit 0, but its log says: ${line(failure.line)}`;
    case 'value':
      return `its value cannot be read: ${line(failure.message)}`;
    case 'start':
      return `could not be started: ${line(failure.message)}`;
    case 'input':
      return `what it reads was changed: ${line(failure.message)}`;
    case 'publish':
      return `succeeded, but its result could not be published: ${line(failure.message)}`;
    case 'lost':
      return `lost: ${line(failure.message)}`;
    case 'bug':
      return `a fault of Weft itself: ${line(failure.message)}`;
    default:
      return assertNever(failure);
  }
}

function detailsOf(failure: Failure): readonly (string | undefined)[] {
  switch (failure.reason) {
    case 'exit':
      return [exitMeaning(failure.code)];
    case 'signal':
      return [signalMeaning(failure.signal)];
    case 'time':
      return ['give it more with --time'];
    case 'memory': {
      if (failure.limit !== undefined) return ['ask for more with --mem'];
      return ['run fewer at once (%executor local --slots N), or on a larger machine'];
    }
    case 'output': {
      const shown = failure.paths.slice(0, 5).map(path => `missing: ${shorten(oneLine(path), 160)}`);
      const more = failure.paths.length - shown.length;
      return [...shown, more > 0 ? `and ${more} more` : undefined];
    }
    case 'start':
    case 'input':
    case 'publish':
      return [failure.remedy === undefined ? undefined : line(failure.remedy)];
    case 'lost':
      return ['%retry starts it again'];
    case 'log':
    case 'value':
    case 'bug':
      return [];
    default:
      return assertNever(failure);
  }
}

/** The one wording of every failure: of displays, of `%log`, and of the error of an awaited future. */
export function failureText(failure: Failure): FailureText {
  return {
    title: titleOf(failure),
    details: detailsOf(failure).filter(detail => detail !== undefined),
    ...('log' in failure && failure.log !== '' ? {log: failure.log} : {}),
    tail: 'tail' in failure ? lastLines(failure.tail, 40) : [],
  };
}

/**
 * One line about a task that failed: `processCcd visit=903334 ccd=16 failed: exit 1: FATAL …; log weft/logs/x.log`.
 * @param label the task's name and key
 */
export function failureMessage(label: string, failure: Failure): string {
  const text = failureText(failure);
  const log = text.log === undefined ? '' : `; log ${oneLine(text.log)}`;
  return `${label} failed: ${[text.title, ...text.details].join('; ')}${log}`;
}
