/**
 * Positions in a text. The protocol counts unicode code points (since 5.2), JavaScript counts UTF-16 units. A position that is
 * too far becomes the end; one that is negative, the start.
 */

/** UTF-16 offset of the code point with this index. */
export function toUtf16(text: string, codePoints: number): number {
  let at = 0;
  for (let left = codePoints; left > 0 && at < text.length; left--) at += widthAt(text, at);
  return at;
}

/** Number of code points before a UTF-16 offset. An offset in the middle of a surrogate pair counts as the one behind the pair. */
export function toCodePoints(text: string, offset: number): number {
  let count = 0;
  for (let at = 0; at < offset && at < text.length; at += widthAt(text, at)) count++;
  return count;
}

const widthAt = (text: string, at: number): number => ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
