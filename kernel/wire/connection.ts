import {readFileSync} from 'node:fs';
import {fail, ok, type Result} from '../graph/result.js';
import type {JsonValue} from '../fingerprint/json.js';
import type {SignatureHash} from './codec.js';

/** The five sockets of a kernel. */
export const CHANNELS = ['shell', 'control', 'stdin', 'iopub', 'hb'] as const;

/** One of the five sockets of a kernel. */
export type Channel = (typeof CHANNELS)[number];

/** What a connection file says (jupyter/enhancement-proposals, JEP 106). */
export interface Connection {
  readonly transport: 'tcp' | 'ipc';
  /** A host for tcp, the stem of a path for ipc. */
  readonly ip: string;
  readonly ports: Readonly<Record<Channel, number>>;
  /** Empty: messages are not signed. */
  readonly key: string;
  readonly hash: SignatureHash;
}

const HASHES: Readonly<Record<string, SignatureHash>> = {
  'hmac-md5': 'md5',
  'hmac-sha256': 'sha256',
  'hmac-sha512': 'sha512',
};

/** Reads the connection file at `path`. The error is a sentence that names the file. */
export function readConnection(path: string): Result<Connection, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    return fail(`cannot read the connection file ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const parsed = parseConnection(text);
  return parsed.ok ? parsed : fail(`the connection file ${path} cannot be used: ${parsed.error}`);
}

/** Parses the text of a connection file. Ports may be numbers or strings; transport, ip, key and scheme have defaults. */
export function parseConnection(text: string): Result<Connection, string> {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch {
    return fail('it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail('it is not a JSON object');
  const file = value as Readonly<Record<string, JsonValue>>;
  const transport = file['transport'] ?? 'tcp';
  if (transport !== 'tcp' && transport !== 'ipc')
    return fail(`transport ${JSON.stringify(transport)} is not tcp or ipc`);
  const ip = file['ip'] ?? (transport === 'tcp' ? '127.0.0.1' : 'kernel-ipc');
  if (typeof ip !== 'string' || ip === '') return fail('ip is not a text');
  const key = file['key'] ?? '';
  if (typeof key !== 'string') return fail('key is not a text');
  const scheme = file['signature_scheme'] ?? 'hmac-sha256';
  const hash = typeof scheme === 'string' ? HASHES[scheme === '' ? 'hmac-sha256' : scheme] : undefined;
  if (hash === undefined)
    return fail(`signature_scheme ${JSON.stringify(scheme)} is not one of ${Object.keys(HASHES).join(', ')}`);
  const ports: Partial<Record<Channel, number>> = {};
  for (const channel of CHANNELS) {
    const port = readPort(file[`${channel}_port`]);
    if (port === undefined) return fail(`${channel}_port is missing or no port`);
    ports[channel] = port;
  }
  return ok({transport, ip, ports: ports as Record<Channel, number>, key, hash});
}

/** Where a channel is, in ZeroMQ's words. */
export function endpoint(connection: Connection, channel: Channel): string {
  const port = connection.ports[channel];
  if (connection.transport === 'ipc') return `ipc://${connection.ip}-${port}`;
  return `tcp://${connection.ip.includes(':') ? `[${connection.ip}]` : connection.ip}:${port}`;
}

function readPort(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'string' ? !/^\d{1,5}$/.test(value) : typeof value !== 'number') return undefined;
  const port = Number(value);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
}
