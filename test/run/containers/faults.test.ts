import {describe, expect, test} from 'vitest';
import {runtimes} from '../../../kernel/run/containers/runtimes.js';

const runtimeOf = (name: string) => runtimes.find(each => each.name === name)!;

/** What each runtime printed, with its exit code, and words of what a person is told. */
const faults: readonly (readonly [runtime: string, code: number, log: string, message: RegExp, remedy: RegExp])[] = [
  ['podman', 125, 'Error: 4a85b878: image not known\n', /not there any more/, /very same/],
  [
    'podman',
    125,
    'Error: writing blob: storing blob to file "/var/tmp/storage1/1": write /var/tmp/storage1/1: no space left on device\n',
    /podman has no space left/,
    /podman image prune/,
  ],
  ['podman', 125, 'Error: statfs /nosrc: no such file or directory\n', /^\/nosrc is to be mounted/, /%mount/],
  [
    'podman',
    126,
    'Error: workdir "/nodir" does not exist on container 4839\n',
    /directory of the task is not in the container/,
    /%mount/,
  ],
  [
    'podman',
    126,
    'Error: OCI runtime error: runc: runc create failed: unable to start container process: error during container init: error setting cgroup config for procHooks process: unable to set memory limit to 1000 (current usage: 2224128, peak usage: 2510848)\n',
    /memory/,
    /--mem/,
  ],
  ['podman', 1, 'exec /usr/bin/env: exec format error\n', /for other machines/, /built for this kind/],
  [
    'podman',
    1,
    'ERROR (catatonit:6): failed to exec pid1: Exec format error\n',
    /for other machines/,
    /built for this/,
  ],
  [
    'podman',
    1,
    'ERROR (catatonit:6): failed to exec pid1: No such file or directory\n',
    /image has no program/,
    /take an image/,
  ],
  [
    'podman',
    127,
    'Error: crun: executable file `/usr/bin/env` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found\n',
    /image has no program/,
    /take an image/,
  ],
  [
    'podman',
    125,
    "Error: unknown flag: --bogus\nSee 'podman run --help'\n",
    /podman did not start.*--bogus/,
    /terminal/,
  ],
  [
    'podman',
    125,
    'Error: creating container storage: the container name "weft-1" is already in use by 4839. You have to remove that container to be able to reuse that name: that name is already in use\n',
    /of this name/,
    /%retry/,
  ],
  [
    'podman',
    125,
    'Error: keep-id requires additional UIDs or GIDs defined in /etc/subuid and /etc/subgid to function correctly: %!w(<nil>)\n',
    /name ?space/,
    /subuid/,
  ],
  ['podman-hpc', 125, 'Error: 4a85b878: image not known\n', /not there any more/, /very same/],
  [
    'docker',
    125,
    "docker: Error response from daemon: No such image: nope:1.\nSee 'docker run --help'.\n",
    /not there/,
    /very same/,
  ],
  [
    'docker',
    125,
    "docker: Cannot connect to the Docker daemon at unix:///nope. Is the docker daemon running?.\nSee 'docker run --help'.\n",
    /does not run/,
    /systemctl start docker/,
  ],
  [
    'docker',
    126,
    'docker: permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Post "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/containers/create": dial unix /var/run/docker.sock: connect: permission denied.\nSee \'docker run --help\'.\n',
    /may not use the socket/,
    /group `docker`/,
  ],
  [
    'docker',
    125,
    'docker: Error response from daemon: invalid mount config for type "bind": bind source path does not exist: /nosrc.\nSee \'docker run --help\'.\n',
    /^\/nosrc is to be mounted/,
    /%mount/,
  ],
  [
    'docker',
    127,
    '[FATAL tini (6)] exec /usr/bin/env failed: No such file or directory\n',
    /image has no program/,
    /take an image/,
  ],
  [
    'docker',
    125,
    "docker: Error response from daemon: Minimum memory limit allowed is 6MB.\nSee 'docker run --help'.\n",
    /memory/,
    /--mem/,
  ],
  ['shifter', 1, 'FAILED to find requested image.\n', /not there any more/, /very same/],
  [
    'shifter',
    1,
    `FAILED to lookup docker image nope:1\nUsage:\n${'shifter …\n'.repeat(20)}`,
    /not there any more/,
    /very same/,
  ],
  [
    'shifter',
    1,
    'Failed to lookup username or attempted to run as root.\n\n',
    /does not start anything for root/,
    /user of your own/,
  ],
  ['shifter', 1, 'Not running with root privileges, will fail.\n', /runs in a container/, /%container none/],
  [
    'shifter',
    1,
    'shifter_realpath: failed to lstat /srv/x: No such file or directory\nFAILED to setup image.\n',
    /could not set the image up|\/srv\/x can’t be mounted/,
    /./,
  ],
  [
    'shifter',
    127,
    '/usr/bin/shifter: /usr/bin/env: No such file or directory\n',
    /the image has no `\/usr\/bin\/env`/,
    /bash/,
  ],
  [
    'apptainer',
    255,
    'FATAL:   While checking container encryption: could not open image /x.sif: failed to retrieve path for /x.sif: lstat /x.sif: no such file or directory\n',
    /\/x\.sif is not there any more/,
    /put it back/,
  ],
  ['apptainer', 255, 'FATAL:   "bash": executable file not found in $PATH\n', /image has no program/, /take an image/],
  [
    'apptainer',
    255,
    'FATAL:   stat /usr/bin/env: no such file or directory\n',
    /image has no program/,
    /take an image/,
  ],
  [
    'apptainer',
    255,
    "FATAL:   container creation failed: mount hook function failure: mount /s->/s error: while mounting /s: mount source /s doesn't exist\n",
    /^\/s is to be mounted/,
    /%mount/,
  ],
  [
    'apptainer',
    255,
    'FATAL:   container creation failed: while starting squashfuse_ll: squashfuse_ll exited: fuse: failed to open /dev/fuse: Permission denied\n',
    /\/dev\/fuse/,
    /--sandbox/,
  ],
  [
    'apptainer',
    255,
    'FATAL:   failed to set working directory: chdir /d: no such file or directory\n',
    /\/d of the task/,
    /%mount/,
  ],
  ['apptainer', 1, 'Error for command "exec": unknown flag: --mount\n', /too old.*--mount/, /newer/],
  [
    'apptainer',
    1,
    '\u001b[91mERROR  : Requesting capability set 0x1 while permitted 0x0\u001b[0m\n',
    /this root lacks/,
    /user of your own/,
  ],
  [
    'singularity',
    255,
    "FATAL:   Unable to handle image: while checking: the image's architecture (arm64) could not run on the host's (amd64)\n",
    /other machines/,
    /built for this kind/,
  ],
  [
    'ch',
    1,
    "ch-run[28974]: error: can't bind: destination not found: /img/srv/x (ch_core.c:111)\n",
    /\/img\/srv\/x/,
    /make it/,
  ],
  [
    'ch',
    1,
    "ch-run[13549]: error: can't execve(2): bash: No such file or directory (ch_core.c:410 2)\n",
    /has no `bash`/,
    /bash/,
  ],
  [
    'ch',
    1,
    "ch-run[13562]: error: can't stat: /gone: No such file or directory (ch_core.c:255 2)\n",
    /no image at \/gone/,
    /unpack/,
  ],
  [
    'ch',
    1,
    "ch-run[13563]: error: can't bind: source not found: /nosrc (ch_core.c:104)\n",
    /^\/nosrc is to be/,
    /%mount/,
  ],
  ['ch', 64, "ch-run: unrecognized option '--bogus'\nTry `ch-run --help'\n", /did not start.*--bogus/, /terminal/],
];

test.each(faults)('%s, exit %i, %j is its own fault', (name, code, log, message, remedy) => {
  for (const before of ['', 'what the task printed\n'.repeat(50)]) {
    const fault = runtimeOf(name).fault(code, before + log);
    expect(fault?.message).toMatch(message);
    expect(fault?.remedy).toMatch(remedy);
  }
});

describe.each(runtimes.map(runtime => [runtime.name, runtime] as const))('%s', (_, runtime) => {
  test.each([
    [0, 'Error: image not known\n'],
    [1, 'Traceback (most recent call last):\nError: image not known\n'],
    [1, 'no space left on device\n'],
    [2, 'FATAL: no repository\n'],
    [125, 'all went wrong\n'],
    [126, 'bash: line 1: /etc/passwd: Permission denied\n'],
    [127, 'bash: line 1: nosuch: command not found\n'],
    [127, 'Error: nosuch: command not found\n'],
    [137, ''],
    [255, 'ssh: connection refused\n'],
    [255, 'a line that says FATAL: in its middle\n'],
  ])('exit %i after %j is the task’s own', (code, log) => {
    expect(runtime.fault(code, log)).toBeUndefined();
  });
});
