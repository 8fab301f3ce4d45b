import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {childProcess} from '../child-process.js';
import {need} from '../component.js';
import {end, firstLine, installed, mountNamespaces, processes, processOf, session, until} from './installed.js';

const rig = installed(tree => ({
  'team/tool:2.0': {
    tree,
    env: {PATH: '/opt:/bin', FROM_IMAGE: 'image', BOTH: 'image'},
    entrypoint: ['/bin/env', 'A=1'],
  },
  'host:1': {tree: '/', env: {}},
}));
const bad = installed(undefined, {fuse: false, rootWithoutResourceCapability: true, gateway: 'down', hostTmp: false});
const soak = process.env['WEFT_SOAK'] !== undefined;
beforeEach(context => need(context, mountNamespaces));

const sif = () => rig.fakes.images['good:1']!.sif;
const tree = () => join(rig.folder, 'tree');
const site = () => join(rig.folder, 'site');
/** Runs `apptainer -q exec FLAGS SANDBOX COMMAND`. */
const exec = (flags: readonly string[], command: readonly string[], more?: Record<string, string>, cwd?: string) =>
  rig.run(['apptainer', '-q', 'exec', ...flags, tree(), ...command], more, cwd);
const variables = async (flags: readonly string[], more?: Record<string, string>, image = tree()) => {
  const {stdout} = await rig.run(['apptainer', '-q', 'exec', ...flags, image, 'cat', '/proc/self/environ'], more);
  return Object.fromEntries(
    stdout
      .split('\0')
      .slice(0, -1)
      .map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
};

describe('apptainer and its command line', () => {
  test('options stop at the image, and the rest arrives as it was written', async () => {
    const odd = ['--', '--env', '', 'a b', '"\'$HOME`id`', 'line\nbreak', '-q', 'ä'];
    const {stdout} = await exec(['--no-home'], ['sh', '-c', 'cat /proc/$$/cmdline', ...odd]);
    expect(stdout.split('\0').slice(3, -1)).toEqual(odd);
  });

  test('two dashes before the image are eaten, after it they are the command', async () => {
    expect((await exec(['--'], ['true'])).status).toBe(0);
    const ended = await exec([], ['--', 'true']);
    expect(ended).toMatchObject({status: 255, stderr: 'FATAL:   "--": executable file not found in $PATH\n'});
  });

  test.each([
    [['--nosuch'], 'unknown flag: --nosuch'],
    [['-Z'], "unknown shorthand flag: 'Z' in -Z"],
    [['--cleane'], 'unknown flag: --cleane'],
    [['--env', 'K'], 'K must be formatted as key=value'],
  ])('%j is refused with 1', async (flags, message) => {
    const ended = await exec(flags, ['true']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^Error for command "exec": /);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain('Usage:');
    expect(ended.stdout).toBe('');
  });

  test('too few words are refused with 1; --no-env eats the image', async () => {
    expect((await rig.run(['apptainer', 'exec', tree()])).status).toBe(1);
    expect((await rig.run(['apptainer', 'exec', '--no-env', tree(), 'true'])).status).toBe(1);
  });

  test('it says its version', async () => {
    expect((await rig.run(['apptainer', '--version'])).stdout).toMatch(/^apptainer version 1\.5\.3/);
    expect((await rig.run(['apptainer', 'version'])).stdout).toMatch(/^1\.5\.3/);
    expect((await rig.run(['singularity', '--version'])).stdout).toMatch(/^singularity-ce version \d/);
  });

  test.each([
    [[], /^INFO: {4}/],
    [['-q'], /^$/],
    [['-s'], /^$/],
  ])('a SIF makes noise on stderr with %j', async (flags, stderr) => {
    const ended = await rig.run(['apptainer', ...flags, 'exec', sif(), 'true']);
    expect(ended).toMatchObject({status: 0, stdout: ''});
    expect(ended.stderr).toMatch(stderr);
  });
});

describe('apptainer and the image', () => {
  test.each([
    ['/nosuch.sif', 'lstat /nosuch.sif: no such file or directory'],
    ['/etc/hostname', 'image format not recognized'],
    ['docker://nosuch:1', 'Unable to handle docker://nosuch:1 uri: failed to get checksum for docker://nosuch:1'],
    ['instance://nobody', 'no instance found with name'],
  ])('%s: 255', async (image, message) => {
    const ended = await rig.run(['apptainer', 'exec', image, 'true']);
    expect(ended.status).toBe(255);
    expect(ended.stderr).toMatch(/^FATAL: {3}/);
    expect(ended.stderr).toContain(message);
  });

  test('a registry is asked by name and by digest', async () => {
    const {id} = rig.fakes.images['team/tool:2.0']!;
    for (const image of ['docker://team/tool:2.0', `docker://team/tool@sha256:${id}`]) {
      expect((await variables([], {}, image))['FROM_IMAGE']).toBe('image');
    }
    expect((await bad.run(['apptainer', 'exec', 'docker://good:1', 'true'])).status).toBe(255);
  });

  test('without FUSE a SIF starts only when it is unpacked', async () => {
    const {sif: file} = bad.fakes.images['good:1']!;
    const ended = await bad.run(['apptainer', 'exec', '--userns', file, 'true']);
    expect(ended.status).toBe(255);
    expect(ended.stderr).toContain('failed to open /dev/fuse: Permission denied');
    expect((await bad.run(['apptainer', 'exec', '--userns', '--unsquash', file, 'true'])).status).toBe(0);
  });

  test('root without a capability needs --userns, --no-privs or --drop-caps all', async context => {
    if (process.getuid?.() !== 0) context.skip('not root');
    const box = join(bad.folder, 'tree');
    const ended = await bad.run(['apptainer', 'exec', box, 'true']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('ERROR  : Requesting capability set');
    for (const flags of [['--userns'], ['--no-privs'], ['--drop-caps', 'all']]) {
      expect((await bad.run(['apptainer', 'exec', ...flags, box, 'true'])).status).toBe(0);
    }
  });

  test('it is read-only, also --writable for a SIF', async () => {
    expect((await exec([], ['touch', '/mnt/x'])).stderr).toContain('Read-only file system');
    expect((await exec(['--writable-tmpfs'], ['touch', '/mnt/x'])).status).toBe(0);
    expect(existsSync(join(tree(), 'mnt/x'))).toBe(false);
    expect((await rig.run(['apptainer', 'exec', '--writable', sif(), 'true'])).status).toBe(255);
  });

  test('inspect knows no digest', async () => {
    const {stdout} = await rig.run(['apptainer', 'inspect', '--json', sif()]);
    const labels = (JSON.parse(stdout) as {data: {attributes: {labels: Record<string, string>}}}).data.attributes
      .labels;
    expect(labels['org.label-schema.usage.singularity.deffile.from']).toBe('good:1');
    expect(stdout).not.toContain(rig.fakes.images['good:1']!.id);
  });

  test('pull writes a SIF once', async () => {
    const pull = (...words: readonly string[]) => rig.run(['apptainer', 'pull', ...words, 'docker://team/tool:2.0']);
    expect((await pull('new.sif')).status).toBe(0);
    expect((await variables([], {}, 'new.sif'))['FROM_IMAGE']).toBe('image');
    expect((await pull('new.sif')).status).toBe(255);
    expect((await pull('--force', 'new.sif')).status).toBe(0);
  });

  test('run starts the entry point', async () => {
    const {stdout} = await rig.run([
      'apptainer',
      '-q',
      'run',
      rig.fakes.images['team/tool:2.0']!.sif,
      'sh',
      '-c',
      'echo $A',
    ]);
    expect(stdout).toBe('1\n');
  });
});

describe('apptainer and mounts', () => {
  test('a target is made, however deep; a source may be a file, relative, with blanks', async () => {
    mkdirSync(join(site(), 'a b'), {recursive: true});
    writeFileSync(join(site(), 'a b', 'c,d'), 'text');
    expect((await exec(['-B', `${site()}:/deep/er/one`], ['cat', '/deep/er/one/a b/c,d'])).stdout).toBe('text');
    expect((await exec(['--bind', 'a b:/etc'], ['ls', '/etc'])).stdout).toBe('c,d\n');
    expect((await exec(['--bind', String.raw`a b/c\,d:/f:ro,${site()}:/x`], ['cat', '/f', '/x/a b/c,d'])).stdout).toBe(
      'texttext',
    );
    expect((await exec(['--mount', 'type=bind,"src=a b/c,d",dst=/f,ro'], ['cat', '/f'])).stdout).toBe('text');
  });

  test('a mount is written to unless it is read-only', async () => {
    expect((await exec(['-B', `${site()}:/m`], ['touch', '/m/one'])).status).toBe(0);
    expect((await exec(['-B', `${site()}:/m:rw`], ['touch', '/m/two'])).status).toBe(0);
    expect((await exec(['-B', `${site()}:/m:ro`], ['touch', '/m/no'])).stderr).toContain('Read-only file system');
  });

  test.each([
    [['-B', '/nosuch:/m'], "error: while mounting /nosuch: mount source /nosuch doesn't exist"],
    [['-B', '/etc:/m:bogus'], 'bogus is not a valid bind option'],
    [['-B', '/etc:relative'], 'must be an absolute path'],
    [['--mount', 'type=tmpfs,src=/etc,dst=/m'], 'unsupported mount type "tmpfs"'],
    [['--mount', 'type=bind,dst=/m'], 'mount source must be specified'],
    [['--pwd', '/nosuch'], 'failed to set working directory: chdir /nosuch: no such file or directory'],
    [['--memory', '1G'], 'systemd not running as init'],
    [['--cpus', '1'], 'systemd not running as init'],
    [['--net'], '--network none'],
    [['--env-file', '/nosuch'], 'environment file'],
  ])('%j: FATAL, 255', async (flags, message) => {
    const ended = await exec(flags, ['true']);
    expect(ended.status).toBe(255);
    expect(ended.stderr).toMatch(/^FATAL: {3}/);
    expect(ended.stderr).toContain(message);
  });

  test('of two for one target the first stays, with a WARNING', async () => {
    const ended = await exec(['-B', `${site()}:/m`, '-B', '/etc:/m'], ['ls', '/m/bin']);
    expect(ended.status).toBe(0);
    expect(ended.stderr).toMatch(/^WARNING: /);
  });

  test('the caller’s variables add mounts', async () => {
    for (const name of ['APPTAINER_BIND', 'APPTAINER_BINDPATH', 'SINGULARITY_BIND']) {
      expect((await exec([], ['ls', '-d', '/added'], {[name]: `${site()}:/added`})).status).toBe(0);
    }
    expect((await exec([], ['ls', '/added'])).status).not.toBe(0);
  });

  test('the caller’s folder is mounted by itself, and is where the command starts', async () => {
    expect((await exec([], ['sh', '-c', 'pwd'])).stdout).toBe(`${site()}\n`);
    expect((await exec([], ['sh', '-c', 'pwd'], {}, '/srv')).stdout).toBe('/srv\n');
    expect((await exec(['--pwd', '/mnt'], ['sh', '-c', 'pwd'])).stdout).toBe('/mnt\n');
    expect((await exec(['--cwd', 'mnt'], ['sh', '-c', 'pwd'])).stdout).toBe('/mnt\n');
  });

  test('--contain has an empty /tmp and home, and starts elsewhere with a WARNING', async () => {
    const ended = await exec(['--contain'], ['sh', '-c', 'pwd; ls /tmp "$HOME"; touch "$HOME/x"']);
    expect(ended).toMatchObject({status: 0});
    const [folder = '', ...listed] = ended.stdout.split('\n');
    expect(listed.filter(line => line !== '').sort()).toEqual([`${folder}:`, '/tmp:'].sort());
    expect(ended.stderr).toMatch(/^WARNING: /);
  });

  test('where the rig takes /tmp away, what is in it must be mounted', async () => {
    const words = [
      'apptainer',
      '-q',
      'exec',
      '--userns',
      '--no-mount',
      'cwd',
      join(bad.folder, 'tree'),
      'ls',
      bad.folder,
    ];
    expect((await bad.run(words)).status).not.toBe(0);
  });
});

describe('apptainer and the environment', () => {
  test('the caller’s goes in, the image’s wins, --env wins over both; PATH is the image’s', async () => {
    const more = {MINE: '', BOTH: 'caller', LINES: 'a\nb', LITERAL: '$(id)', 'odd.name': 'x'};
    const image = rig.fakes.images['team/tool:2.0']!.sif;
    const got = await variables([], more, image);
    expect(got).toMatchObject({MINE: '', BOTH: 'image', LINES: 'a\nb', LITERAL: '$(id)', FROM_IMAGE: 'image'});
    expect(got['odd.name']).toBeUndefined();
    expect(got['PATH']).toBe('/opt:/bin:/usr/bin:/sbin:/usr/sbin:/usr/local/bin:/usr/local/sbin');
    expect(got['USER_PATH']).toBe(rig.environment['PATH']);
    expect(got).toMatchObject({APPTAINER_CONTAINER: image, SINGULARITY_CONTAINER: image, APPTAINER_COMMAND: 'exec'});
    expect(got['LD_LIBRARY_PATH']).toBe('/.singularity.d/libs');
    expect((await variables(['--env', 'BOTH=flag'], more, image))['BOTH']).toBe('flag');
  });

  test.each([
    ['A=1,2', {A: '1,2'}],
    ['A=x,B=z', {A: 'x', B: 'z'}],
    ['"A=x,B=z ""q"""', {A: 'x,B=z "q"'}],
    ['A="q r"', {A: '"q r'}],
    ['A=', {A: ''}],
    ["A=it's\na line", {A: "it's\na line"}],
    ['A=a b', {A: 'a b'}],
    ['LD_LIBRARY_PATH=/l', {LD_LIBRARY_PATH: '/l:/.singularity.d/libs'}],
  ])('--env %j', async (text, expected) => {
    expect(await variables(['--env', text])).toMatchObject(expected);
  });

  test('values are evaluated by a shell inside, unless that is turned off', async () => {
    writeFileSync(join(site(), 'file'), 'F="$(echo file)"\n');
    const flags = ['--env', 'A=$(echo $HOME)', '--env-file', 'file'];
    const more = {APPTAINERENV_C: '`echo c`', HOME: rig.environment['HOME']!};
    const home = (await variables([]))['HOME'];
    expect(await variables(flags, more)).toMatchObject({A: home, C: 'c', F: 'file'});
    const plain = {A: '$(echo $HOME)', C: '`echo c`', F: '$(echo file)'};
    expect(await variables(['--no-eval', ...flags], more)).toMatchObject(plain);
    expect(await variables(flags, {...more, APPTAINER_NO_EVAL: '1'})).toMatchObject(plain);
  });

  test('with --no-eval a variable of its own carries any value', async () => {
    const values = {A: 'x,B=y "q" \'s\' \\ \\n $X `id` ', E: '', L: '\nline\n', U: 'ä€𝄞'};
    const more = Object.fromEntries(Object.entries(values).map(([name, value]) => [`APPTAINERENV_${name}`, value]));
    expect(await variables(['--no-eval'], more)).toMatchObject(values);
    expect(await variables(['--no-eval', '--cleanenv'], more)).toMatchObject(values);
  });

  test.each(['A.b=1', '1a=1'])('--env %s loses all others, and exits 0', async text => {
    const ended = await exec(['--env', 'K=v', '--env', text], ['sh', '-c', 'echo "[$K]"']);
    expect(ended).toEqual({status: 0, stdout: '[]\n', stderr: 'invalid var name\n'});
  });

  test('HOME is not overridden', async () => {
    const ended = await exec(['--env', 'HOME=/x'], ['sh', '-c', 'echo "$HOME"']);
    expect(ended.stdout).not.toBe('/x\n');
    expect(ended.stderr).toMatch(/^WARNING: Overriding HOME .* is not permitted\n$/);
  });

  test('SINGULARITYENV_ works with an INFO line', async () => {
    const ended = await rig.run(['apptainer', 'exec', tree(), 'sh', '-c', 'echo $K'], {SINGULARITYENV_K: 'v'});
    expect(ended.stdout).toBe('v\n');
    expect(ended.stderr).toMatch(/^INFO: {4}/);
  });

  test('singularity knows its own names only', async () => {
    const more = {SINGULARITYENV_K: 'v', APPTAINERENV_L: 'x', SINGULARITY_BIND: `${site()}:/added`};
    const ended = await rig.run(['singularity', 'exec', tree(), 'sh', '-c', 'echo $K$L; ls -d /added'], more);
    expect(ended).toEqual({status: 0, stdout: 'v\n/added\n', stderr: ''});
    expect((await rig.run(['singularity', 'exec', '--cwd', '/', tree(), 'true'])).status).toBe(1);
  });

  test('--cleanenv leaves little', async () => {
    const got = await variables(['--cleanenv'], {MINE: '1', SHELL: '/bin/x'});
    expect(got).toMatchObject({LANG: 'C'});
    expect(
      Object.keys(got)
        .filter(name => !/^(APPTAINER|SINGULARITY)_/.test(name))
        .sort(),
    ).toEqual(['HOME', 'LANG', 'LD_LIBRARY_PATH', 'PATH', 'PROMPT_COMMAND', 'PS1', 'PWD', 'USER_PATH'].sort());
  });

  test('an env-file is a shell script', async () => {
    const text = `# no\nexport D="d q"\nS='s q' # more\nL="two\nlines"\nQ='it'\\''s'\nE="\\\\ \\" \\$ \\\`"\nU=word\n`;
    writeFileSync(join(site(), 'script'), text);
    expect(await variables(['--no-eval', '--env-file', 'script', '--env', 'U=flag'])).toMatchObject({
      D: 'd q',
      S: 's q',
      L: 'two\nlines',
      Q: String.raw`it\'s`,
      E: '\\ " $ `',
      U: 'flag',
    });
    const ended = await exec(['--env-file', 'script', '--env', 'U=flag'], ['true']);
    expect(ended.stderr).toMatch(/^WARNING: Environment variable U already has value/);
  });

  test.each([
    ['K=has space\n', 'could not execute "space": execution is disabled'],
    ['word\n', 'could not execute "word": execution is disabled'],
  ])('an env-file with %j is FATAL', async (text, message) => {
    writeFileSync(join(site(), 'wrong'), text);
    const ended = await exec(['--env-file', 'wrong'], ['true']);
    expect(ended.status).toBe(255);
    expect(ended.stderr).toContain(message);
  });
});

describe('apptainer and the command', () => {
  test.each([
    ['nosuch', '"nosuch": executable file not found in $PATH'],
    ['/nosuch', 'stat /nosuch: no such file or directory'],
    ['/etc', 'permission denied'],
    ['/etc/group', 'permission denied'],
  ])('%s cannot be run: 255', async (command, message) => {
    expect(await exec([], [command])).toEqual({status: 255, stdout: '', stderr: `FATAL:   ${message}\n`});
  });

  test('its exit code is the command’s, and its death too', async () => {
    expect((await exec([], ['sh', '-c', 'exit 255'])).status).toBe(255);
    for (const signal of ['KILL', 'TERM', 'SEGV', 'PIPE', 'USR1', 'HUP']) {
      const child = rig.start(['apptainer', '-q', 'exec', tree(), 'sh', '-c', `kill -${signal} $$`]);
      expect(await end(child)).toBe(`SIG${signal}`);
      expect((await exec(['--pid'], ['sh', '-c', `kill -${signal} $$`])).status).toBeGreaterThan(128);
    }
  });

  test('the payload is a child in the same group and session, and gets a TERM', async () => {
    const child = rig.start(['apptainer', 'exec', tree(), 'sh', '-c', 'trap "exit 9" TERM; sleep 60 & echo $$; wait']);
    const payload = Number(await firstLine(child));
    expect(processOf(payload)).toMatchObject({parent: child.pid, group: child.pid, session: child.pid});
    child.kill('SIGTERM');
    expect(await end(child)).toBe(9);
    process.kill(-child.pid!, 'SIGKILL');
  });

  test('a payload that ignores TERM goes on', async () => {
    const child = rig.start(['apptainer', '-q', 'exec', sif(), 'sh', '-c', 'trap "" TERM; echo on; sleep 0.5; exit 3']);
    await firstLine(child);
    process.kill(-child.pid!, 'SIGTERM');
    expect(await end(child)).toBe(3);
  });

  test('after a KILL of the group the helper of a SIF is left, in a group of its own', async () => {
    const child = rig.start(['apptainer', '-q', 'exec', sif(), 'sh', '-c', 'echo on; sleep 60 & wait']);
    await firstLine(child);
    process.kill(-child.pid!, 'SIGKILL');
    expect(await end(child)).toBe('SIGKILL');
    await until(() => session(child.pid!).length <= 1);
    const [helper] = session(child.pid!);
    expect(helper).toMatchObject({name: 'squashfuse_ll', group: helper?.pid, session: child.pid});
    process.kill(helper!.pid, 'SIGKILL');
  });

  test('at a normal end, and after a TERM of the group, the helper goes', async () => {
    for (const script of ['echo on', 'echo on; sleep 60 & wait']) {
      const child = rig.start(['apptainer', '-q', 'exec', sif(), 'sh', '-c', script]);
      await firstLine(child);
      if (script.includes('sleep')) process.kill(-child.pid!, 'SIGTERM');
      expect(await end(child)).toBe(script.includes('sleep') ? 'SIGTERM' : 0);
      await until(() => session(child.pid!).length === 0);
    }
  });

  test('after a TERM of the group while it sets up nothing is left', async () => {
    for (const delay of soak ? Array.from({length: 40}, (_, i) => i * 5) : [20, 60, 80, 100, 120]) {
      const child = rig.start(['apptainer', '-q', 'exec', sif(), 'sleep', '60']);
      setTimeout(() => process.kill(-child.pid!, 'SIGTERM'), delay);
      expect(await end(child)).toBe('SIGTERM');
      await until(() => session(child.pid!).length === 0);
    }
  });

  const withRunaway = (flags: readonly string[]) =>
    rig.start(['apptainer', '-q', 'exec', ...flags, tree(), 'sh', '-c', 'setsid sleep 61.5 & echo on; wait']);
  const runaways = () => processes().filter(({command}) => command === 'sleep\0' + '61.5\0');

  test('a child in a session of its own survives without --pid', async () => {
    const child = withRunaway([]);
    await firstLine(child);
    await until(() => runaways().length === 1);
    process.kill(-child.pid!, 'SIGKILL');
    await end(child);
    const [left] = runaways();
    process.kill(left!.pid, 'SIGKILL');
    await until(() => runaways().length === 0);
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('with --pid all go, after %s', async signal => {
    const child = withRunaway(['--pid']);
    await firstLine(child);
    await until(() => runaways().length === 1);
    process.kill(child.pid!, signal);
    expect(await end(child)).toBe(signal === 'SIGTERM' ? 143 : 'SIGKILL');
    await until(() => runaways().length === 0 && session(child.pid!).length === 0);
  });

  test('with --pid the shim is the first process; with --no-init the payload is, and ignores TERM', async () => {
    expect((await exec(['--pid'], ['sh', '-c', 'echo $$'])).stdout).not.toBe('1\n');
    const child = rig.start([
      'apptainer',
      '-q',
      'exec',
      '--pid',
      '--no-init',
      tree(),
      'sh',
      '-c',
      'echo $$; sleep 0.5',
    ]);
    expect(await firstLine(child)).toBe('1');
    child.kill('SIGTERM');
    expect(await end(child)).toBe(0);
  });

  test('the umask is the caller’s, or 022 with --no-umask', async () => {
    const run = (flags: string) => `umask 077; exec apptainer -q exec ${flags} "$0" sh -c umask`;
    for (const [flags, mask] of [
      ['', '0077'],
      ['--no-umask', '0022'],
    ] as const) {
      const ended = await childProcess('/bin/sh', ['-c', run(flags), tree()], {cwd: site(), env: rig.environment});
      expect(ended.stdout).toBe(`${mask}\n`);
    }
  });

  test('on an image that is the machine it runs there', async () => {
    const ended = await rig.run(['apptainer', '-q', 'exec', rig.fakes.images['host:1']!.sif, 'ls', '-d', rig.folder]);
    expect(ended.stdout).toBe(`${rig.folder}\n`);
  });
});

describe('apptainer instances', () => {
  test('run in a session of their own until they are stopped', async () => {
    const instance = (...words: readonly string[]) => rig.run(['apptainer', '-q', 'instance', ...words]);
    expect((await instance('start', sif(), 'one')).status).toBe(0);
    expect((await instance('start', sif(), 'one')).status).toBe(255);
    const {instances} = JSON.parse((await instance('list', '--json')).stdout) as {
      instances: {instance: string; pid: number; img: string}[];
    };
    expect(instances).toMatchObject([{instance: 'one', img: sif()}]);
    expect(processOf(instances[0]!.pid)).toMatchObject({session: instances[0]!.pid});
    expect((await rig.run(['apptainer', '-q', 'exec', 'instance://one', 'sh', '-c', 'exit 4'])).status).toBe(4);
    expect((await instance('stop', 'one')).status).toBe(0);
    expect((await instance('stop', 'one')).status).toBe(1);
    await until(() => processOf(instances[0]!.pid) === undefined);
  });
});
