import {writeSync} from 'node:fs';
import {join} from 'node:path';
import {openNotebook} from './open-notebook.js';
import {readConnection} from './wire/connection.js';
import {parentPid, watchParent} from './wire/parent.js';
import {Server} from './wire/server.js';
import {VERSION} from './version.js';

/** The log of a kernel is the standard error of its process, which servers keep. */
const log = (line: string): void => {
  writeSync(2, `${line}\n`);
};

async function main(path: string | undefined): Promise<number> {
  if (path === undefined) {
    log('usage: node kernel.js CONNECTION_FILE');
    return 2;
  }
  const connection = readConnection(path);
  if (!connection.ok) {
    log(`weft: ${connection.error}`);
    return 2;
  }
  const opened = await openNotebook({directory: process.cwd(), environment: process.env, log, types: true});
  if (!opened.ok) {
    log(`weft: ${opened.error}`);
    return 1;
  }
  const {session, comms} = opened.value;
  const server = await Server.start(connection.value, session, {
    version: VERSION,
    banner: `Weft ${VERSION}: futures and checkpoints for command-line pipelines`,
    log,
    comms,
    historyDirectory: join(process.cwd(), '.weft', 'history'),
  });
  // The server sends interrupts as messages; a signal that goes to the whole group means the same.
  process.on('SIGINT', () => session.interrupt());
  process.on('SIGTERM', () => void server.close());
  const parent = parentPid(process.env);
  const watch = parent === undefined ? undefined : watchParent(parent, () => void server.close());
  await server.closed;
  watch?.stop();
  return 0;
}

process.exit(await main(process.argv[2]));
