import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, realpathSync} from 'node:fs';
import {join} from 'node:path';
import {childProcess} from '../child-process.js';
import {found} from '../component.js';
import {programOnPath, type Engine} from './engine.js';
import {clear} from './leftovers.js';

/**
 * Starts a dockerd of its own in a directory, which needs a short path: a socket's has at most 107 bytes. It makes no network, so
 * containers have `--network=none` or `host`. As root only. Throws, with the end of its log, if it does not start.
 */
export async function startDocker(directory: string): Promise<Engine> {
  const program = found(programOnPath('docker'));
  const daemon = found(programOnPath('dockerd'));
  if (process.getuid?.() !== 0) throw new Error('dockerd is started by root only');
  mkdirSync(directory, {recursive: true});
  const home = realpathSync(directory);
  const env = {DOCKER_HOST: `unix://${join(home, 'socket')}`};

  // It ends with the process that started it, even if that is killed; an interrupt at the terminal does not reach it.
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'SIGTERM', daemon, '--host', env.DOCKER_HOST, '--pidfile', join(home, 'pid')],
      ...['--data-root', join(home, 'data'), '--exec-root', join(home, 'exec'), '--storage-driver', 'overlay2'],
      ...['--bridge', 'none', '--iptables=false', '--ip6tables=false'],
    ],
    {stdio: ['ignore', 'ignore', 'pipe'], detached: true},
  );
  // Its containerd holds the log's pipe open, so this is not "close".
  const ended = once(child, 'exit').catch(() => undefined);
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const give = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`dockerd ${why}: ${log.trim()}`));
    };
    const patience = setTimeout(give, 60_000, 'does not answer');
    child.once('error', error => give(`can't be started (${error.message})`));
    child.once('exit', () => give('ended'));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-2000);
      if (!log.includes('API listen on')) return;
      clearTimeout(patience);
      resolve();
    });
  });

  const docker = (...args: readonly string[]) => childProcess(program, args, {env: {...process.env, ...env}});
  return {
    program,
    env,
    async stop() {
      const {stdout} = await docker('ps', '--all', '--quiet');
      if (stdout !== '') await docker('rm', '--force', '--volumes', ...stdout.trim().split('\n'));
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(patience);
      await clear(home);
    },
  };
}
