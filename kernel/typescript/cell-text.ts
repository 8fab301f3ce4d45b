import type {AnyNode} from 'acorn';
import {ok} from '../graph/result.js';
import type {Result} from '../graph/result.js';
import type {LineCall} from './messages.js';
import {positionAt} from './positions.js';
import type {Printed} from './positions.js';
import type {CellSyntaxError} from './rewrite.js';
import {stripTypes} from './strip.js';

/** Replaces each line by a call of its own lines' number, so that all other places stay. */
export function withCalls(source: string, lines: readonly LineCall[]): string {
  let text = '';
  let at = 0;
  for (const [index, {start, end}] of lines.entries()) {
    const newlines = source.slice(start, end).replace(/[^\n]/g, '');
    text += `${source.slice(at, start)};await $cell.line(${index});${newlines}`;
    at = end;
  }
  return text + source.slice(at);
}

/** The calls of lines among statements of a cell, as {@link withCalls} has written them. */
export function lineCalls(body: readonly AnyNode[], javascript: string): readonly AnyNode[] {
  return body.flatMap(node => {
    const awaited = node.type === 'ExpressionStatement' ? node.expression : undefined;
    const call = awaited?.type === 'AwaitExpression' ? awaited.argument : undefined;
    return call !== undefined && /^\$cell\.line\(\d+\)$/.test(javascript.slice(call.start, call.end)) ? [call] : [];
  });
}

const leadingBrace = /^(?:\s|\/\/[^\n]*\n|\/\*[^]*?\*\/)*\{/;

/** Strips the types. A cell that is one object literal is read as that, not as a block. */
export function stripCell(source: string): Result<Printed, CellSyntaxError> {
  const brace = leadingBrace.exec(source);
  if (brace) {
    const at = brace[0].length - 1;
    const literal = stripTypes(`${source.slice(0, at)}(${source.slice(at)}\n)`);
    if (literal.ok) return ok({...literal.value, inserted: positionAt(source, at)});
  }
  return stripTypes(source);
}

/** True where a cell ends in `;`, blanks and comments aside. */
export function endsSilently(source: string): boolean {
  let text = source.trimEnd();
  for (;;) {
    const comment = text.endsWith('*/') ? text.lastIndexOf('/*') : text.lastIndexOf('//');
    const inLastLine = text.endsWith('*/') || comment > text.lastIndexOf('\n');
    // What only looks like a comment is inside of a text: cut there, the cell is no TypeScript any more.
    if (comment < 0 || !inLastLine || !stripCell(text.slice(0, comment)).ok) return text.endsWith(';');
    text = text.slice(0, comment).trimEnd();
  }
}
