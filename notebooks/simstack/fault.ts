import type {CastDataId} from './dataset.js';
import {PythonError, textOf} from './python.js';

/**
 * Whether a fault meant for tests hits: `TASK` or `TASK:KEY=VALUE,KEY=VALUE`, several divided by `;`.
 * A patch has a comma in its value, so a part without `=` belongs to the value before it.
 */
export function faultHits(text: string | undefined, task: string, dataId: CastDataId): boolean {
  return (text ?? '').split(';').some(fault => {
    const [name, ...rest] = fault.split(':');
    if (name !== task) return false;
    const pairs = rest
      .join(':')
      .split(/,(?=[^,]*=)/)
      .filter(pair => pair !== '');
    return pairs.every(pair => {
      const [key, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)];
      return textOf(dataId[key]) === value;
    });
  });
}

/**
 * Applies the faults that the environment asks for before a data id is worked on: `SIMSTACK_SLEEP_MS` waits,
 * `SIMSTACK_KILL` ends the process as the kernel's memory killer does, `SIMSTACK_FAIL` raises.
 */
export function applyFaults(env: Readonly<Record<string, string | undefined>>, task: string, dataId: CastDataId): void {
  const milliseconds = Number(env['SIMSTACK_SLEEP_MS'] ?? 0);
  if (milliseconds > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
  if (faultHits(env['SIMSTACK_KILL'], task, dataId)) {
    process.kill(process.pid, 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10_000);
  }
  if (faultHits(env['SIMSTACK_FAIL'], task, dataId)) {
    throw new PythonError('RuntimeError', 'simulated failure, asked for by SIMSTACK_FAIL');
  }
}
