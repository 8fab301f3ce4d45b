import {execFileSync} from 'node:child_process';
import {accessSync, constants, readFileSync} from 'node:fs';
import {userInfo} from 'node:os';
import {basename, resolve} from 'node:path';
import {Fatal, parseBinds, parseMount} from './apptainer-binds.js';
import {
  callersPart,
  changesInShell,
  completePath,
  forEvaluation,
  parseEnvFile,
  parseEnvFlag,
  validName,
} from './apptainer-environment.js';
import type {Flags} from './apptainer-flags.js';
import type {Found} from './apptainer-image.js';
import type {Speech} from './apptainer-speech.js';
import {enter, seen, type Container, type Mount} from './enter.js';
import type {Site} from './site.js';
import {View} from './view.js';

/** What a call of apptainer is made of. */
export interface Call {
  readonly flags: Flags;
  readonly found: Found;
  readonly caller: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly site: Site;
  readonly speech: Speech;
  /** What variables begin with: APPTAINER and SINGULARITY, or only SINGULARITY. */
  readonly prefixes: readonly string[];
  /** exec, run, shell. */
  readonly action: string;
}

/** Whether the container has processes of its own: `--pid`, or what implies it. */
export const ownProcesses = (flags: Flags): boolean => flags.on('pid') || flags.on('containall') || flags.on('compat');

/** Makes the container of a call, or throws {@link Fatal}. `wrong` is given what is wrong with a flag's value. */
export function container(call: Call, wrong: (error: string) => never): Container {
  const {flags, found, cwd, speech, site} = call;
  const contain = flags.on('contain') || flags.on('containall') || flags.on('compat');
  const without = new Set(flags.all('no-mount').flatMap(list => list.split(',')));
  const [homeFrom = '', homeTo = homeFrom] = (flags.value('home') ?? userInfo().homedir).split(':');
  const mounts: Mount[] = [];
  const view = () => new View(found.image.tree, seen(mounts));
  const bind = (from: string, to: string, readOnly = false) =>
    mounts.push({kind: 'bind', from, to: view().resolve(to)?.inside ?? to, readOnly});

  for (const path of ['/dev', '/sys']) bind(path, path);
  if (ownProcesses(flags)) mounts.push({kind: 'proc', to: '/proc'});
  else bind('/proc', '/proc');
  for (const path of ['/tmp', '/var/tmp']) {
    if (contain || !site.hostTmp) mounts.push({kind: 'tmpfs', to: path});
    else if (!without.has('tmp')) bind(path, path);
  }
  if (contain) mounts.push({kind: 'tmpfs', to: homeTo});
  else if (!flags.on('no-home') && !without.has('home')) bind(resolve(cwd, homeFrom), homeTo);
  if (!contain && !without.has('cwd') && view().host(cwd) !== cwd && bindable(cwd)) bind(cwd, cwd);

  const binds = [
    ...flags.all('bind').flatMap(text => parseBinds(text, cwd)),
    ...flags.all('mount').flatMap(text => parseMount(text, cwd)),
  ];
  const targets = new Set<string>();
  for (const {from, to, readOnly} of binds) {
    if (targets.has(to)) speech.warning(`destination ${to} already in mount list: ignoring ${from}`);
    else bind(from, to, readOnly);
    targets.add(to);
  }

  const asked = flags.all('pwd').concat(flags.all('cwd')).at(-1);
  const workdir = folder(view(), asked, cwd, homeTo, speech);
  const made = {tree: found.image.tree, mounts, workdir};
  const writable = flags.on('writable') ? 'yes' : flags.on('writable-tmpfs') || flags.on('compat') ? 'memory' : 'no';
  const isolate = (['net', 'ipc', 'uts'] as const).filter(
    name => flags.on(name) || (name === 'ipc' && flags.on('containall')),
  );
  const environment = variables(call, made, homeTo, wrong);
  environment.set(`${call.prefixes[0] ?? ''}_BIND`, flags.all('bind').join(','));
  return {...made, environment, writable, isolate, asRoot: flags.on('fakeroot'), diesWithParent: true};
}

/** What is not a part of the machine that every container has anyway. */
const bindable = (cwd: string) => cwd !== '/' && !/^\/(etc|bin|lib|lib64|sbin|usr|dev|proc|sys)(\/|$)/.test(cwd);

function folder(view: View, asked: string | undefined, cwd: string, home: string, speech: Speech): string {
  if (asked !== undefined) {
    const path = resolve('/', asked);
    const place = view.directory(path);
    if (place === undefined) {
      throw new Fatal(`failed to set working directory: chdir ${asked}: no such file or directory`);
    }
    return place.inside;
  }
  const here = view.directory(cwd);
  if (here !== undefined) return here.inside;
  const instead = view.directory(home) === undefined ? '/' : home;
  speech.warning(
    `Error changing the container working directory: chdir ${cwd}: no such file or directory; using ${instead}`,
  );
  return instead;
}

