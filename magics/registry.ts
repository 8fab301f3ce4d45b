import type {Completer} from '../kernel/session/completer.js';
import type {TaskMagic} from '../kernel/session/magic.js';
import type {Registry} from '../kernel/session/registry.js';
import {bashMagic} from './bash.js';
import {joinMagic} from './join.js';
import {completeJoin} from './complete/join.js';
import {LINE_COMPLETERS} from './complete/lines.js';
import {completeLsst} from './complete/lsst.js';
import {taskCompleter} from './complete/task.js';
import {FUNCTION_DECLARATIONS} from './function-declarations.js';
import {adoptMagic} from './line/adopt.js';
import {cacheMagic, cleanupMagic} from './line/cache.js';
import {codeMagic} from './line/code.js';
import {commandMagic} from './line/command.js';
import {cancelMagic, forceMagic, retryMagic, waitMagic} from './line/control.js';
import {containerMagic} from './line/container.js';
import {envMagic} from './line/env.js';
import {loadMagic, reloadMagic, unloadMagic} from './line/extension.js';
import {historyMagic} from './line/history.js';
import {helpMagic, lsmagicMagic} from './line/help.js';
import {lockMagic} from './line/lock.js';
import {logMagic} from './line/log.js';
import {statusMagic, timingsMagic} from './line/look.js';
import {whyMagic} from './line/why.js';
import {mountMagic} from './line/mount.js';
import {planMagic} from './line/plan.js';
import {configMagic, executorMagic} from './line/placement.js';
import {pyMagic} from './py.js';
import {pythonMagic} from './python.js';
import {repoMagic} from './line/repo.js';
import {setupMagic} from './line/setup.js';
import {lsstMagic} from './lsst/lsst.js';
import {showMagic} from './show.js';
import {probeSetup} from './setup-probe.js';
import {OWN_NAMES} from './task-options.js';

/** All magics of Weft. A new one is a file, and a line here. */
export const registry: Registry = {
  tasks: [bashMagic, pythonMagic, joinMagic, lsstMagic].map(completing),
  lines: [
    repoMagic,
    setupMagic,
    envMagic,
    codeMagic,
    containerMagic,
    mountMagic,
    lockMagic,
    cacheMagic,
    cleanupMagic,
    executorMagic,
    configMagic,
    waitMagic,
    cancelMagic,
    retryMagic,
    forceMagic,
    adoptMagic,
    statusMagic,
    planMagic,
    timingsMagic,
    logMagic,
    whyMagic,
    historyMagic,
    showMagic,
    loadMagic,
    reloadMagic,
    unloadMagic,
    lsmagicMagic,
    helpMagic,
    commandMagic,
  ].map(magic => ({...magic, ...lineCompleter(magic.shape.name)})),
  cells: [pyMagic],
  ownNames: OWN_NAMES,
  probe: probeSetup,
  declarations: FUNCTION_DECLARATIONS,
};

/** A task magic that completes: with what only it takes, and with what all take. */
function completing(magic: TaskMagic<unknown>): TaskMagic<unknown> {
  const own: Readonly<Record<string, Completer>> = {lsst: completeLsst, join: completeJoin};
  return {...magic, complete: taskCompleter(own[magic.shape.name])};
}

function lineCompleter(name: string): {complete?: Completer} {
  const complete = Object.hasOwn(LINE_COMPLETERS, name) ? LINE_COMPLETERS[name] : undefined;
  return complete === undefined ? {} : {complete};
}
