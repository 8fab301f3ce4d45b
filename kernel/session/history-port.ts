import type {Result} from '../graph/result.js';
import type {HistoryEvent} from '../store/history.js';

/** The history of a notebook's tasks over all runs, for a person to look at. The newest come first. */
export interface HistoryPort {
  newest(count: number): Promise<readonly HistoryEvent[]>;
  /** Those in which all words of a text stand. The error says what searching lacks here. */
  search(text: string, count: number): Promise<Result<readonly HistoryEvent[], string>>;
}
