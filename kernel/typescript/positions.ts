import {TraceMap, traceSegment} from '@jridgewell/trace-mapping';
import type {SourceMapInput} from '@jridgewell/trace-mapping';

/** A place in a text; both count from 1, columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A stretch of the script that was copied from the JavaScript that oxc printed; the rest of the script has no source. */
export interface Copied {
  readonly at: number;
  readonly from: number;
  readonly length: number;
}

/** A cell's text as oxc read it, what oxc printed, and the map between them. */
export interface Printed {
  readonly source: string;
  readonly javascript: string;
  readonly map: SourceMapInput;
  /** The place of one character of `source` that the cell's own text does not have. */
  readonly inserted?: Position;
}

/** Maps places of a script back to the cell it was made from. The tables are made when the first place is asked for. */
export class Positions {
  readonly #script: string;
  readonly #printed: Printed;
  readonly #copied: readonly Copied[];
  #tables:
    {script: readonly number[]; javascript: readonly number[]; source: readonly number[]; trace: TraceMap} | undefined;

  /** `copied` in ascending order of `at`. */
  constructor(script: string, printed: Printed, copied: readonly Copied[]) {
    this.#script = script;
    this.#printed = printed;
    this.#copied = copied;
  }

  /** The cell's own place; undefined for code that Weft added. */
  original(place: Position): Position | undefined {
    const {source, javascript, map, inserted} = this.#printed;
    this.#tables ??= {
      script: lineStarts(this.#script),
      javascript: lineStarts(javascript),
      source: lineStarts(source),
      trace: new TraceMap(map),
    };
    const tables = this.#tables;
    const start = tables.script[place.line - 1];
    if (start === undefined) return undefined;
    const at = start + place.column - 1;
    const stretch = this.#copied.findLast(each => each.at <= at);
    if (!stretch) return undefined;
    const offset = stretch.from + Math.min(at - stretch.at, stretch.length);
    const row = tables.javascript.findLastIndex(each => each <= offset);
    const rowStart = tables.javascript[row] ?? 0;
    const segment = traceSegment(tables.trace, row, offset - rowStart);
    if (segment?.length === undefined || segment.length === 1) return undefined;
    const [from, , line, column] = segment;
    // oxc maps few tokens. Where it printed what the cell says, the place is exact all the same.
    const printed = javascript.slice(rowStart + from, offset);
    const origin = (tables.source[line] ?? 0) + column;
    const exact = source.slice(origin, origin + printed.length) === printed ? column + printed.length : column;
    const shift = inserted?.line === line + 1 && exact > 0 ? 0 : 1;
    return {line: line + 1, column: exact + shift};
  }
}

/** The place of an offset in a text. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset);
  const newline = before.lastIndexOf('\n');
  return {line: before.split('\n').length, column: offset - newline};
}

/** The offset of a place in a text. */
export const offsetOf = (text: string, {line, column}: Position): number =>
  (lineStarts(text)[line - 1] ?? text.length) + column - 1;

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}
