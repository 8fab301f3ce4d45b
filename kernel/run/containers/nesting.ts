import {existsSync} from 'node:fs';
import {containerAround as around} from './inside-container.js';

/** The container that the kernel itself runs in, by the name of its runtime; undefined on a plain machine. */
export const containerAround = (environment: Readonly<Record<string, string | undefined>>): string | undefined =>
  around(environment, existsSync);
