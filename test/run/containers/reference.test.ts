import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {isPathSyntax, meantRuntime, parseReference, withDigest} from '../../../kernel/run/containers/reference.js';

const RUNTIMES = ['shifter', 'podman-hpc', 'apptainer', 'singularity', 'podman', 'docker', 'ch'];
const numRuns = process.env['WEFT_SOAK'] === undefined ? 500 : 50_000;

const read = (text: string): readonly (string | undefined)[] => {
  const parsed = parseReference(text, RUNTIMES);
  return parsed.ok ? [parsed.value.runtime, parsed.value.reference] : ['wrong', parsed.error.message];
};

describe('the name of an image', () => {
  it.each([
    ['podman:localhost/x:1', 'podman', 'localhost/x:1'],
    ['docker:20', 'docker', '20'],
    ['docker://lsstsqre/centos:7', undefined, 'docker://lsstsqre/centos:7'],
    ['apptainer:docker://lsstsqre/centos:7', 'apptainer', 'docker://lsstsqre/centos:7'],
    ['library://x', undefined, 'library://x'],
    ['dockr:5000/x:1', undefined, 'dockr:5000/x:1'],
    ['auto:x:1', undefined, 'x:1'],
    ['centos:7', undefined, 'centos:7'],
    ['registry.example.org:5000/x:1', undefined, 'registry.example.org:5000/x:1'],
    ['shifter:id:4b5e', 'shifter', 'id:4b5e'],
    ['shifter:docker:x:1', 'shifter', 'docker:x:1'],
    ['id:4b5e', undefined, 'id:4b5e'],
    ['images/stack.sif', undefined, 'images/stack.sif'],
    ['apptainer:/a b/stack.sif', 'apptainer', '/a b/stack.sif'],
    ['ch:./stack', 'ch', './stack'],
    ['podman-hpc:x', 'podman-hpc', 'x'],
    ['Podman:x', undefined, 'Podman:x'],
    ['  podman:x  ', 'podman', 'x'],
    ['x@sha256:0a', undefined, 'x@sha256:0a'],
  ])('reads %j', (text, runtime, reference) => {
    expect(read(text)).toEqual([runtime, reference]);
  });

  it.each([
    ['', 'no image is named'],
    ['podman', '`podman` says with what to run, but not which image'],
    ['auto', '`auto` says with what to run, but not which image'],
    ['none', '`none` is the host, no image'],
    ['podman:', 'behind `podman:` stands no image'],
    ['auto:', 'behind `auto:` stands no image'],
    ['podman:--privileged', "the image's name `--privileged` begins with `-`, as options do"],
    ['-v/:/mnt', "the image's name `-v/:/mnt` begins with `-`, as options do"],
    ['docker://-x', "the image's name `docker://-x` begins with `-`, as options do"],
    ['podman:a b', "the image's name `a b` has a blank"],
    ['podmn:x:1', 'there is no container runtime `podmn`'],
    ['Podman:a/x', 'there is no container runtime `Podman`'],
    ['podman://x', '`//` stands behind the runtime `podman`'],
    ['a\nb', 'the image\'s name "a\\nb" has a control character'],
  ])('refuses %j', (text, message) => {
    expect(read(text)).toEqual(['wrong', message]);
  });

  it('is read without an exception, and an accepted one never begins with `-`, whatever is typed', () => {
    const part = fc.constantFrom(
      ...RUNTIMES,
      'auto',
      'none',
      ':',
      '//',
      '-',
      '--',
      ' ',
      '\n',
      'x',
      '/',
      '.sif',
      '@',
      '~',
    );
    const texts = fc.oneof(
      fc.string({unit: 'grapheme'}),
      fc.array(part, {maxLength: 6}).map(parts => parts.join('')),
    );
    fc.assert(
      fc.property(texts, text => {
        const parsed = parseReference(text, RUNTIMES);
        if (!parsed.ok) return parsed.error.message !== '' && parsed.error.remedy !== '';
        const {reference, runtime} = parsed.value;
        meantRuntime(parsed.value, RUNTIMES);
        withDigest(reference, 'ab');
        return (
          reference !== '' &&
          !reference.startsWith('-') &&
          parsed.value.text.endsWith(reference) &&
          (runtime === undefined || parsed.value.text === `${runtime}:${reference}`)
        );
      }),
      {numRuns, seed: 7},
    );
  });

  it('is a path where it can be nothing else', () => {
    const paths = ['/x', './x', '../x', '.', 'x.sif', 'a/b.simg'];
    expect(paths.filter(isPathSyntax)).toEqual(paths);
    expect(['x', 'a/b:1', 'docker://x.sif', 'library://x', '.x'].filter(isPathSyntax)).toEqual([]);
  });

  it('may have a misspelt runtime before it', () => {
    const meant = (text: string): string | undefined => {
      const parsed = parseReference(text, RUNTIMES);
      return parsed.ok ? meantRuntime(parsed.value, RUNTIMES) : undefined;
    };
    expect(meant('podmn:7')).toBe('podman:7');
    expect(meant('podman://x')).toBeUndefined();
    expect(meant('docker://x:1')).toBeUndefined();
    expect(meant('centos:7')).toBeUndefined();
    expect(meant('docker:x')).toBeUndefined();
  });

  it('takes a digest in the place of its tag', () => {
    expect(withDigest('x', 'ab')).toBe('x@sha256:ab');
    expect(withDigest('a.org:5000/x:1', 'ab')).toBe('a.org:5000/x@sha256:ab');
    expect(withDigest('a.org:5000/x', 'ab')).toBe('a.org:5000/x@sha256:ab');
    expect(withDigest('docker://x:1', 'ab')).toBe('docker://x@sha256:ab');
    expect(withDigest('x:1@sha256:cd', 'ab')).toBe('x@sha256:ab');
  });
});
