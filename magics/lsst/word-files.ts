import {statSync} from 'node:fs';
import {readFile} from 'node:fs/promises';
import {isAbsolute, resolve} from 'node:path';
import {escapeGlob} from '../../kernel/cell/fill.js';
import {bodyWords} from '../../kernel/cell/words.js';
import type {Digest} from '../../kernel/fingerprint/fingerprint.js';
import type {Container, Mount} from '../../kernel/graph/container.js';
import type {MagicContext, Problem} from '../../kernel/session/magic.js';
import {hostPathOf, mountOf} from '../mounted.js';
import {literalHint, readGlob, relativeGlob} from '../glob.js';
import {matchGlob} from '../script-inputs.js';
import type {Argument, NormalArguments} from './arguments.js';
import type {ArgumentWord, LsstCall} from './lsst-call.js';

/** Expands globs and argument files (`@file`). */
export async function expandWords(
  words: readonly ArgumentWord[],
  call: LsstCall,
  mounts: readonly Mount[],
  context: MagicContext,
  problems: Problem[],
): Promise<readonly ArgumentWord[]> {
  const result: ArgumentWord[] = [];
  const wrong = (message: string, word: ArgumentWord): void => {
    problems.push({
      code: 'W7001',
      severity: 'error',
      message,
      hint: `it is looked for from ${context.directory}`,
      ...(word.span === undefined ? {} : {span: word.span}),
    });
  };
  for (const word of words) {
    const span = word.span === undefined ? {} : {span: word.span};
    if (word.glob && !word.text.includes('=') && !/^-[^\d]/.test(word.text)) {
      const names = isAbsolute(word.text)
        ? matchSeen(word.pattern ?? word.text, mounts)
        : matchGlob(context.directory, relativeGlob(word.pattern ?? word.text));
      if (names.length === 0 && !call.options.allowEmpty) wrong(`\`${word.text}\` matches no file`, word);
      for (const name of names) result.push({text: name, glob: false, ...span});
    } else if (/^@./.test(word.text)) {
      const text = await readFile(resolve(context.directory, word.text.slice(1)), 'utf8').catch(() => undefined);
      if (text === undefined) wrong(`there is no file \`${word.text.slice(1)}\``, word);
      for (const inner of bodyWords(text ?? '').value) {
        result.push({
          text: inner.pieces
            .map(piece =>
              piece.is === 'text' ? piece.text : piece.is === 'variable' ? `$${piece.name}` : `\${${piece.code}}`,
            )
            .join(''),
          glob: false,
          ...span,
        });
      }
    } else result.push(word);
  }
  return result;
}

/** Where the file lies on the host that a word names as the command sees it. */
export function hostOf(word: string, mounts: readonly Mount[], {directory}: Pick<MagicContext, 'directory'>): string {
  const path = resolve(directory, word);
  return hostPathOf(path, mounts) ?? path;
}

/**
 * sha256 of the files that arguments name, by their words: of configurations, and of all where `all`. What lies in the image is known by it.
 */
export async function contentsOf(
  normal: NormalArguments,
  args: readonly Argument[],
  all: boolean,
  container: Container | undefined,
  mounts: readonly Mount[],
  context: MagicContext,
  problems: Problem[],
): Promise<ReadonlyMap<string, Digest>> {
  const files = new Map<string, Digest>();
  const add = async (word: ArgumentWord, must: boolean): Promise<void> => {
    if (files.has(word.text) || word.text.includes('/weft:')) return;
    // A final path counts as the future does.
    if (must && context.placeholders(word.text).nodes.length > 0) return;
    const path = resolve(context.directory, word.text);
    const host = hostOf(word.text, mounts, context);
    if (!isThere(host) && (!must || (container !== undefined && host === path && mountOf(path, mounts) === undefined)))
      return;
    const digest = await context.digest(host);
    if (digest.ok) files.set(word.text, digest.value);
    else
      problems.push({
        code: 'W7001',
        severity: 'error',
        message: `there is no file \`${word.text}\``,
        hint:
          literalHint(readGlob(word.pattern ?? escapeGlob(word.text))) ?? `it is looked for from ${context.directory}`,
        ...(word.span === undefined ? {} : {span: word.span}),
      });
  };
  for (const {is, word} of normal.config) if (is === 'file') await add(word, true);
  if (all) for (const {values} of args) for (const word of values) await add(word, false);
  return files;
}

/** The files that an absolute glob matches, by the names that a container sees. */
function matchSeen(pattern: string, mounts: readonly Mount[]): readonly string[] {
  const {text, pattern: written} = readGlob(pattern);
  const mount = mountOf(text, mounts);
  if (mount === undefined || mount.source === mount.target)
    return matchGlob('/', relativeGlob(written.slice(1))).map(name => `/${name}`);
  const before = readGlob(escapeGlob(mount.target)).pattern.length + 1;
  return matchGlob(mount.source, relativeGlob(written.slice(before))).map(name => `${mount.target}/${name}`);
}

function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch {
    return false;
  }
}
