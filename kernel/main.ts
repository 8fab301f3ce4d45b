import {join} from 'node:path';
import {fail, ok, type Result} from './graph/result.js';
import {ErrorOutput} from './machine/error-output.js';
import {Comms} from './wire/comms.js';
import {readConnection} from './wire/connection.js';
import {LaterNotebook} from './wire/later-notebook.js';
import type {Notebook} from './wire/notebook.js';
import {parentPid, watchParent} from './wire/parent.js';
import {Server} from './wire/server.js';
import {VERSION} from './version.js';

/** The bundle of open-notebook.ts: most of the kernel, which is loaded when the first client has been answered. */
const NOTEBOOK = new URL('notebook.js', import.meta.url);

/** The notebook is opened when nobody has asked anything for so long, in milliseconds. */
const UNASKED = 100;

/** The log of a kernel is the standard error of its process, which servers keep. */
const errors = new ErrorOutput();
const log = (line: string): void => errors.line(line);

async function open(comms: Comms): Promise<Result<Notebook, string>> {
  const {openNotebook} = (await import(NOTEBOOK.href)) as typeof import('./open-notebook.js');
  const opened = await openNotebook({directory: process.cwd(), environment: process.env, log, types: true, comms});
  if (opened.ok) return ok(opened.value.session);
  log(`weft: ${opened.error}`);
  return fail(opened.error);
}

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
  const comms = new Comms();
  const notebook = new LaterNotebook(() => open(comms));
  const server = await Server.start(connection.value, notebook, {
    version: VERSION,
    banner: `Weft ${VERSION}: futures and checkpoints for command-line pipelines`,
    log,
    comms,
    historyDirectory: join(process.cwd(), '.weft', 'history'),
    greeted: () => void setImmediate(() => void notebook.open()),
  });
  setTimeout(() => void notebook.open(), UNASKED);
  // The server sends interrupts as messages; a signal that goes to the whole group means the same.
  process.on('SIGINT', () => notebook.interrupt());
  process.on('SIGTERM', () => void server.close());
  const parent = parentPid(process.env);
  const watch = parent === undefined ? undefined : watchParent(parent, () => void server.close());
  await server.closed;
  watch?.stop();
  return 0;
}

process.on('exit', () => errors.flush());
process.exit(await main(process.argv[2]));
