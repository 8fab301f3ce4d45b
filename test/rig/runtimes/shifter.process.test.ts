import {chmodSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeEach, describe, expect, test} from 'vitest';
import {childProcess} from '../child-process.js';
import {need} from '../component.js';
import {end, firstLine, installed, mountNamespaces, processOf, until} from './installed.js';

const rig = installed(
  tree => ({
    'team/tool:2.0': {tree, env: {PATH: '/bin', FROM_IMAGE: 'image', BOTH: 'image'}, workdir: '/mnt'},
    'entry:1': {tree, entrypoint: ['/bin/env', 'ENTRY=1']},
    'bare:1': {tree, env: {}},
    mine: {tree, type: 'custom'},
    'later:1': {tree, pull: 'READY'},
    'broken:1': {tree, pull: 'FAILURE'},
    'host:1': {tree: '/', env: {}},
  }),
  {siteEnv: {SHIFTER_RUNTIME: '1', SITE: 'site'}},
);
beforeEach(context => need(context, mountNamespaces));

const image = '--image=docker:good:1';
const shifter = (words: readonly string[], more?: Record<string, string>, cwd?: string) =>
  rig.run(['shifter', ...words], more, cwd);
const said = async (words: readonly string[], more?: Record<string, string>) =>
  (await shifter([image, ...words], more)).stdout;
const site = () => join(rig.folder, 'site');

