import type {Result} from '../graph/result.js';
import {History, type HistoryEvent} from '../store/history.js';
import type {Store} from '../store/store.js';
import type {HistoryPort} from './history-port.js';

/** The history of a store that a kernel writes to: what it has written is in it at once. */
export class StoredHistory implements HistoryPort {
  readonly records: History;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.records = new History({store: store.directory});
  }

  async newest(count: number): Promise<readonly HistoryEvent[]> {
    await this.#store.flush();
    return this.records.newest(count);
  }

  async search(text: string, count: number): Promise<Result<readonly HistoryEvent[], string>> {
    await this.#store.flush();
    return this.records.search(text, count);
  }
}
