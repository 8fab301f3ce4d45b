import {mkdirSync, realpathSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {childProcess} from '../child-process.js';
import {found} from '../component.js';
import {programOnPath, type Engine} from './engine.js';
import {clear} from './leftovers.js';

/**
 * Settings with which podman works where limits can't be raised, cgroups are hybrid and systemd is absent, for root and for a
 * plain user (containers.conf(5)). runc, because crun refuses hybrid cgroups; an empty network directory, because podman warns
 * of missing plug-ins without one.
 */
const containersConf = (directory: string): string => `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "k8s-file"
netns = "none"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "${directory}/tmp"

[network]
network_config_dir = "${directory}/networks"
`;

const storageConf = (directory: string): string => `[storage]
driver = "overlay"
graphroot = "${directory}/storage"
runroot = "${directory}/run"
`;

/** Makes a podman store in a directory. Throws, with what podman says, if podman does not work with it. */
export async function startPodman(directory: string): Promise<Engine> {
  const program = found(programOnPath('podman'));
  for (const name of ['storage', 'run', 'tmp', 'networks']) mkdirSync(join(directory, name), {recursive: true});
  const home = realpathSync(directory);
  const env = {
    CONTAINERS_CONF: join(home, 'containers.conf'),
    CONTAINERS_STORAGE_CONF: join(home, 'storage.conf'),
  };
  writeFileSync(env.CONTAINERS_CONF, containersConf(home));
  writeFileSync(env.CONTAINERS_STORAGE_CONF, storageConf(home));
  const podman = (...args: readonly string[]) => childProcess(program, args, {env: {...process.env, ...env}});

  const {status, stderr} = await podman('info');
  if (status !== 0) throw new Error(`podman does not work: ${stderr.trim()}`);
  return {
    program,
    env,
    async stop() {
      await podman('rm', '--all', '--force', '--time', '0');
      // A client that was killed may have left a container that podman does not know of.
      await clear(home);
      await podman('rm', '--all', '--force');
      await podman('rmi', '--all', '--force');
      // Ends the process that keeps a plain user's name spaces.
      if (process.getuid?.() !== 0) await podman('system', 'migrate');
      await clear(home);
    },
  };
}
