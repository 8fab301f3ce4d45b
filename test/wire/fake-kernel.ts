import {readConnection} from '../../kernel/wire/connection.js';
import {parentPid, watchParent} from '../../kernel/wire/parent.js';
import {Server} from '../../kernel/wire/server.js';
import {FakeNotebook} from './fake-notebook.js';

/** A kernel process around the fake notebook: what an entry point does with a server, and no more. */
const connection = readConnection(process.argv[2] ?? '');
if (!connection.ok) throw new Error(connection.error);
const notebook = new FakeNotebook();
notebook.cells['1'] = output => output.result({'text/plain': '1'});
const log = (line: string): void => console.error(line);
void Server.start(connection.value, notebook, {version: '0', banner: '', log}).then(async server => {
  const parent = parentPid(process.env);
  if (parent !== undefined) watchParent(parent, () => void server.close(), 50);
  await server.closed;
  process.exit(0);
});