/** What the command gets: NUL ends each argument and variable. */
const argvIs = async (words: readonly string[]) => (await shifter([...words, 'cat', '/proc/self/cmdline'])).stdout;
const variables = async (words: readonly string[], more?: Record<string, string>) => {
  const {stdout} = await shifter([...words, 'cat', '/proc/self/environ'], more);
  return Object.fromEntries(
    stdout
      .split('\0')
      .slice(0, -1)
      .map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
};

describe('shifter takes its options as getopt does', () => {
  test.each([
    ['a value of its own word', ['--image', 'good:1']],
    ['the short name', ['-i', 'good:1']],
    ['the short name with its value', ['-igood:1']],
    ['a beginning of the name', ['--ima=good:1']],
    ['-n, which does nothing', ['-n', image]],
    ['the two dashes before the command', [image, '--']],
    ['no module at all', [image, '-m', 'none', '--module=']],
  ])('%s', async (_, words) => {
    expect((await shifter([...words, 'true'])).status).toBe(0);
  });

  test('it stops at the command: what follows is the command’s, as it was written', async () => {
    const odd = ['--', '--image=x', '', 'a b', '"\'$HOME`id`', 'line\nbreak', '-e', 'ä'];
    expect(
      (await shifter([image, 'sh', '-c', 'cat /proc/$$/cmdline', ...odd])).stdout.split('\0').slice(3, -1),
    ).toEqual(odd);
  });

  test.each([
    [['--nosuch'], "unrecognized option '--nosuch'\nMissing an argument!\n"],
    [['-z'], "invalid option -- 'z'\nMissing an argument!\n"],
    [['--image'], "option '--image' requires an argument\nMissing an argument!\n"],
    [['--clearenv=1'], "option '--clearenv' doesn't allow an argument\nMissing an argument!\n"],
    [['--en=1'], "option '--en' is ambiguous; possibilities: '--entrypoint' '--env' '--env-file'\n"],
    [[image, '-m', 'nosuch', 'true'], 'Unknown shifter module: nosuch\n'],
    [['true'], 'No image specified'],
    [['--image=docker:', 'true'], 'Incorrect format for image identifier'],
  ])('%j is refused with 1 and the usage on stdout', async (words, message) => {
    const ended = await shifter(words);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain(message);
    expect(ended.stdout).toMatch(/^Usage:\nshifter /);
  });

  test('a working directory that is not joined to its option is the command', async () => {
    const ended = await shifter([image, '--workdir', '/mnt', 'true']);
    expect(ended.status).toBe(127);
    expect(ended.stderr).toMatch(/shifter: \/mnt: Permission denied\n$/);
  });
});

describe('shifter finds the image', () => {
  test('by id without asking the gateway, and says the id inside', async () => {
    const {id} = rig.fakes.images['good:1']!;
    expect(await variables([`--image=id:${id}`])).toMatchObject({SHIFTER_IMAGE: id, SHIFTER_IMAGEREQUEST: `id:${id}`});
  });

  test.each([
    ['--image=id:0123', 'FAILED to find requested image.\n', ''],
    ['--image=local:/nosuch', 'FAILED to stat udi source.\n', ''],
    ['--image=docker:nosuch:1', 'FAILED to lookup docker image nosuch:1\n', 'Usage:'],
    ['--image=foo:bar', 'FAILED to lookup docker image foo:bar\n', 'Usage:'],
    ['--image=docker:later:1', 'FAILED to lookup docker image later:1\n', 'Usage:'],
  ])('%s is not there: 1', async (word, stderr, stdout) => {
    const ended = await shifter([word, 'true']);
    expect(ended).toMatchObject({status: 1, stderr});
    expect(ended.stdout.slice(0, 6)).toBe(stdout);
  });

  test.each([
    ['characters that a name cannot have are dropped', ['--image=docker:go od;:1', 'true'], {}],
    ['a custom image', ['--image=custom:mine', 'true'], {}],
    ['from the variables', ['true'], {SHIFTER_IMAGETYPE: 'docker', SHIFTER_IMAGE: 'good:1'}],
    ['from the request', ['true'], {SHIFTER_IMAGEREQUEST: 'docker:good:1'}],
    ['from the command line before the variables', [image, 'true'], {SHIFTER_IMAGEREQUEST: 'docker:nosuch:1'}],
  ])('%s', async (_, words, more) => {
    expect(await shifter(words, more as Record<string, string>)).toMatchObject({status: 0, stderr: ''});
  });

  test('a tree on the disk', async () => {
    expect((await shifter([`--image=local:${rig.folder}/tree`, 'true'])).status).toBe(0);
  });
});

describe('shifter and the working directory', () => {
  test('the caller’s stays if the container has it', async () => {
    expect(await said(['sh', '-c', 'pwd'])).toBe(`${site()}\n`);
  });

  test('a missing one is said, and it goes on in /', async () => {
    const ended = await shifter([image, '--workdir=/nosuch', 'sh', '-c', 'pwd']);
    expect(ended).toEqual({
      status: 0,
      stdout: '/\n',
      stderr: 'Failed to switch to working dir: /nosuch, staying in /\n',
    });
    const elsewhere = await shifter([image, 'true'], {}, '/srv');
    expect(elsewhere).toMatchObject({
      status: 0,
      stderr: `Failed to switch to working dir: /srv, staying in /\n`,
    });
  });

  test.each([[['--workdir=/tmp']], [['-w/tmp']]])('%j is taken', async words => {
    expect(await said([...words, 'sh', '-c', 'pwd'])).toBe('/tmp\n');
  });

  test('without a value it is the image’s', async () => {
    expect((await shifter(['--image=team/tool:2.0', '--workdir', '--', 'sh', '-c', 'pwd'])).stdout).toBe('/mnt\n');
  });
});

describe('shifter and the entry point', () => {
  test('is ignored unless it is asked for', async () => {
    expect((await shifter(['--image=entry:1', 'sh', '-c', 'echo "$ENTRY"'])).stdout).toBe('\n');
    expect((await shifter(['--image=entry:1', '--entrypoint', 'sh', '-c', 'echo "$ENTRY"'])).stdout).toBe('1\n');
  });

  test('is one path, in front of the words', async () => {
    const {stdout} = await shifter([image, '--entrypoint=/bin/env', 'A=b c', 'sh', '-c', 'echo "$A"']);
    expect(stdout).toBe('b c\n');
    expect((await shifter([image, '--entrypoint=/bin/env A=1', 'true'])).status).toBe(127);
  });

  test('that the image does not have is an error', async () => {
    const ended = await shifter([image, '--entrypoint', 'true']);
    expect(ended).toMatchObject({status: 1, stderr: 'Image does not have a defined entrypoint.\n'});
  });

  test('without a command it is /bin/sh', async () => {
    expect(await argvIs([image])).toBe('cat\0/proc/self/cmdline\0');
    expect((await shifter([image])).status).toBe(0);
  });
});

describe('shifter and the environment', () => {
  test('the caller’s goes in, the image’s wins, -e wins over both', async () => {
    const more = {MINE: '', BOTH: 'caller', LINES: 'a\nb', 'odd.name': 'x'};
    expect(await variables(['--image=team/tool:2.0'], more)).toMatchObject({
      ...{MINE: '', BOTH: 'image', LINES: 'a\nb', 'odd.name': 'x', FROM_IMAGE: 'image'},
      ...{HOME: rig.environment['HOME'], USER: 'somebody', SHIFTER_RUNTIME: '1', SITE: 'site'},
      SHIFTER_IMAGEREQUEST: 'team/tool:2.0',
    });
    expect((await variables(['--image=team/tool:2.0', '-e', 'BOTH=1', '-eBOTH=2'], more))['BOTH']).toBe('2');
  });

  test('nothing else is there', async () => {
    expect(Object.keys(await variables([image])).sort()).toEqual(
      ['HOME', 'PATH', 'SHIFTER_IMAGE', 'SHIFTER_IMAGEREQUEST', 'SHIFTER_RUNTIME', 'SITE', 'USER'].sort(),
    );
  });

  test('LD_* and TMPDIR of the caller vanish, but not what -e sets', async () => {
    const more = {LD_LIBRARY_PATH: '/x', LD_PRELOAD: '', TMPDIR: '/x'};
    const plain = await variables([image], more);
    expect([plain['LD_LIBRARY_PATH'], plain['LD_PRELOAD'], plain['TMPDIR']]).toEqual([undefined, undefined, undefined]);
    const set = await variables([image, '-e', 'TMPDIR=/y', '--env=LD_LIBRARY_PATH=/z'], more);
    expect(set).toMatchObject({TMPDIR: '/y', LD_LIBRARY_PATH: '/z'});
  });

  test('a value of -e arrives byte for byte, under any name', async () => {
    const values = {'K.d': 'a b', '1x': '"q" \'s\' $HOME `id`', 'a b': 'x,y=z', N: 'line\nbreak\n', U: 'ä€𝄞\u0081'};
    const words = Object.entries(values).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    expect(await variables([image, ...words])).toMatchObject(values);
  });

  test.each(['K', '=v', 'K='])('-e %j is refused', async word => {
    const ended = await shifter([image, '-e', word, 'true']);
    expect(ended).toMatchObject({status: 1, stderr: `Improperly formatted environment variable: ${word}\n`});
  });

  test('--clearenv leaves what image, -e and site say; without PATH nothing is found', async () => {
    expect(await variables(['--image=team/tool:2.0', '-E', '-e', 'K=v'], {MINE: '1'})).toEqual({
      ...{PATH: '/bin', FROM_IMAGE: 'image', BOTH: 'image', K: 'v', SHIFTER_RUNTIME: '1', SITE: 'site'},
      ...{SHIFTER_IMAGE: rig.fakes.images['team/tool:2.0']!.id, SHIFTER_IMAGEREQUEST: 'team/tool:2.0'},
    });
    expect((await shifter(['--image=bare:1', '--clearenv', 'sh'])).status).toBe(127);
  });

  test('an env-file: trimmed lines, no quotes, export is part of the name, seen from inside', async () => {
    const file = join(site(), 'vars');
    writeFileSync(file, '# no\n\n  A="x y" \nexport B=1\nC=$HOME\n');
    const expected = {A: '"x y"', 'export B': '1', C: '$HOME'};
    expect(await variables([image, `--env-file=${file}`])).toMatchObject(expected);
    expect(await variables([image, '--env-file', 'vars'])).toMatchObject(expected);
    const outside = '/etc/hostname';
    const ended = await shifter([image, `--env-file=${outside}`, 'true']);
    expect(ended).toMatchObject({status: 1, stderr: `Failed to process env-file ${outside}\n`});
  });

  test.each([
    ['K=\n', 'ERROR: Invalid env-file entry: K=\n'],
    ['A=1\nword\n', 'ERROR: Invalid env-file entry: word\n'],
    ['', ''],
  ])('an env-file with %j is refused', async (text, message) => {
    const file = join(site(), 'bad');
    writeFileSync(file, text);
    const ended = await shifter([image, `--env-file=${file}`, 'true']);
    expect(ended).toMatchObject({status: 1, stderr: `${message}Failed to process env-file ${file}\n`});
  });
});

describe('shifter and volumes', () => {
  const inSite = (name: string) => {
    const path = join(site(), name);
    mkdirSync(path, {recursive: true});
    writeFileSync(join(path, 'f'), name);
    return path;
  };

  test('go where the image has a folder, or to a new one right below the root', async () => {
    const from = inSite('data');
    for (const to of ['/mnt', '/brandnew', '/var/tmp', '/usr']) {
      expect(await said(['-V', `${from}:${to}`, 'cat', `${to}/f`])).toBe('data');
    }
    expect(await said([`--volume=${from}:/mnt;${from}:/new2`, 'cat', '/mnt/f', '/new2/f'])).toBe('datadata');
    expect(await said(['-V', `${from} : /mnt`, 'cat', '/mnt/f'])).toBe('data');
  });

  test('are written to unless they are read-only', async () => {
    const from = inSite('written');
    expect((await shifter([image, '-V', `${from}:/mnt`, 'touch', '/mnt/new'])).status).toBe(0);
    const ended = await shifter([image, '-V', `${from}:/mnt:RO`, 'touch', '/mnt/no']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('Read-only file system');
  });

  test('SHIFTER_VOLUME counts only without -V', async () => {
    const from = inSite('variable');
    const more = {SHIFTER_VOLUME: `${from}:/mnt`};
    expect(await said(['cat', '/mnt/f'], more)).toBe('variable');
    expect((await shifter([image, '-V', `${from}:/other`, 'cat', '/mnt/f'], more)).status).toBe(1);
  });

  test.each([...['/etc', '/etcetera', '/var', '/variable', '/opt/udiImage/x', '/opt', '/', 'mnt', '/mnt/../x']])(
    'the target %s is refused',
    async to => {
      const volume = `${inSite('data')}:${to}`;
      const ended = await shifter([image, '-V', volume, 'true']);
      expect(ended.status).toBe(1);
      expect(ended.stderr).toContain(`Invalid Volume Map: ${volume}, aborting! 1\n`);
      expect(ended.stdout).toMatch(/^Usage:/);
    },
  );

  test.each([
    ['rw', 'Unknown flag: rw\nInvalid mount flags specified: rw\n'],
    ['z', 'Invalid mount flags specified: z\n'],
    ['rec', 'aborting! 2\n'],
    ['ro:ro', 'aborting! 3\n'],
  ])('the flag %s is refused', async (flag, message) => {
    const ended = await shifter([image, '-V', `${inSite('data')}:/mnt:${flag}`, 'true']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain(message);
  });

  test('the source is looked up inside: what the site does not mount is not there', async () => {
    const outside = await shifter([image, '-V', '/srv:/mnt', 'true']);
    expect(outside.status).toBe(1);
    expect(outside.stderr).toMatch(/^shifter_realpath: failed to lstat .*\nFAILED to setup image\.\n$/);
    expect(await said(['-V', '/etc:/mnt', 'cat', '/mnt/passwd'])).toBe(
      readFileSync(join(rig.folder, 'tree/etc/passwd'), 'utf8'),
    );
  });

  test.each([
    ['a file', 'data/f', '/mnt', 'FAILED "from" location is not directory'],
    ['a target that is too deep to be made', 'data', '/deep/er', 'FAILED to find mount point'],
    ['/tmp', 'data', '/tmp', 'already mounted'],
  ])('%s fails', async (_, name, to, message) => {
    inSite('data');
    const ended = await shifter([image, '-V', `${site()}/${name}:${to}`, 'true']);
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toMatch(/FAILED to setup image\.\n$/);
  });
});

describe('shifter and the command', () => {
  test.each([
    ['nosuch', 'No such file or directory'],
    ['/nosuch', 'No such file or directory'],
    ['/etc/passwd', 'Permission denied'],
    ['/etc', 'Permission denied'],
  ])('%s cannot be run: 127', async (command, why) => {
    chmodSync(join(rig.folder, 'tree/etc/passwd'), 0o644);
    const ended = await shifter([image, command]);
    expect(ended).toEqual({status: 127, stdout: '', stderr: `${rig.fakes.path}/shifter: ${command}: ${why}\n`});
  });

  test('its exit code is the command’s', async () => {
    for (const status of [0, 7, 255]) {
      expect((await shifter([image, 'sh', '-c', `exit ${status}`])).status).toBe(status);
    }
  });

  test('the caller’s umask is forgotten', async () => {
    const line = `umask 077; exec "$0" ${image} sh -c umask`;
    const {stdout} = await childProcess('/bin/sh', ['-c', line, join(rig.fakes.path, 'shifter')], {cwd: site()});
    expect(stdout).toBe('0022\n');
  });

  test('it reads the caller’s standard input', async () => {
    const options = {cwd: site(), env: rig.environment};
    const ended = await childProcess(join(rig.fakes.path, 'shifter'), [image, 'cat'], options, 'in\n');
    expect(ended.stdout).toBe('in\n');
  });

  test('the process that was started becomes the command, and dies as it does', async () => {
    const child = rig.start(['shifter', image, 'sh', '-c', 'echo $$; exec sleep 60']);
    expect(await firstLine(child)).toBe(String(child.pid));
    expect(processOf(child.pid!)).toMatchObject({session: child.pid, group: child.pid});
    await until(() => processOf(child.pid!)?.name === 'sleep');
    child.kill('SIGTERM');
    expect(await end(child)).toBe('SIGTERM');
  });

  test('a TERM while it sets up is lost', async () => {
    const child = rig.start(['shifter', image, 'sh', '-c', 'echo on; exec sleep 1']);
    await until(() => /SigIgn:\t[0-9a-f]*4[0-9a-f]{3}\n/.test(readFileSync(`/proc/${child.pid!}/status`, 'utf8')));
    process.kill(-child.pid!, 'SIGTERM');
    expect(await firstLine(child)).toBe('on');
    expect(await end(child)).toBe(0);
  });

  test('children stay when only the command is killed', async () => {
    const child = rig.start(['shifter', image, 'sh', '-c', 'sleep 60 & echo $!; wait']);
    const left = Number(await firstLine(child));
    child.kill('SIGKILL');
    expect(await end(child)).toBe('SIGKILL');
    expect(processOf(left)).toMatchObject({name: 'sleep', session: child.pid});
    process.kill(-child.pid!, 'SIGKILL');
    await until(() => processOf(left) === undefined);
  });

  test('the image is read-only, privileges cannot be gained, /tmp is the machine’s', async () => {
    expect((await shifter([image, 'touch', '/mnt/x'])).stderr).toContain('Read-only file system');
    expect(await said(['cat', '/proc/self/status'])).toContain('NoNewPrivs:\t1');
    expect(await said(['ls', '-d', rig.folder])).toBe(`${rig.folder}\n`);
  });

  test('on an image that is the machine it runs as a plain process', async () => {
    expect((await shifter(['--image=host:1', 'ls', '-d', rig.folder])).stdout).toBe(`${rig.folder}\n`);
  });

  test('root is refused unless the rig allows it', async context => {
    if (process.getuid?.() !== 0) context.skip('not root');
    const ended = await shifter([image, 'true'], {FAKE_ALLOW_ROOT: '0'});
    expect(ended).toMatchObject({status: 1, stderr: 'Failed to lookup username or attempted to run as root.\n\n'});
  });
});
