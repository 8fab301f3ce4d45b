import {existsSync} from 'node:fs';
import {normalize, resolve} from 'node:path';
import type {Mount} from '../../kernel/graph/container.js';
import {fail, ok, type Result} from '../../kernel/graph/result.js';
import {lineMagic} from './line-magic.js';

/** `%mount SRC[:DST][:ro]`: a place of the host that tasks in a container see besides their own (LANGUAGE 12). */
export const mountMagic = lineMagic(
  {
    name: 'mount',
    summary: 'shows tasks in a container another place of the host',
    example: '%mount /data/refcats\n%mount /data/refcats:/refcats:ro',
  },
  async (line, context) => {
    const words = await context.fill(line);
    if (!words.ok) return words.error;
    const {mounts} = context.settings;
    if (words.value.length === 0) {
      const lines = mounts.map(mount => `${mountText(mount)}\n`).join('');
      context.stream('stdout', lines === '' ? 'nothing is mounted besides what tasks need\n' : lines);
      return undefined;
    }
    const added: Mount[] = [];
    for (const [at, word] of words.value.entries()) {
      const mount = readMount(word, context.directory);
      if (!mount.ok)
        return [
          {
            code: 'W8017',
            severity: 'error',
            span: (line.words[at] ?? line).span,
            message: mount.error,
            hint: 'write `%mount SOURCE`, `%mount SOURCE:TARGET` or `%mount SOURCE:TARGET:ro`',
          },
        ];
      added.push(mount.value);
    }
    for (const mount of added) {
      const before = mounts.findIndex(({target}) => target === mount.target);
      if (before >= 0) mounts.splice(before, 1, mount);
      else mounts.push(mount);
    }
    return undefined;
  },
);

/** Reads one mount. What is there under the whole name is meant, colons and all. */
export function readMount(word: string, directory: string): Result<Mount, string> {
  const whole = resolve(directory, word);
  if (word !== '' && existsSync(whole)) return mountOf(whole, whole, true);
  const [, rest = '', flag] = /^(.*?)(?::(ro|rw))?$/s.exec(word) ?? [];
  const write = flag !== 'ro';
  const source = resolve(directory, rest);
  if (rest !== '' && existsSync(source)) return mountOf(source, source, write);
  const at = rest.lastIndexOf(':');
  if (at < 0) return fail(rest === '' ? `\`${word}\` names no place` : `${source} is not there`);
  const target = rest.slice(at + 1);
  const outer = resolve(directory, rest.slice(0, at));
  if (at === 0) return fail(`\`${word}\` names no place before the colon`);
  if (!existsSync(outer)) return fail(`${outer} is not there`);
  if (!target.startsWith('/')) return fail(`\`${target}\` is no absolute path, and so no target in the container`);
  return mountOf(outer, normalize(target), write);
}

function mountOf(source: string, target: string, write: boolean): Result<Mount, string> {
  const place = target === '/' ? target : target.replace(/\/+$/, '');
  if (/^\/(proc|sys|dev)?$/.test(place)) return fail(`nothing can be mounted at \`${place}\` of a container`);
  if (/[\x00-\x1f]/.test(source + place)) return fail(`${JSON.stringify(source)} has a control character in its name`);
  return ok({source, target: place, write});
}

const mountText = ({source, target, write}: Mount): string =>
  `${source}${target === source ? '' : `:${target}`}${write ? '' : ':ro'}`;
