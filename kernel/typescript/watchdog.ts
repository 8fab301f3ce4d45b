import {Session} from 'node:inspector';
import {Socket} from 'node:net';
import {parentPort} from 'node:worker_threads';

/** To the main thread: is it awake, and an interrupt for a cell. `terminated`: code was ended by force meanwhile. */
export interface Ask {
  readonly id: number;
  readonly cell: string;
  readonly terminated: boolean;
}

/** How long the main thread has to answer before its code is ended by force, in milliseconds. */
const patience = 60;

/** The number of the pipe on which interrupts come, a line each: the msg_id of the request to stop. */
export const interruptPipe = 4;

/**
 * The watchdog, a thread beside the user's code. It asks before it terminates: a blind `terminateExecution` would in time hit
 * Node's own code on the main thread, and kill it.
 */
export function startWatchdog(): void {
  const port = parentPort;
  if (!port) return;
  let session: Session | undefined;
  let asked = 0;
  const waiting = new Map<number, () => void>();
  port.on('message', (id: number) => waiting.get(id)?.());

  const ask = (cell: string, terminated: boolean): Promise<boolean> =>
    new Promise(resolve => {
      const id = ++asked;
      const timer = setTimeout(() => end(false), patience);
      const end = (awake: boolean): void => {
        clearTimeout(timer);
        waiting.delete(id);
        resolve(awake);
      };
      waiting.set(id, () => end(true));
      const question: Ask = {id, cell, terminated};
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

  const interrupt = async (cell: string): Promise<void> => {
    for (let terminated = false; !(await ask(cell, terminated)); terminated = true) await terminate();
    // A session that stays open holds up the exit of the process.
    session?.disconnect();
    session = undefined;
  };

  let turn = Promise.resolve();
  let rest = '';
  const pipe = new Socket({fd: interruptPipe, readable: true, writable: false});
  pipe.setEncoding('utf8');
  pipe.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) turn = turn.then(() => interrupt(line));
  });
  const gone = (): void => {
    // The kernel has left. Code that spins would never see it.
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000).unref();
  };
  pipe.on('close', gone);
  pipe.on('error', gone);
}
