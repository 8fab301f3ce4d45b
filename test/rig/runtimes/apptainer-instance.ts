import {spawn} from 'node:child_process';
import {mkdirSync, readdirSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {basename, dirname, join} from 'node:path';
import {Fatal} from './apptainer-binds.js';
import {instanceFile, readInstance, type Found, type Instance} from './apptainer-image.js';
import type {Speech} from './apptainer-speech.js';
import {home} from './site.js';

/** Starts an instance: a process in a session of its own that waits to be stopped. */
export function startInstance(found: Found, name: string, speech: Speech): void {
  if (readInstance(name) !== undefined) throw new Fatal(`container creation failed: instance ${name} already exists`);
  const child = spawn('/usr/bin/sleep', ['infinity'], {argv0: 'appinit', detached: true, stdio: 'ignore', cwd: '/'});
  child.unref();
  mkdirSync(dirname(instanceFile(name)), {recursive: true});
  writeFileSync(instanceFile(name), JSON.stringify({name, pid: child.pid ?? 0, found}));
  speech.info('instance started successfully');
}

/** Prints the instances that run. */
export function listInstances(json: boolean): void {
  const instances = known();
  if (!json) {
    const rows = instances.map(
      ({name, pid, found}) => `${name.padEnd(16)} ${String(pid).padEnd(8)}       ${found.path}\n`,
    );
    writeSync(1, ['INSTANCE NAME    PID      IP    IMAGE\n', ...rows].join(''));
    return;
  }
  const list = instances.map(({name, pid, found}) => {
    const log = (kind: string) => join(home, 'instances', `${name}.${kind}`);
    return {instance: name, pid, img: found.path, ip: '', logErrPath: log('err'), logOutPath: log('out')};
  });
  writeSync(1, `${JSON.stringify({instances: list}, null, '\t')}\n`);
}

/** Stops an instance, or all of them. Gives the exit code. */
export function stopInstance(name: string | undefined, all: boolean, speech: Speech): number {
  const stopped = known().filter(each => all || each.name === name);
  for (const {name: each, pid, found} of stopped) {
    process.kill(pid, 'SIGTERM');
    rmSync(instanceFile(each), {force: true});
    speech.info(`Stopping ${each} instance of ${found.path} (PID=${pid})`);
  }
  if (stopped.length > 0 || all) return 0;
  writeSync(2, `ERROR:   no instance found\n`);
  return 1;
}

function known(): readonly Instance[] {
  let files: readonly string[] = [];
  try {
    files = readdirSync(join(home, 'instances'));
  } catch {
    // No instance was ever started.
  }
  return files.flatMap(file => {
    const instance = file.endsWith('.json') ? readInstance(basename(file, '.json')) : undefined;
    return instance === undefined ? [] : [instance];
  });
}
