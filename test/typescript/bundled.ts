import {mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';

const root = join(import.meta.dirname, '../..');

/** Bundles kernel/user.ts where its externals are found, and gives the path. */
export async function bundledUser(): Promise<string> {
  const folder = join(root, 'node_modules/.cache/weft-test');
  mkdirSync(folder, {recursive: true});
  const outfile = join(folder, `user-${process.pid}.js`);
  await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'kernel/user.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['oxc-transform'],
    inject: [join(root, 'kernel/typescript/platform.ts')],
    logLevel: 'error',
  });
  return outfile;
}
