import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import type {Found} from './apptainer-image.js';
import {enter, type Container} from './enter.js';
import {codeOf, endAs, holdSignals, relay} from './relay.js';
import {home} from './site.js';

/** How the payload runs. */
export interface PayloadOptions {
  readonly found: Found;
  /** `shim`: with a first process of its own that relays signals; `bare`: it is the first process itself. */
  readonly processes: 'shared' | 'shim' | 'bare';
  /** A SIF has a helper that serves its files. */
  readonly helper: boolean;
}

/** Runs the payload as a child of this process and ends as it does. */
export async function runPayload(
  container: Container,
  command: readonly string[],
  options: PayloadOptions,
): Promise<void> {
  process.title = `Apptainer runtime parent: ${basename(options.found.path)}`;
  holdSignals();
  const helper = options.helper ? startHelper() : undefined;
  const words = [...enter(container), ...command];
  if (options.processes === 'shared') {
    const end = await relay(words, 'inherit').ended;
    await stopHelper(helper);
    endAs(end);
    return;
  }
  let ready = options.processes === 'bare';
  const map = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const shim = options.processes === 'shim' ? [process.execPath, join(home, 'libexec', 'appinit.mjs')] : [];
  const first = ['/usr/bin/unshare', ...map, '--pid', '--fork', '--kill-child', '--', ...shim, ...words];
  const {child, ended} = relay(
    ['/usr/bin/setpriv', '--pdeathsig', 'KILL', ...first],
    ['inherit', 'inherit', 'inherit', 'pipe'],
    (started, signal) => {
      const pid = childOf(started.pid ?? 0);
      if (ready && pid !== undefined) kill(pid, signal);
      else if (signal !== 'SIGUSR1' && signal !== 'SIGUSR2') {
        ready = true;
        started.kill('SIGKILL');
        process.exitCode = codeOf({code: null, signal});
      }
    },
  );
  child.stdio[3]?.once('data', () => (ready = true));
  const end = await ended;
  await stopHelper(helper);
  process.exit(process.exitCode ?? codeOf(end));
}

/** Starts the helper of a SIF: a process group of its own in the same session, idle until it is told to end. */
function startHelper(): ChildProcess {
  const script = 'setpgrp(0, 0); exec {$ARGV[0]} @ARGV';
  const file = join(home, 'libexec', 'squashfuse_ll');
  // Only Perl, of what every Debian has, can make a group without a session.
  const helper = spawn('/usr/bin/perl', ['-e', script, file, 'infinity'], {stdio: 'ignore'});
  helper.on('error', () => undefined);
  return helper;
}

async function stopHelper(helper: ChildProcess | undefined): Promise<void> {
  if (helper?.pid === undefined || helper.exitCode !== null || helper.signalCode !== null) return;
  helper.kill('SIGTERM');
  await once(helper, 'exit');
}

function childOf(pid: number): number | undefined {
  try {
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}
