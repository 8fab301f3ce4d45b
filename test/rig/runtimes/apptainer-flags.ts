import {pflag, type Flag, type FlagValues} from './pflag.js';

const bare = (text: string): Flag[] => text.split(' ').map(name => ({name, value: false}));
const valued = (text: string): Flag[] => text.split(' ').map(name => ({name, value: true}));
const short = (letter: string, name: string, value = false): Flag => ({name, short: letter, value});

/** Flags before the name of the subcommand. */
export const globalFlags: readonly Flag[] = [
  ...[short('q', 'quiet'), short('s', 'silent'), short('d', 'debug'), short('v', 'verbose'), short('h', 'help')],
  ...bare('nocolor version build-config'),
  short('c', 'config', true),
];

/** Flags of exec, run, shell and instance start. */
export const actionFlags: readonly Flag[] = [
  ...[short('f', 'fakeroot'), short('e', 'cleanenv'), short('c', 'contain'), short('C', 'containall')],
  ...[short('w', 'writable'), short('u', 'userns'), short('p', 'pid'), short('i', 'ipc'), short('n', 'net')],
  short('h', 'help'),
  ...bare(
    'boot compat nv nvccli rocm no-nv no-rocm writable-tmpfs no-home no-init no-umask no-eval uts no-privs keep-privs',
  ),
  ...bare('allow-setuid disable-cache no-https nohttps unsquash ignore-subuid ignore-fakeroot-command ignore-userns'),
  ...bare('underlay oom-kill-disable passphrase sharens docker-login no-pid nested intel-hpu'),
  ...[short('B', 'bind', true), short('H', 'home', true), short('o', 'overlay', true), short('S', 'scratch', true)],
  short('W', 'workdir', true),
  ...valued(
    'mount cwd pwd hostname network network-args dns security apply-cgroups fusemount app env env-file no-mount',
  ),
  ...valued('no-env add-caps drop-caps memory memory-swap memory-reservation cpus cpu-shares cpuset-cpus cpuset-mems'),
  ...valued('pids-limit blkio-weight blkio-weight-device pem-path docker-host authfile runscript-timeout dmtcp-launch'),
  ...valued('dmtcp-restart containlibs tmpdir'),
];

/** Flags that a variable of the caller sets too, and what it is called after `APPTAINER_`. */
const variables: Readonly<Record<string, readonly string[]>> = {
  bind: ['BIND', 'BINDPATH'],
  mount: ['MOUNT'],
  pwd: ['CWD', 'TARGET_CWD', 'PWD', 'TARGET_PWD'],
  cleanenv: ['CLEANENV'],
  contain: ['CONTAIN'],
  containall: ['CONTAINALL'],
  compat: ['COMPAT'],
  'no-eval': ['NO_EVAL'],
  'no-home': ['NO_HOME'],
  'no-mount': ['NO_MOUNT'],
  'no-init': ['NOSHIMINIT'],
  'no-umask': ['NO_UMASK'],
  'env-file': ['ENV_FILE'],
  pid: ['PID', 'UNSHARE_PID'],
  userns: ['USERNS', 'UNSHARE_USERNS'],
  fakeroot: ['FAKEROOT'],
  writable: ['WRITABLE'],
  'writable-tmpfs': ['WRITABLE_TMPFS'],
  workdir: ['WORKDIR'],
  home: ['HOME'],
};

/** The flags of one call, those of the environment included. */
export class Flags {
  readonly #values: FlagValues;

  /** Later values win. */
  constructor(values: FlagValues) {
    this.#values = values;
  }

  /** Whether a flag without value is on. */
  on(name: string): boolean {
    return ['true', '1', 't', 'T', 'TRUE', 'True', 'yes'].includes(this.value(name) ?? '');
  }

  /** The last value. */
  value(name: string): string | undefined {
    return this.all(name).at(-1);
  }

  /** Every value, in order. */
  all(name: string): readonly string[] {
    return this.#values.filter(([each]) => each === name).map(([, value]) => value);
  }
}

/** Reads the flags of an action; what the environment adds to lists comes after them, what it sets counts only without. */
export function readFlags(
  words: readonly string[],
  environment: Readonly<Record<string, string>>,
  prefixes: readonly string[],
  known = actionFlags,
): {readonly flags: Flags; readonly rest: number; readonly error?: string} {
  const {values, rest, error} = pflag(words, known);
  const more: (readonly [string, string])[] = [];
  for (const [flag, names] of Object.entries(variables)) {
    const list = flag === 'bind' || flag === 'mount' || flag === 'no-mount';
    const given = values.some(([name]) => name === flag || (flag === 'pwd' && name === 'cwd'));
    for (const name of prefixes.flatMap(prefix => names.map(each => `${prefix}_${each}`))) {
      const value = environment[name];
      if (value !== undefined && value !== '' && (list || !given)) more.push([flag, value]);
    }
  }
  return {flags: new Flags([...values, ...more]), rest, ...(error === undefined ? {} : {error})};
}
