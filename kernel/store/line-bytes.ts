const QUOTE = 34;
const BACKSLASH = 92;

/** The value of a hex digit by its code; more than 15 for what is none. */
const HEX = new Uint8Array(256).fill(255);
for (let digit = 0; digit < 16; digit++) HEX[digit.toString(16).charCodeAt(0)] = digit;

/** Whether a byte is a decimal digit. */
export const isDigit = (code: number | undefined): boolean => code !== undefined && code >= 48 && code <= 57;

/** Whether a text of ASCII lies at a place. */
export function isAt(bytes: Uint8Array, at: number, text: string): boolean {
  for (let n = 0; n < text.length; n++) if (bytes[at + n] !== text.charCodeAt(n)) return false;
  return true;
}

/** Where a text of JSON ends that begins at a place, at its quote; less than 0 if it does not. */
export function endOfText(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at;
    if (code === BACKSLASH) at++;
  }
  return -1;
}

/** The same of a text that is written as it is: less than 0 for one that has other letters than ASCII, or an escape. */
export function endOfPlain(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const code = bytes[at] ?? 0;
    if (code === QUOTE) return at;
    if (code === BACKSLASH || code > 126) return -1;
  }
  return -1;
}

/** The number that some digits are. */
export function decimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (bytes[at] ?? 0) - 48;
  return value;
}

/** Takes 64 hex digits; false where they are none. */
export function readWords(bytes: Uint8Array, from: number, words: Uint32Array): boolean {
  let wrong = 0;
  for (let word = 0, at = from; word < 8; word++) {
    let value = 0;
    for (let n = 0; n < 8; n++, at++) {
      const digit = HEX[bytes[at] ?? 0] ?? 255;
      wrong |= digit;
      value = (value << 4) | digit;
    }
    words[word] = value;
  }
  return (wrong & 0xf0) === 0;
}

/** The hash of some bytes (FNV-1a, 32 bits). */
export function hashOf(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let hash = 0x811c9dc5;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return hash >>> 0;
}
