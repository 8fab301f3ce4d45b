import {execFileSync} from 'node:child_process';

/** Before tests that start processes: what they start is dist/, so it must be what the sources say. Costs nothing when it is. */
export function setup(): void {
  execFileSync(process.execPath, ['build.js', '--quiet'], {cwd: new URL('../..', import.meta.url), stdio: 'inherit'});
}
