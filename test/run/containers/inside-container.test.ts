import {describe, expect, test} from 'vitest';
import {containerAround, nestedProblem} from '../../../kernel/run/containers/inside-container.js';
import type {ContainerProblem} from '../../../kernel/run/containers/runtime.js';

const id = 'a'.repeat(64);
const has =
  (...paths: readonly string[]) =>
  (path: string) =>
    paths.includes(path);
const nothing = has();

describe('the container around a kernel', () => {
  test.each<[string, Record<string, string>, readonly string[]]>([
    ['shifter', {SHIFTER_RUNTIME: '1'}, []],
    ['shifter', {SHIFTER_IMAGEREQUEST: 'docker:x:1', SHIFTER_IMAGE: id}, []],
    ['apptainer', {APPTAINER_CONTAINER: '/x.sif', SINGULARITY_CONTAINER: '/x.sif'}, []],
    ['singularity', {SINGULARITY_CONTAINER: '/x.sif'}, []],
    ['ch', {CH_RUNNING: 'Weird Al Yankovic'}, []],
    ['podman', {container: 'podman'}, []],
    ['podman', {}, ['/run/.containerenv']],
    ['docker', {container: 'docker'}, []],
    ['docker', {}, ['/.dockerenv']],
    ['apptainer', {APPTAINER_CONTAINER: '/x.sif'}, ['/.dockerenv']],
  ])('is %s by %j and %j', (name, environment, paths) => {
    expect(containerAround(environment, has(...paths))).toBe(name);
  });

  test.each<Record<string, string>>([
    {},
    {SHIFTER_IMAGE: 'docker:x:1'},
    {SHIFTER_IMAGETYPE: 'docker', SHIFTER_IMAGE: 'x:1', SHIFTER_IMAGEREQUEST: 'docker:x:1'},
    {SHIFTER_RUNTIME: '', APPTAINER_CONTAINER: '', APPTAINER_BIND: '/data'},
  ])('is none by %j, which a person sets outside', environment => {
    expect(containerAround(environment, nothing)).toBeUndefined();
  });
});

describe('a container within a container', () => {
  const refusal = (runtime: string, environment: Record<string, string>, ...paths: readonly string[]) =>
    nestedProblem(runtime, environment, has(...paths))?.is;
  const shifter = {SHIFTER_RUNTIME: '1'};
  const sif = {APPTAINER_CONTAINER: '/x.sif'};

  test('of shifter is never one', () => {
    expect(refusal('shifter', shifter)).toBe('nested');
    expect(refusal('shifter', sif)).toBe('nested');
    expect(refusal('shifter', {container: 'docker'})).toBe('nested');
    expect(refusal('shifter', {}, '/.dockerenv')).toBeUndefined();
  });

  test.each(['podman', 'podman-hpc', 'docker'])('of %s needs rights that some runtimes take away', runtime => {
    expect(refusal(runtime, shifter)).toBe('nested');
    expect(refusal(runtime, sif)).toBe('nested');
    expect(refusal(runtime, {}, '/.dockerenv')).toBeUndefined();
  });

  test('may be asked of an engine outside', () => {
    expect(refusal('docker', {...sif, DOCKER_HOST: 'unix:///x'})).toBeUndefined();
    expect(refusal('docker', sif, '/var/run/docker.sock')).toBeUndefined();
    expect(refusal('podman', {...sif, CONTAINER_HOST: 'unix:///x'})).toBeUndefined();
    expect(refusal('podman', sif, '/var/run/docker.sock')).toBe('nested');
  });

  test('of apptainer or charliecloud may work', () => {
    expect(refusal('apptainer', shifter)).toBeUndefined();
    expect(refusal('singularity', sif)).toBeUndefined();
    expect(refusal('ch', sif)).toBeUndefined();
  });

  test('is the reason why a runtime is absent, down or not let, and of no other failure', () => {
    const problem = (is: ContainerProblem['is']): ContainerProblem => ({
      is,
      message: 'there is no `podman`',
      remedy: 'install it',
    });
    const of = (is: ContainerProblem['is']) => nestedProblem('podman', {container: 'podman'}, nothing, problem(is));
    expect(of('absent')).toEqual({
      is: 'nested',
      message: 'the kernel runs in a container of podman, where podman can start no other: there is no `podman`',
      remedy: expect.stringContaining('`%container none`'),
    });
    expect([of('down')?.is, of('denied')?.is]).toEqual(['nested', 'nested']);
    expect([of('image'), of('full'), of('slow')]).toEqual([undefined, undefined, undefined]);
    expect(nestedProblem('podman', {}, nothing, problem('absent'))).toBeUndefined();
    expect(nestedProblem('podman', {}, has('/.dockerenv'), problem('absent'))).toBeUndefined();
  });
});
