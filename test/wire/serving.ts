import type {Connection} from '../../kernel/wire/connection.js';
import {Server, type ServerOptions} from '../../kernel/wire/server.js';
import {Client, freeConnection} from '../rig/client.js';
import {FakeNotebook} from './fake-notebook.js';

/** A server of a fake notebook in this process, and a client of it over real sockets. */
export class Serving implements AsyncDisposable {
  readonly connection: Connection;
  readonly notebook: FakeNotebook;
  readonly server: Server;
  readonly client: Client;
  readonly log: readonly string[];

  private constructor(connection: Connection, notebook: FakeNotebook, server: Server, client: Client, log: string[]) {
    this.connection = connection;
    this.notebook = notebook;
    this.server = server;
    this.client = client;
    this.log = log;
  }

  /** Starts both; `change` replaces parts of the connection, `options` of what the server is told. */
  static async start(change: Partial<Connection> = {}, options: Partial<ServerOptions> = {}): Promise<Serving> {
    const connection = {...(await freeConnection()), ...change};
    const notebook = new FakeNotebook();
    const log: string[] = [];
    const server = await Server.start(connection, notebook, {
      version: '1.2.3',
      banner: 'a banner',
      log: line => log.push(line),
      ...options,
    });
    return new Serving(connection, notebook, server, await Client.connect(connection), log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    await this.server.close();
  }
}
