import {canonicalJson, digestOf} from '../kernel/fingerprint/fingerprint.js';
import type {JsonValue} from '../kernel/fingerprint/json.js';

/** A key's text: the string itself, else canonical JSON (LANGUAGE 6). */
export const keyText = (key: JsonValue): string => (typeof key === 'string' ? key : canonicalJson(key));

/** The name of a member's entry in a set's directory (LANGUAGE 4): keys joined by commas, encoded where a path would mean something else. */
export function entryName(key: readonly JsonValue[]): string {
  const encode = (text: string): string => {
    if (text === '') return '%';
    const encoded = text.replace(/[/\u0000-\u001f\u007f%,]/g, percent);
    return encoded.startsWith('.') ? `%2E${encoded.slice(1)}` : encoded;
  };
  return shortened(key.map(part => encode(keyText(part))).join(','));
}

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= 200) return name;
  let cut = name.slice(0, 160);
  while (Buffer.byteLength(cut) > 180) cut = cut.slice(0, -8);
  return `${cut}~${digestOf(name).slice(0, 12)}`;
}
