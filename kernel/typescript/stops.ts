import {Worker} from 'node:worker_threads';
import type {Evaluator} from './evaluate.js';
import {HeapFull, promisedHeap} from './heap-limit.js';
import type {KernelPort} from './kernel-port.js';
import type {Origin} from './origin.js';
import {writeOf} from './streams.js';
import type {Turns} from './turns.js';
import type {Ask, Watched} from './watchdog.js';

/** The code that may have to be stopped, and who knows of it. */
interface Code {
  readonly origin: Origin;
  readonly turns: Turns;
  readonly evaluator: Evaluator;
  readonly kernel: KernelPort;
  /** The cell that executes, and the one that did last. */
  readonly cells: () => {readonly executing: string | undefined; readonly last: string};
}

/** Starts the watchdog, and does what it asks for. `entry`: the module that its thread loads. */
export function startStops(entry: URL, code: Code): void {
  const promised = promisedHeap(process.execArgv);
  const watched: Watched = {userCode: code.origin.userCode, promised};
  const watchdog = new Worker(entry, {stdin: false, workerData: watched});
  watchdog.unref();
  watchdog.on('message', ({id, stop, terminated}: Ask) => {
    if ('used' in stop) stopFilling(code, new HeapFull(stop.used, promised ?? stop.used), terminated);
    else code.turns.interrupt(stop.cell, terminated);
    if (terminated) code.kernel.send({type: 'terminated'});
    watchdog.postMessage(id);
  });
}

/** The heap is full. Code that was ended by force is still taken for what runs, as it could not say that it has left. */
function stopFilling({origin, turns, evaluator, cells}: Code, error: HeapFull, terminated: boolean): void {
  const {executing, last} = cells();
  const filling = origin.current || executing || last;
  const first = origin.silence(filling);
  if (filling === executing) evaluator.forgetDeclared();
  else if (first) writeOf(2, filling, Buffer.from(`${error.stack ?? ''}\n`));
  turns.interrupt(filling, terminated, error);
}
