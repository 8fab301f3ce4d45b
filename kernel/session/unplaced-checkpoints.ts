import type {Failure} from '../graph/failure.js';
import {fail, type Result} from '../graph/result.js';
import type {Claimed} from '../run/checkpoints.js';
import type {StoreProblem} from '../store/problem.js';
import type {Store} from '../store/store.js';
import type {Verify} from '../store/verify.js';
import {StoredCheckpoints} from './stored-checkpoints.js';
import type {ClaimPorts} from './task-claims.js';

/** The checkpoints of a notebook whose store can't be used: no task begins, and each says why. */
export class UnplacedCheckpoints extends StoredCheckpoints {
  readonly #problem: StoreProblem;

  /** @param store a spare one, that holds nothing */
  constructor(store: Store, verify: () => Verify, ports: ClaimPorts, {message, remedy}: StoreProblem) {
    super(store, verify, ports, false);
    this.#problem = {
      message,
      remedy: remedy ?? 'Name another place for the store, `%config store DIR`, before the first task.',
    };
  }

  override claim(): Promise<Result<Claimed, Failure>> {
    const {message, remedy} = this.#problem;
    return Promise.resolve(fail({reason: 'start', message, ...(remedy === undefined ? {} : {remedy})}));
  }
}
