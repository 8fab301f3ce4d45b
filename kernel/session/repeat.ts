import type {Fingerprint} from '../fingerprint/fingerprint.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {Task} from '../graph/work.js';
import type {Draft, Row} from './magic.js';

/** What makes the tasks of a loop that differ by their loop variables only: nothing is read again for one of them. */
export interface Repeat extends Pick<Draft, 'name' | 'kind' | 'files' | 'settle' | 'pictures' | 'notes'> {
  /** Whether a value may stand as a loop variable as it is: a text may name a future. */
  takes(value: JsonValue): boolean;
  /** The same as that of {@link task}, without making it. */
  fingerprint(row: Row): Fingerprint;
  key(row: Row): string;
  task(row: Row): Task;
}
