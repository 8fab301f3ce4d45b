import {lastLines, problemOf, type FaultRow} from './fault-table.js';
import type {ContainerProblem} from './runtime.js';

/** What podman, docker and their OCI runtimes print, and what it means; the first that fits. `NAME` is the engine's program. */
const rows: readonly FaultRow[] = [
  [
    /image not known|No such image|unable to find image|pull access denied|manifest unknown/i,
    'image',
    'the image is not there any more',
    'run the cell with `%container` again, which fetches the very same one',
  ],
  [
    /no space left on device/i,
    'full',
    'NAME has no space left',
    'remove images that nobody needs with `NAME image prune`',
  ],
  [
    /disk quota exceeded/i,
    'full',
    'NAME has used up your quota',
    'remove images that nobody needs with `NAME image prune`',
  ],
  [
    /exec format error/i,
    'architecture',
    'the image is for other machines than this one',
    'take an image that is built for this kind of machine',
  ],
  [
    /permission denied while trying to connect|docker\.sock: connect: permission denied|podman\.sock: connect: permission denied/i,
    'denied',
    'you may not use the socket of NAME',
    'have yourself added to the group `NAME` (`sudo usermod -aG NAME $USER`) and log in again, or use `%container podman:…`',
  ],
  [
    /cannot connect to (?:the docker daemon|podman)|is the docker daemon running|connection refused|docker\.sock: connect: no such file/i,
    'down',
    'the engine of NAME does not run',
    'start it (`sudo systemctl start NAME`), or take another runtime',
  ],
  [
    /container-init binary not found|exec: "(?:docker-init|catatonit)"/i,
    'other',
    'NAME has no init program for containers',
    'install `catatonit` (podman) or `docker-init` (docker)',
  ],
  [
    /(?:statfs|bind source path does not exist:?) (\/.*?)(?:: no such file or directory|\.?$)/im,
    'mount',
    '$1 is to be mounted in the container, but is not there',
    'make it, or mount something else with `%mount`',
  ],
  [
    /newuidmap|newgidmap|keep-id requires|no subuid ranges|subordinate|insufficient UIDs or GIDs|user namespaces? (?:are )?not enabled|cannot clone: |cannot re-exec process/i,
    'denied',
    'NAME may not make a user namespace for you',
    'have a range of numbers in /etc/subuid and /etc/subgid, then run `NAME system migrate`',
  ],
  [
    /executable file `?"?([^\s`"]+)`?"? not found|failed to exec pid1: No such file|exec (\S+) failed: No such file|stat \/usr\/bin\/env: no such file/i,
    'image',
    'the image has no program that Weft needs in it: `bash` and `/usr/bin/env`',
    'take an image that has them',
  ],
  [
    /workdir "(.+?)" does not exist|chdir to cwd \("(.+?)"\)/,
    'mount',
    'the directory of the task is not in the container',
    'have the directory of the store mounted with `%mount`',
  ],
  [
    /memory.*(?:cgroup|limit)|cgroup.*(?:controller|memory)|minimum memory/i,
    'option',
    'NAME can’t keep a task within its memory here',
    'leave `--mem` out',
  ],
  [/already in use/i, 'other', 'a container of this name is there already', 'try it again with `%retry`'],
];

/** What a docker-like engine's text means: for its probes as for the end of a task's log. Undefined where it is not known. */
export function ociProblem(text: string, {program}: {readonly program: string}): ContainerProblem | undefined {
  const named = (line: string): string => line.replaceAll('NAME', program);
  return problemOf(
    text,
    rows.map(([pattern, is, message, remedy]) => [pattern, is, named(message), named(remedy)]),
  );
}

/** The lines at the end of a log by which an engine says that it did not start the task, or undefined. */
export function ociFaultLine(code: number, log: string): string | undefined {
  const last = lastLines(log, 8);
  // The init program and the OCI runtime, where the image's program can't be run; podman makes a 1 of it.
  const inner = last.findLast(line =>
    /^ERROR \(catatonit:\d+\): failed to exec|^\[FATAL tini \(\d+\)\] exec |^exec (?:container process )?\S+: exec format error/i.test(
      line,
    ),
  );
  if (inner !== undefined && code !== 0) return inner;
  if (code < 125 || code > 127) return undefined;
  const own = last.findLast(line => /^(?:docker: |time=".*level=(?:error|fatal)|Error: )/.test(line));
  if (own === undefined) return undefined;
  // A task of its own exits 126 or 127 too, and may print `Error:` before.
  if (code !== 125 && own.startsWith('Error: ') && !/OCI |runc|crun|workdir|executable file|exec: /.test(own))
    return undefined;
  return own;
}
