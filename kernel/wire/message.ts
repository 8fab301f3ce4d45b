import {randomUUID} from 'node:crypto';
import type {JsonObject} from '../fingerprint/json.js';

/** The version of the Jupyter messaging protocol that the kernel speaks (jupyter/jupyter_client:docs/messaging.rst). */
export const PROTOCOL_VERSION = '5.5';

/** The header of a message. What a sender adds to it (`subshell_id`, say) is kept, and goes back as the parent of the answer. */
export type Header = JsonObject & {readonly msg_id: string; readonly msg_type: string};

/** A message of the Jupyter protocol, as it travels on any of the sockets but the heartbeat. */
export interface Message {
  /** Routing frames before the delimiter: who sent it, and so where an answer goes. A topic on iopub. */
  readonly identities: readonly Buffer[];
  readonly header: Header;
  /** The header of the request that caused it; `{}` if none did. */
  readonly parent: JsonObject;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  /** Binary frames behind the content. They are not signed. */
  readonly buffers: readonly Buffer[];
}

/** A message that came in on one of the two sockets for requests; its answer goes out on the same one. */
export interface Request extends Message {
  readonly channel: 'shell' | 'control';
}

/** A new header. `session` names the sending process: a kernel has its own, and never copies its client's. */
export function newHeader(session: string, type: string): Header {
  return {
    msg_id: randomUUID(),
    session,
    username: 'weft',
    date: new Date().toISOString(),
    msg_type: type,
    version: PROTOCOL_VERSION,
  };
}
