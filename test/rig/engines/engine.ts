import {accessSync, constants} from 'node:fs';
import {delimiter, join} from 'node:path';
import type {Component} from '../component.js';

/** A container engine with everything it writes in one directory. */
export interface Engine {
  /** Its client's program. */
  readonly program: string;
  /** What its client needs in the environment, besides what the tests have. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends it and what runs in it, and unmounts its storage. Afterwards the directory can be removed. */
  stop(): Promise<void>;
}

/** A program on PATH, or of the administrator, as a component of the machine. Its value is the path. */
export function programOnPath(name: string): Component<string> {
  for (const directory of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin']) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return {name, found: {ok: true, value: path}};
    } catch {
      continue;
    }
  }
  return {name, found: {ok: false, why: `no \`${name}\` on PATH`}};
}
