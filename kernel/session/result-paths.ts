import type {TaskNode} from './node.js';

/** The end of the path of a result: of a rerun, or of a directory of a store. */
const END = /\/(?:work\/[0-9a-f]{2}|rerun\/weft)\/[A-Za-z0-9_.-]+-[0-9a-f]{12}/g;

/** What a path can follow that begins there. */
const BEFORE = /[\s'"`:;,=()[\]{}<>|&]/;

/** The path of a result in a text. Offsets are UTF-16. */
interface ResultPath {
  readonly start: number;
  readonly end: number;
  readonly node: TaskNode;
}

/**
 * Finds the paths of results in a text. The directory before `work/` may have any name, with blanks and commas too: it is compared with
 * those that are known.
 * @param at the node whose result's directory is the end of a text, and that directory
 */
export function resultPathsIn(
  text: string,
  at: (upTo: string) => {readonly directory: string; readonly node: TaskNode} | undefined,
): readonly ResultPath[] {
  return [...text.matchAll(END)].flatMap(match => {
    const end = match.index + match[0].length;
    const found = at(text.slice(0, end));
    if (found === undefined) return [];
    const start = end - found.directory.length;
    return isWithin(text, start) ? [] : [{start, end, node: found.node}];
  });
}

/** Whether a path begins in the middle of a longer one: `/home/…` of `/copy/home/me/.weft/…`. */
function isWithin(text: string, start: number): boolean {
  for (let at = start - 1; at >= 0; at--) {
    const before = text.charAt(at);
    if (before === '/') return true;
    if (BEFORE.test(before)) return false;
  }
  return false;
}

/** A text with something in place of each path. */
export function replaceResultPaths(
  text: string,
  paths: readonly ResultPath[],
  sign: (node: TaskNode) => string | undefined,
): string {
  let done = '';
  let from = 0;
  for (const {start, end, node} of paths) {
    const instead = start < from ? undefined : sign(node);
    if (instead === undefined) continue;
    done += text.slice(from, start) + instead;
    from = end;
  }
  return done + text.slice(from);
}
