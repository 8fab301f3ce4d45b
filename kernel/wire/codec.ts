import {createHmac, createSecretKey, timingSafeEqual, type KeyObject} from 'node:crypto';
import {fail, ok, type Result} from '../graph/result.js';
import type {JsonObject, JsonValue} from '../fingerprint/json.js';
import type {Header, Message} from './message.js';

const DELIMITER = Buffer.from('<IDS|MSG>');

/** Hash functions of the signature schemes `hmac-md5`, `hmac-sha256` and `hmac-sha512`. */
export type SignatureHash = 'md5' | 'sha256' | 'sha512';

/** Why a message was refused. */
export interface WireError {
  readonly reason: 'frames' | 'signature' | 'replayed' | 'json';
  readonly message: string;
}

/** Signatures that are remembered against replays; the oldest is forgotten first (as many as jupyter_client keeps). */
const REMEMBERED = 65_536;

/**
 * The wire format of the Jupyter protocol, both ways:
 * `[identities…, <IDS|MSG>, signature, header, parent, metadata, content, buffers…]`
 * (jupyter/jupyter_client:docs/messaging.rst, "The Wire Protocol").
 * The signature is the HMAC of the four JSON frames, in hex; it is empty when the key is. One codec serves all sockets of
 * one process, since it remembers the signatures that it has seen.
 */
export class Codec {
  /** Absent: messages are not signed. */
  readonly #key: KeyObject | undefined;
  readonly #hash: SignatureHash;
  readonly #seen = new Set<string>();

  constructor(key: string, hash: SignatureHash) {
    this.#key = key === '' ? undefined : createSecretKey(key, 'utf8');
    this.#hash = hash;
  }

  /** The frames of a message. */
  encode(message: Message): Buffer[] {
    const body = [message.header, message.parent, message.metadata, message.content].map(part =>
      Buffer.from(JSON.stringify(part)),
    );
    return [...message.identities, DELIMITER, Buffer.from(this.#sign(body)), ...body, ...message.buffers];
  }

  /** The message in these frames. It is verified over the frames as they came, before any of it is parsed. */
  decode(frames: readonly Buffer[]): Result<Message, WireError> {
    const at = frames.findIndex(frame => frame.equals(DELIMITER));
    if (at < 0) return refuse('frames', 'no delimiter');
    const signature = frames[at + 1];
    const body = frames.slice(at + 2, at + 6);
    if (signature === undefined || body.length < 4) return refuse('frames', `${frames.length - at - 1} frames, not 5`);
    if (this.#key !== undefined) {
      const expected = Buffer.from(this.#sign(body));
      if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
        return refuse('signature', 'wrong signature');
      }
      if (!this.#remember(expected.toString())) return refuse('replayed', 'a signature that was used before');
    }
    const parts: JsonObject[] = [];
    for (const frame of body) {
      const part = parseObject(frame);
      if (part === undefined) return refuse('json', 'a frame that is no JSON object');
      parts.push(part);
    }
    const [header, parent, metadata, content] = parts as [JsonObject, JsonObject, JsonObject, JsonObject];
    if (!isHeader(header)) return refuse('json', 'a header without msg_id or msg_type');
    return ok({identities: frames.slice(0, at), header, parent, metadata, content, buffers: frames.slice(at + 6)});
  }

  #sign(body: readonly Buffer[]): string {
    if (this.#key === undefined) return '';
    const hmac = createHmac(this.#hash, this.#key);
    for (const frame of body) hmac.update(frame);
    return hmac.digest('hex');
  }

  /** False if the signature was seen before. */
  #remember(signature: string): boolean {
    if (this.#seen.has(signature)) return false;
    this.#seen.add(signature);
    if (this.#seen.size > REMEMBERED) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest);
        break;
      }
    }
    return true;
  }
}

const refuse = (reason: WireError['reason'], message: string) => fail<WireError>({reason, message});

const isHeader = (header: JsonObject): header is Header =>
  typeof header['msg_id'] === 'string' && typeof header['msg_type'] === 'string';

function parseObject(frame: Buffer): JsonObject | undefined {
  try {
    const value = JSON.parse(frame.toString()) as JsonValue;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}
