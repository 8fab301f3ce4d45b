import type {Session as InspectorSession} from 'node:inspector';
import type {MessagePort} from 'node:worker_threads';
import {Worker} from 'node:worker_threads';
import {pathOf} from './module-fault.js';

/** Code that was ended because it held up the kernel. */
export interface Ended {
  /** URL and line of the frame of the extension, where the debugger saw one. */
  readonly url?: string;
  readonly line?: number;
}

/** How often the main thread shows that it lives, in milliseconds. */
const BEAT = 250;

/** True for what code of others threw, outside of all that is guarded: in a timer, or a promise that nobody waits for. */
export const isOfExtension = (thrown: unknown): boolean =>
  thrown instanceof Error && /\?weft=\d+:\d+/.test(thrown.stack ?? '');

/**
 * Watches over the kernel's event loop while code of others runs in it. A thread looks whether it turns; where it stands still for
 * `patience` milliseconds and the code that runs is none of the kernel's, the thread ends that code by the inspector.
 */
export class LoopWatch {
  readonly #patience: number;
  readonly #beats = new Int32Array(new SharedArrayBuffer(4));
  readonly #waiting = new Set<(ended: Error) => void>();
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(patience: number) {
    this.#patience = patience;
  }

  /** Runs work of an extension; rejects when it throws, and when it was ended by force. */
  guard<T>(work: () => T | Promise<T>): Promise<T> {
    this.#start();
    return new Promise<T>((resolve, reject) => {
      this.#waiting.add(reject);
      const end = (): void => void this.#waiting.delete(reject);
      // In a turn of the loop of its own: what is ended by force takes with it what waits in the same turn.
      setTimeout(() => {
        void Promise.resolve().then(work).then(resolve, reject).finally(end);
      }, 0);
    });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  #start(): void {
    if (this.#worker !== undefined) return;
    const workerData = {beats: this.#beats, patience: this.#patience, own: ownCode()};
    this.#worker = new Worker(`(${watch.toString()})(require, globalThis)`, {eval: true, workerData});
    this.#worker.unref();
    this.#worker.on('message', (ended: Ended) => this.#ended(ended));
    // Without a watch the kernel still works; a fault that nobody hears would end it.
    this.#worker.on('error', error => {
      process.emitWarning(error);
      this.close();
    });
    this.#timer = setInterval(() => Atomics.add(this.#beats, 0, 1), BEAT).unref();
  }

  #ended({url, line}: Ended): void {
    const error = new Error(`it held up the kernel for ${this.#patience / 1000} s, and was ended`);
    error.stack =
      url === undefined || line === undefined ? '' : `    at ${url.startsWith('file:') ? url : pathOf(url)}:${line}`;
    for (const reject of [...this.#waiting]) reject(error);
    this.#waiting.clear();
  }
}

/** Where the kernel's own code lies, and the packages that it uses: the directory above that of its bundle. */
const ownCode = (): string => new URL('..', import.meta.url).href;

/** The thread. It is started from its text, so it sees nothing of this file, and of the platform what it is given. */
function watch(
  require: NodeJS.Require,
  {Atomics, Date, Map, Math, process, setInterval}: Readonly<typeof globalThis>,
): void {
  const {Session} = require('node:inspector') as {Session: new () => InspectorSession};
  const threads = require('node:worker_threads') as {
    parentPort: MessagePort;
    workerData: {beats: Int32Array; patience: number; own: string};
  };
  const {parentPort, workerData} = threads;
  const {writeSync} = require('node:fs') as {writeSync: (fd: number, text: string) => void};
  const {beats, patience, own} = workerData;
  let seen = -1;
  let since = Date.now();
  let busy = false;

  const isCaller = (url: string): boolean => /^node:(?!internal\/(modules|process\/task_queues))/.test(url);
  const isForeign = (url: string): boolean =>
    url.includes('?weft=') || (url !== '' && !url.startsWith('node:') && !url.startsWith(own));

  const look = (): void => {
    const beat = Atomics.load(beats, 0);
    if (beat !== seen) {
      seen = beat;
      since = Date.now();
    } else if (!busy && Date.now() - since >= patience) stop();
  };

  const stop = (): void => {
    busy = true;
    const session = new Session();
    session.connectToMainThread();
    const done = (): void => {
      session.disconnect();
      busy = false;
      since = Date.now();
    };
    // A frame has no URL in a module, but its script had one.
    const urls = new Map<string, string>();
    session.on('Debugger.scriptParsed', ({params}) => void urls.set(params.scriptId, params.url));
    session.on('Debugger.paused', ({params}) => {
      const scripts = params.callFrames.map(({location: {scriptId, lineNumber}}) => ({
        url: urls.get(scriptId) ?? '',
        line: lineNumber + 1,
      }));
      const frame = scripts.find(({url}) => isForeign(url));
      const below = scripts.slice(scripts.findLastIndex(({url}) => isForeign(url)) + 1);
      if (frame === undefined) session.post('Debugger.resume', done);
      else if (below.some(({url}) => isCaller(url))) {
        // Node keeps account of the callbacks that it has called: ended by force, they would bring it down without a word.
        try {
          writeSync(2, `weft: an extension holds up the kernel at ${frame.url}:${frame.line}; the kernel ends\n`);
        } catch {
          // Nobody reads it, or not in time: it ends all the same.
        }
        process.kill(process.pid, 'SIGKILL');
      } else {
        parentPort.postMessage(frame);
        // While it pauses, nothing ends it. The frame is the extension's still: it has run for seconds.
        session.post('Debugger.resume');
        session.post('Runtime.terminateExecution', done);
      }
    });
    session.post('Debugger.enable', () => session.post('Debugger.pause'));
  };

  setInterval(look, Math.min(500, patience / 4));
}
