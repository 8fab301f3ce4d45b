import {readFileSync} from 'node:fs';
import type {Outcome} from './shifter-volume.js';

/** What the setuid loader takes out of the caller's environment. */
const dropped = /^(LD_.*|TMPDIR)$/;

/** The caller's environment as shifter passes it on. */
export function callersEnvironment(environment: Readonly<Record<string, string>>): Map<string, string> {
  const kept = new Map<string, string>();
  for (const [name, value] of Object.entries(environment)) {
    if (!dropped.test(name)) kept.set(name, value);
  }
  return kept;
}

/** One `-e NAME=VALUE`; an empty value is refused. */
export function parseEnv(text: string): Outcome<readonly [string, string]> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) {
    return {ok: false, error: `Improperly formatted environment variable: ${text}\n`};
  }
  return {ok: true, value: [text.slice(0, at), text.slice(at + 1)]};
}

/** Reads an env-file of the machine; `name` is what the user called it. One without entries is refused. */
export function parseEnvFile(file: string, name: string): Outcome<readonly (readonly [string, string])[]> {
  const failed = `Failed to process env-file ${name}\n`;
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return {ok: false, error: failed};
  }
  const entries: (readonly [string, string])[] = [];
  for (const line of text.split('\n').map(each => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const entry = parseEnv(line);
    if (!entry.ok) return {ok: false, error: `ERROR: Invalid env-file entry: ${line}\n${failed}`};
    entries.push(entry.value);
  }
  return text === '' ? {ok: false, error: failed} : {ok: true, value: entries};
}
