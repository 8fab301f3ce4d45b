import {Session} from 'node:inspector';
import {Socket} from 'node:net';
import {parentPort, workerData} from 'node:worker_threads';
import {ErrorOutput} from '../machine/error-output.js';
import {HeapWatch} from './heap-watch.js';
import {mainThreadHeap, mainThreadTime} from './main-thread.js';

/** What the watchdog is given. */
export interface Watched {
  /** See {@link Origin.userCode}. */
  readonly userCode: Int32Array;
  /** Bytes of the heap that the code may use; undefined: nobody watches it. */
  readonly promised: number | undefined;
}

/** To the main thread: is it awake, and what is to be stopped. */
export interface Ask {
  readonly id: number;
  /** The cell that is interrupted; where the heap is full, whichever has filled it, with what is used of it in bytes. */
  readonly stop: {readonly cell: string} | {readonly used: number};
  /** Code was ended by force meanwhile. */
  readonly terminated: boolean;
}

/** How long the main thread has to answer before its code is ended by force, in milliseconds. */
const patience = 60;

/** The same where the heap is full: it goes on filling. */
const haste = 20;

/** Code of a cell that has spent so much processor time since it was asked does not return, in milliseconds; and how often that is looked at. */
const spun = 15;
const glance = 5;

/** So much processor time the main thread must have spent on code of unknown origin before that is ended, in milliseconds. */
const suspicion = 300;

/** After so many ends by force without an answer there is no hope. */
const hopeless = 25;

/** The number of the pipe on which interrupts come, a line each: the msg_id of the request to stop. */
export const interruptPipe = 4;

/**
 * The watchdog, a thread beside the user's code. It asks before it terminates, and then looks whether code of a cell is on the
 * stack: on a busy machine the main thread may be late with its answer, and a `terminateExecution` that hits Node's own code there
 * leaves its queues broken. A process that this has happened to all the same is killed, with a word.
 */
export function startWatchdog(): void {
  const port = parentPort;
  if (!port) return;
  const {userCode, promised} = workerData as Watched;
  let session: Session | undefined;
  let asked = 0;
  const waiting = new Map<number, () => void>();
  port.on('message', (id: number) => waiting.get(id)?.());

  const ask = (stop: Ask['stop'], terminated: boolean): Promise<boolean> =>
    new Promise(resolve => {
      const id = ++asked;
      const timer = setTimeout(() => end(false), 'used' in stop ? haste : patience);
      const began = mainThreadTime();
      const glances = setInterval(() => {
        if (userCode[0] === 1 && mainThreadTime() - began >= spun) end(false);
      }, glance);
      const end = (awake: boolean): void => {
        clearTimeout(timer);
        clearInterval(glances);
        waiting.delete(id);
        resolve(awake);
      };
      waiting.set(id, () => end(true));
      const question: Ask = {id, stop, terminated};
      port.postMessage(question);
    });

  const terminate = (): Promise<void> =>
    new Promise(resolve => {
      if (!session) {
        session = new Session();
        session.connectToMainThread();
      }
      session.post('Runtime.terminateExecution', () => resolve());
    });

  const interrupt = async (stop: Ask['stop']): Promise<void> => {
    const began = mainThreadTime();
    for (let forced = 0; !(await ask(stop, forced > 0));) {
      if (userCode[0] === 0 && mainThreadTime() - began < suspicion) continue;
      if (++forced > hopeless) {
        new ErrorOutput().line('an interrupt has left the process of your code without an answer');
        process.kill(process.pid, 'SIGKILL');
      }
      await terminate();
    }
    // A session that stays open holds up the exit of the process.
    session?.disconnect();
    session = undefined;
  };

  let turn = Promise.resolve();
  const inTurn = (stop: Ask['stop']): Promise<void> => (turn = turn.then(() => interrupt(stop)));
  let rest = '';
  const pipe = new Socket({fd: interruptPipe, readable: true, writable: false});
  pipe.setEncoding('utf8');
  pipe.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) void inTurn({cell: line});
  });
  const gone = (): void => {
    // The kernel has left. Code that spins would never see it.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000).unref();
  };
  pipe.on('close', gone);
  pipe.on('error', gone);
  if (promised !== undefined) void watchHeap(promised, used => inTurn({used}));
}

async function watchHeap(promised: number, end: (used: number) => Promise<void>): Promise<void> {
  const watch = new HeapWatch({
    promised,
    end,
    resident: () => process.memoryUsage.rss(),
    worked: mainThreadTime,
    used: mainThreadHeap,
    pause: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds)),
  });
  for (;;) await watch.look();
}
