import {randomFillSync} from 'node:crypto';
import {v7 as uuid} from 'uuid';
import type {AttemptId} from '../graph/task.js';

/** Random bytes for the ids that come next: to ask for them costs as much as to ask for a few. */
const pool = Buffer.alloc(4096);
let used = pool.length;

function random(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.subarray(used, (used += 16));
}

/** A new attempt's id: a uuid v7, of this millisecond. */
export const newAttemptId = (): AttemptId => uuid({random: random()}) as AttemptId;