function variables(
  call: Call,
  made: Pick<Container, 'tree' | 'mounts' | 'workdir'>,
  home: string,
  wrong: (error: string) => never,
): Map<string, string> {
  const {flags, found, caller, prefixes} = call;
  const clean = flags.on('cleanenv') || flags.on('containall') || flags.on('compat');
  const environment = callersPart(caller, clean);
  for (const name of flags.all('no-env').flatMap(list => list.split(','))) environment.delete(name);
  environment.set('HOME', home);
  environment.set('PWD', made.workdir);
  if (caller['PATH'] !== undefined) environment.set('USER_PATH', caller['PATH']);
  for (const prefix of prefixes) {
    environment.set(`${prefix}_CONTAINER`, found.path);
    environment.set(`${prefix}_NAME`, basename(found.path));
    environment.set(`${prefix}_COMMAND`, call.action);
    environment.set(`${prefix}_ENVIRONMENT`, '/.singularity.d/env/91-environment.sh');
    environment.set(`${prefix}_APPNAME`, flags.value('app') ?? '');
    environment.set(`${prefix}_BIND`, '');
  }
  const prompt = prefixes[0] === 'APPTAINER' ? 'Apptainer> ' : 'Singularity> ';
  environment.set('PS1', prompt);
  environment.set('PROMPT_COMMAND', `PS1="${prompt}"; unset PROMPT_COMMAND`);
  environment.set('LD_LIBRARY_PATH', '/.singularity.d/libs');
  for (const [name, value] of Object.entries(found.image.env)) environment.set(name, value);
  environment.set('PATH', completePath(found.image.env['PATH']));

  const wanted = injected(call, wrong);
  const noEval = flags.on('no-eval') || flags.on('compat');
  if ([...wanted.keys()].some(name => !validName.test(name))) {
    process.stderr.write('invalid var name\n');
    return environment;
  }
  for (const [name, value] of noEval ? wanted : evaluated(call, made, environment, wanted)) {
    if (name === 'LD_LIBRARY_PATH') environment.set(name, `${value}:/.singularity.d/libs`);
    else if (name === 'PREPEND_PATH') environment.set('PATH', `${value}:${environment.get('PATH') ?? ''}`);
    else if (name === 'APPEND_PATH') environment.set('PATH', `${environment.get('PATH') ?? ''}:${value}`);
    else environment.set(name, value);
  }
  return environment;
}

/** What the user sets: from an env-file, the caller's `…ENV_` variables, and `--env`, which wins. */
function injected(call: Call, wrong: (error: string) => never): Map<string, string> {
  const {flags, caller, speech, prefixes, cwd} = call;
  const wanted = new Map<string, string>();
  const fromFile = new Set<string>();
  const file = flags.value('env-file');
  if (file !== undefined) {
    let text;
    try {
      text = readFileSync(resolve(cwd, file), 'utf8');
    } catch {
      throw new Fatal(
        `Could not read ${JSON.stringify(file)} environment file: open ${file}: no such file or directory`,
      );
    }
    for (const [name, value] of parseEnvFile(text, file)) {
      wanted.set(name, value);
      fromFile.add(name);
    }
  }
  for (const prefix of prefixes.toReversed()) {
    for (const [name, value] of Object.entries(caller)) {
      if (!name.startsWith(`${prefix}ENV_`)) continue;
      const key = name.slice(prefix.length + 4);
      if (prefix === 'SINGULARITY' && prefixes[0] === 'APPTAINER') {
        speech.info(`Environment variable ${name} is set, but APPTAINERENV_${key} is preferred`);
      }
      wanted.set(key, value);
    }
  }
  for (const text of flags.all('env')) {
    const entries = parseEnvFlag(text);
    if (typeof entries === 'string')
      return wrong(`invalid argument ${JSON.stringify(text)} for "--env" flag: ${entries}`);
    for (const [name, value] of entries) {
      if (fromFile.has(name)) {
        const not = `will not forward new value [${wanted.get(name) ?? ''}] from environment file`;
        speech.warning(`Environment variable ${name} already has value [${value}], ${not}`);
      }
      wanted.set(name, value);
    }
  }
  for (const name of ['HOME', 'UID', 'GID']) {
    if (wanted.delete(name) && name === 'HOME') {
      const prefix = prefixes[0] ?? '';
      speech.warning(`Overriding HOME environment variable with ${prefix}ENV_HOME is not permitted`);
    }
  }
  return wanted;
}

/** Evaluates values as the shell inside does, one after the other: a later one sees the earlier ones. */
function evaluated(
  call: Call,
  made: Pick<Container, 'tree' | 'mounts' | 'workdir'>,
  environment: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
): Iterable<readonly [string, string]> {
  if (![...wanted.values()].some(changesInShell)) return wanted;
  const script = [...wanted].map(
    ([name, value]) => `${name}="${forEvaluation(value)}"; export ${name}; printf '%s\\0' "$${name}"`,
  );
  const [file = '', ...args] = enter({...made, environment, writable: 'no'});
  try {
    const output = execFileSync(file, [...args, '/bin/sh', '-c', script.join('\n')], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const values = output.split('\0');
    return [...wanted.keys()].map((name, i) => [name, values[i] ?? ''] as const);
  } catch {
    call.speech.warning('the environment could not be evaluated');
    return [];
  }
}

/** The caller's folder; apptainer ends where it cannot open it. */
export function currentFolder(): string {
  try {
    const cwd = process.cwd();
    accessSync(cwd, constants.R_OK | constants.X_OK);
    return cwd;
  } catch {
    process.stderr.write('\u001b[91mERROR  : Failed to open current working directory: Permission denied\n\u001b[0m');
    process.exit(1);
  }
}
