import {isMainThread} from 'node:worker_threads';

// The process of the user's code, and, in a thread of it, its watchdog: one file, so that one bundle serves both.
if (isMainThread) {
  const {startUserProcess} = await import('./typescript/process.js');
  startUserProcess(new URL(import.meta.url));
} else {
  const {startWatchdog} = await import('./typescript/watchdog.js');
  startWatchdog();
}
