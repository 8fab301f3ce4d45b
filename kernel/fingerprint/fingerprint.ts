import {createHash, hash} from 'node:crypto';
import canonicalize from 'canonicalize';
import type {JsonObject, JsonValue} from './json.js';

declare const brand: unique symbol;

/** A string that only one function makes. */
export type Brand<T, B extends string> = T & {readonly [brand]: B};

/** The checkpoint hash of a task, 64 hex digits. Made by {@link fingerprintOf} and nowhere else. */
export type Fingerprint = Brand<string, 'Fingerprint'>;

/** sha256 of some content, 64 hex digits. Made by {@link digestOf} and the stat cache. */
export type Digest = Brand<string, 'Digest'>;

/** The version of the hashed form. Raised whenever the meaning of a hashed field changes, so that old results miss. */
export const FINGERPRINT_VERSION = 1;

/**
 * Canonical JSON (RFC 8785): equal values are equal text, whatever the order of their keys.
 * Throws on NaN and infinities, which no JSON can hold; the type keeps out the rest.
 */
export function canonicalJson(value: JsonValue): string {
  const text = canonicalize(value);
  if (text === undefined) throw new Error('Internal error: not a JSON value');
  return text;
}

/**
 * The fingerprint of a record.
 * @param kind the record's kind; it is part of the pre-image, so that records of two kinds never share a hash
 *   (insitro/redun:docs/source/implementation/hashing.md)
 */
export function fingerprintOf(kind: string, value: JsonValue): Fingerprint {
  const text = `weft/${kind}/${FINGERPRINT_VERSION}\n${canonicalJson(value)}`;
  return createHash('sha256').update(text).digest('hex') as Fingerprint;
}

/**
 * The fingerprints of records that are equal but for one member, whose name sorts behind all others: what is before it is written once.
 * The same as {@link fingerprintOf} of the whole record.
 */
export function fingerprintsOf(kind: string, rest: JsonObject, last: string): (member: JsonValue) => Fingerprint {
  const names = Object.keys(rest);
  if (names.length === 0 || names.some(name => name >= last))
    throw new Error(`Internal error: ${last} is not the last`);
  const head = `weft/${kind}/${FINGERPRINT_VERSION}\n${canonicalJson(rest).slice(0, -1)},${canonicalJson(last)}:`;
  return member => hash('sha256', `${head}${plainJson(member)}}`) as Fingerprint;
}

/** The same as {@link canonicalJson}, at a third of its cost for the small values of a loop. */
export function plainJson(value: JsonValue): string {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return JSON.stringify(value);
  if (typeof value === 'number' && Number.isFinite(value)) return JSON.stringify(value);
  if (typeof value !== 'object' || Array.isArray(value)) return canonicalJson(value);
  let text = '';
  for (const name of Object.keys(value).sort()) {
    const member = (value as JsonObject)[name];
    if (member !== undefined) text += `${text === '' ? '{' : ','}${JSON.stringify(name)}:${plainJson(member)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}

/** The digest of text or bytes that are in memory. */
export function digestOf(content: string | Uint8Array): Digest {
  return createHash('sha256').update(content).digest('hex') as Digest;
}

/** Takes a digest that was recorded earlier, in a manifest or a journal; undefined if it is none. */
export function readDigest(text: string): Digest | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as Digest) : undefined;
}

/** Takes a fingerprint that was recorded earlier, in a manifest, a journal or a claim; undefined if it is none. */
export function readFingerprint(text: string): Fingerprint | undefined {
  return /^[0-9a-f]{64}$/.test(text) ? (text as Fingerprint) : undefined;
}
