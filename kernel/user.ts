import {isMainThread} from 'node:worker_threads';
import {HOOKS} from './typescript/module-files.js';

export {load, resolve} from './typescript/module-hooks.js';

// The process of the user's code, and in threads of it its watchdog, and Node's hooks that load TypeScript: one file, so that one bundle serves all.
if (import.meta.url.endsWith(HOOKS)) {
  // The hooks are what it exports.
} else if (isMainThread) {
  const {startUserProcess} = await import('./typescript/process.js');
  startUserProcess(new URL(import.meta.url));
} else {
  const {startWatchdog} = await import('./typescript/watchdog.js');
  startWatchdog();
}
