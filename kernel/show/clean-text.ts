/* Terminal sequences of ECMA-48: CSI with its final byte, OSC up to BEL or ST, and the two-byte escapes. */
const ESCAPES =
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]|\u009b[0-?]*[ -/]*[@-~]/g;

/* Controls but tab and newline, the marks that turn the direction of text round, and halves of surrogate pairs. */
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]|\p{Cs}/gu;

/**
 * Text of a log or a name as it can be shown: without terminal colours and control characters. Of a line that a carriage
 * return wrote over, as progress bars do, the last version stays.
 */
export function cleanText(text: string): string {
  const plain = text.replace(ESCAPES, '');
  return (plain.includes('\r') ? plain.split('\n').map(lastVersion).join('\n') : plain).replace(CONTROLS, '');
}

/* What stands after the last carriage return that something follows. */
function lastVersion(line: string): string {
  const versions = line.split('\r');
  return versions.findLast(version => version !== '') ?? '';
}

/** One line of text: blanks and newlines become one blank. */
export const oneLine = (text: string): string => cleanText(text).replace(/\s+/g, ' ').trim();

const encoder = new TextEncoder();

/** Bytes of the text in UTF-8. */
export const bytesOf = (text: string): number => encoder.encode(text).length;

/**
 * The text, cut to at most `limit` characters with `…` in the middle: of a long name or path both ends tell something.
 * @param limit code points, at least 3
 */
export function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const points = Array.from(text.length > 4 * limit ? text.slice(0, 2 * limit) + text.slice(-2 * limit) : text);
  if (points.length <= limit && text.length <= 4 * limit) return text;
  const head = Math.ceil((limit - 1) * 0.6);
  return `${points.slice(0, head).join('')}…${points.slice(points.length - (limit - 1 - head)).join('')}`;
}

/** The last non-empty lines of a text, cleaned, each cut to `width` characters. */
export function lastLines(text: string, lines: number, width = 200): readonly string[] {
  const end = text.length > 64_000 ? text.slice(-64_000) : text;
  return cleanText(end)
    .split('\n')
    .map(line => line.trimEnd())
    .filter(line => line !== '')
    .slice(-lines)
    .map(line => shorten(line, width));
}
