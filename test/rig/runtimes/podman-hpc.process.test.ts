import {chmodSync, existsSync, mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {beforeAll, expect, test} from 'vitest';
import {end, firstLine, installed} from './installed.js';

/** A podman that prints its words, one a line, and knows one image. */
const podman = `#!/bin/sh
case " $* " in
' run --help ') echo 'Usage: podman run [options] IMAGE'; exit 0;;
*' exists nosuch:1 '*) exit 1;;
*' exists '*) exit 0;;
*' sleep infinity '*) exit 0;;
*' wait-for-it '*) echo $$; exec sleep 60;;
esac
printf '%s\\n' "$@"
echo "runtime=$XDG_RUNTIME_DIR config=$XDG_CONFIG_HOME odd=$(tr '\\0' '\\n' < /proc/$$/environ | grep -c '^odd[.]name=1$')"
exit 6
`;
const rig = installed();
const folder = () => join(rig.folder, 'podman');
const more = () => ({PATH: `${rig.fakes.path}:${folder()}:/usr/bin:/bin`, SCRATCH: folder()});
const hpc = (words: readonly string[], others: Record<string, string> = {}) =>
  rig.run(['podman-hpc', ...words], {...more(), ...others});
const words = async (line: readonly string[]) => (await hpc(line)).stdout.split('\n').slice(0, -2);

beforeAll(() => {
  mkdirSync(folder());
  for (const [name, text] of [
    ['podman', podman],
    ['runc', '#!/bin/sh\n'],
  ] as const) {
    writeFileSync(join(folder(), name), text);
    chmodSync(join(folder(), name), 0o755);
  }
});

test('run becomes podman with its own options before the user’s', async () => {
  const root = `/tmp/${process.getuid!()}_hpc`;
  const wrap = join(rig.fakes.path, 'fuse-overlayfs-wrap');
  expect(await words(['run', '--rm', 'img:1', 'a b', '', '$x'])).toEqual([
    ...['run', '--root', `${root}/storage`, '--runroot', root, '--storage-opt', `mount_program=${wrap}`],
    ...['--cgroup-manager', 'cgroupfs', '--storage-opt', 'ignore_chown_errors=true'],
    ...['--storage-opt', `additionalimagestore=${folder()}/storage`, '--hooks-dir', expect.any(String)],
    ...['--env', expect.stringMatching(/^PODMANHPC_MODULES_DIR=/), '--annotation', 'podman_hpc.hook_tool=true'],
    ...['--security-opt', 'seccomp=unconfined', '--log-level', 'fatal', '--rm', 'img:1', 'a b', '', '$x'],
  ]);
  expect(existsSync(join(folder(), 'storage'))).toBe(true);
});

test('other subcommands get the storage alone', async () => {
  const got = await words(['ps', '-a']);
  expect(got.slice(0, 2)).toEqual(['ps', '--root']);
  expect(got.slice(-5)).toEqual(['--cgroup-manager', 'cgroupfs', '--log-level', 'fatal', '-a']);
  expect(got).not.toContain('--hooks-dir');
});

test('the environment is the caller’s, but for two directories', async () => {
  const {stdout, status} = await hpc(['ps'], {XDG_RUNTIME_DIR: '/x', 'odd.name': '1'});
  expect(stdout).toContain(`runtime= config=/tmp/${process.getuid!()}_hpc/config odd=1\n`);
  expect(status).toBe(6);
});

test('--help anywhere before two dashes prints podman’s help, and nothing runs', async () => {
  const ended = await hpc(['run', 'img:1', 'prog', '--help']);
  expect(ended.status).toBe(0);
  expect(ended.stdout).toContain('podman-hpc run [options] IMAGE');
});

test('module flags are taken out of the command, and the first two dashes vanish', async () => {
  const got = await words(['run', 'img:1', 'prog', '--home', '--gpu', '--other', '--', '--gpu', '--']);
  expect(got.slice(-5)).toEqual(['img:1', 'prog', '--other', '--gpu', '--']);
  expect(got.join(' ')).toContain('-e ENABLE_HOME=1 -e NVIDIA_VISIBLE_DEVICES -e ENABLE_GPU=1 --log-level');
  expect(got).toContain('-e NVIDIA_VISIBLE_DEVICES');
});

test('with two dashes before the image all arrives as it was written', async () => {
  const got = await words(['run', '--rm', '--', 'img:1', 'prog', '--help', '--', '--gpu=1']);
  expect(got.slice(-6)).toEqual(['--rm', 'img:1', 'prog', '--help', '--', '--gpu=1']);
});

test('a module flag with a value is refused', async () => {
  const ended = await hpc(['run', '--gpu=1', 'img:1', 'true']);
  expect(ended.status).toBe(2);
  expect(ended.stderr).toContain("Error: Option '--gpu' does not take a value.\n");
});

test('it becomes podman: the same process, the same death', async () => {
  const child = rig.start(['podman-hpc', 'run', 'img:1', 'wait-for-it'], more());
  expect(await firstLine(child)).toBe(String(child.pid));
  child.kill('SIGTERM');
  expect(await end(child)).toBe('SIGTERM');
});

test.each([['--mpi'], ['--cuda-mpi']])('%s makes run a shared run', async flag => {
  const ended = await hpc(['run', flag, '-e', 'A=1', '-v', '/a:/b', 'img:1', 'prog', 'x y']);
  expect(ended.status).toBe(6);
  expect(ended.stderr).toBe('send_complete failed for None\nencoding without a string argument\n');
  const got = ended.stdout.split('\n').slice(0, -2);
  expect(got[0]).toBe('exec');
  expect(got.slice(-11)).toEqual([
    ...['-e', 'SLURM_*', '-e', 'PALS_*', '-e', 'PMI_*', '-e', 'A=1'],
    ...[`uid-${process.getuid!()}-pid-${process.pid}`, 'prog', 'x y'],
  ]);
});

test('without USER, podman, a runtime or $SCRATCH nothing happens', async () => {
  const lost = await rig.run(['podman-hpc', 'ps'], more(), undefined, true);
  expect(lost).toMatchObject({status: 1, stderr: "Error: 'USER'... Exiting\n"});
  const none = await hpc(['ps'], {PATH: '/nowhere'});
  expect(none).toMatchObject({status: 1, stderr: 'Error: No podman binary found in PATH... Exiting\n'});
  const scratch = await hpc(['ps'], {SCRATCH: '/nosuch/folder'});
  expect(scratch.status).toBe(1);
  expect(scratch.stderr).toMatch(/^Traceback .*FileNotFoundError/s);
});

test.each([['migrate'], ['rmsqi']])('%s of an unknown image is said, and exits 0', async verb => {
  expect(await hpc([verb, 'nosuch:1'])).toEqual({
    status: 0,
    stdout: '',
    stderr: 'ERROR:root:Image nosuch:1 not found\n',
  });
  expect(await hpc([verb, 'img:1'])).toEqual({status: 0, stdout: '', stderr: ''});
});

test('it has no --version, but infohpc', async () => {
  const ended = await hpc(['--version']);
  expect(ended.status).toBe(2);
  expect(ended.stderr).toContain('No such option: --version');
  expect((await hpc(['infohpc'])).stdout).toMatch(/^Podman-HPC Version: 1\.1\.4\n/);
});
