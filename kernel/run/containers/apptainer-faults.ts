import type {FaultRow} from './fault-table.js';

/** What apptainer prints behind `FATAL:` and `ERROR:`, and what it means; the first that fits. */
export const apptainerRows: readonly FaultRow[] = [
  [
    /could not run on the host|exec format error/i,
    'architecture',
    'the image is for other machines than this one',
    'take an image that is built for this kind of machine',
  ],
  [
    /could not open image (\S+?):? /,
    'image',
    'the image $1 is not there any more',
    'put it back, or name another with `%container`',
  ],
  [/image format not recognized/, 'image', 'the file is no image', 'name one with `%container`: a SIF, or a directory'],
  [
    /no space left on device/i,
    'full',
    'no space is left for the image',
    'make room, or set APPTAINER_TMPDIR to where some is',
  ],
  [
    /\/dev\/fuse|squashfuse|fuse: /,
    'denied',
    'a file of an image can’t be mounted here, as /dev/fuse may not be opened',
    'unpack it (`apptainer build --sandbox DIRECTORY IMAGE.sif`) and name the directory, or have apptainer installed with setuid',
  ],
  [
    /mount source (.+?) doesn't exist/,
    'mount',
    '$1 is to be mounted in the container, but is not there',
    'make it, or mount something else with `%mount`',
  ],
  [
    /failed to set working directory: chdir (.+?):/,
    'mount',
    'the directory $1 of the task is not in the container',
    'have the directory of the store mounted with `%mount`',
  ],
  [
    /user namespace|unprivileged|newuidmap|setgroups|CLONE_NEWUSER|no setuid/i,
    'denied',
    'no user namespace can be made here',
    'have apptainer installed with setuid, or user namespaces allowed; in a container, use `%container none`',
  ],
  [
    /Requesting capability set/,
    'denied',
    'this root lacks a right that apptainer needs of root',
    'run the kernel as a user of your own',
  ],
  [
    /"([^"]+)": executable file not found|stat (\S+): no such file|permission denied$/m,
    'image',
    'the image has no program that can be run of those that Weft needs: `bash` and `/usr/bin/env`',
    'take an image that has them',
  ],
  [
    /unknown (?:shorthand )?flag: (.*)/,
    'other',
    'this version is too old: it does not know $1',
    'install apptainer 1.1 or newer',
  ],
  [
    /--net|network/i,
    'option',
    'the network can’t be taken away here',
    'leave `--network none` out, or take another runtime',
  ],
];
