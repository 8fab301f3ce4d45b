// Kernelspecs whose kernel itself runs in a container: the words that start it. Part of install.js; plain JavaScript without dependencies.
// Each runtime is started by a list of words, no text for a shell is made.
import fs from 'node:fs';
import path from 'node:path';

/** What the kernel needs of the environment, where a runtime passes nothing of it by itself. Secrets are not among it. */
const environment = [
  ...['HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'TERM'],
  ...['JPY_PARENT_PID', 'JPY_SESSION_NAME', 'SLURM_JOB_ID', 'SLURM_CPUS_ON_NODE', 'WEFT_DIRECTORY', 'WEFT_SLOTS'],
];

/**
 * podman and docker. The ports of the connection file are those of the host. Processes have the host's numbers, so that the kernel sees when its
 * server ends, and kernels inside and outside see which tasks of one another live; there is no process 1 then that needs an init.
 * SELinux would deny the home directory. An image that is missing is an error: a server does not wait for a download.
 */
const engine =
  (user, own = []) =>
  kernel => [
    ...[kernel.program, 'run', '--rm', '--pull=never', '--network=host', '--pid=host', '--security-opt=label=disable'],
    `--label=weft.kernel=${kernel.name}`,
    ...user(kernel),
    ...[...environment, ...own].map(word => `--env=${word}`),
    ...kernel.places.map(place => `--volume=${place}:${place}`),
    `--entrypoint=${kernel.entry}`,
    '--', // podman-hpc takes flags of its own out of all that stands before it, and out of the command where it is absent
    kernel.image,
  ];

/** They mount the home directory and the working directory, and pass the environment. */
const apptainer = ({program, places, home, image, entry}) => [
  ...[program, '-q', 'exec'],
  ...places.filter(place => !isIn(place, home)).map(place => `--bind=${place}`),
  ...[image, entry],
];

/** For each runtime, its program and the words before the host's Node and the connection file. */
const runtimes = {
  // Which places it shows is the site's affair.
  shifter: {program: 'shifter', words: ({program, image, entry}) => [program, `--image=${image}`, entry]},
  apptainer: {program: 'apptainer', words: apptainer},
  singularity: {program: 'singularity', words: apptainer},
  // A rootful engine writes files as the user that is named here. A rootless one has the user as its root.
  docker: {
    program: 'docker',
    words: engine(
      ({uid, gid, rootless}) => (uid === 0 || rootless ? [] : [`--user=${uid}:${gid}`]),
      ['container=docker'],
    ),
  },
  podman: {program: 'podman', words: engine(({uid}) => (uid === 0 ? [] : ['--userns=keep-id']))},
  'podman-hpc': {program: 'podman-hpc', words: engine(() => [])},
  ch: {
    program: 'ch-run',
    words: ({program, places, image, entry}) => [
      program,
      ...places.map(place => `--bind=${place}:${place}`),
      ...[image, '--', entry],
    ],
  },
};

const isIn = (place, outer) => place === outer || place.startsWith(outer === '/' ? '/' : `${outer}/`);

/** Reads RUNTIME:IMAGE. Gives {runtime, image, program}, or a text that says what is wrong. A relative file becomes absolute. */
export function readKernelIn(text) {
  const colon = text.indexOf(':');
  const runtime = text.slice(0, colon);
  const names = Object.keys(runtimes).join(', ');
  if (colon < 1 || text.startsWith('//', colon + 1))
    return `--kernel-in ${text}: it is RUNTIME:IMAGE, with a runtime of ${names}`;
  if (!Object.hasOwn(runtimes, runtime))
    return `--kernel-in ${text}: there is no runtime ${runtime}; there are ${names}`;
  const image = text.slice(colon + 1);
  if (image === '' || image.startsWith('-')) return `--kernel-in ${text}: ${JSON.stringify(image)} is no image`;
  if (/[\s\0{}]/.test(image)) return `--kernel-in ${text}: an image's name holds no blanks and no braces`;
  // It drops them without a word, and takes another image.
  if (runtime === 'shifter' && /[^\w:.+@/-]/.test(image))
    return `--kernel-in ${text}: shifter takes letters, digits and _ : . + @ / - only`;
  const isPath = ['apptainer', 'singularity', 'ch'].includes(runtime) && fs.existsSync(image);
  return {runtime, image: isPath ? path.resolve(image) : image, program: runtimes[runtime].program};
}

/**
 * The places that are shown in the container at their own paths: each by the name that is used and by its real one, none within another.
 * Gives a text if one of them can't be named to the runtimes.
 */
export function placesOf(folders) {
  const real = folder => (fs.existsSync(folder) ? fs.realpathSync(folder) : folder);
  const all = [...new Set(folders.flatMap(folder => [folder, real(folder)]))].sort();
  const odd = all.find(place => /[:,"\\{}\n]/.test(place));
  if (odd !== undefined)
    return `${JSON.stringify(odd)} can't be shown in a container: its name has a character that container runtimes read otherwise`;
  return all.filter(place => !all.some(outer => outer !== place && isIn(place, outer)));
}

/** argv of a kernel.json. `kernel` has name, runtime, program, image, places, home, uid, gid, rootless, dist and node. */
export function argvIn(kernel) {
  const inside = path.join(kernel.dist, 'container-inside.sh');
  return [
    path.join(kernel.dist, 'container-outside.sh'),
    ...runtimes[kernel.runtime].words({...kernel, entry: inside}),
    ...[kernel.node, '{connection_file}'],
  ];
}
