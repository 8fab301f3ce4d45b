import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import ts from 'typescript';
import {expect, test} from 'vitest';
import {CODES} from '../../../kernel/cell/codes.js';
import {root} from '../../rig/sources.js';

const page = readFileSync(join(root, 'docs/containers.md'), 'utf8');

test('the runtime that docs/containers.md shows is one', {timeout: 60_000}, () => {
  const text = /^```ts\n(.*?)^```$/ms.exec(page)?.[1] ?? '';
  expect(text).toContain(': Runtime = {');
  const file = join(root, 'kernel/run/containers/documented.ts');
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), path => ts.sys.readFile(path));
  const {options} = ts.parseJsonConfigFileContent(config.config, {...ts.sys, readDirectory: () => []}, root);
  const base = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...base,
    fileExists: path => path === file || base.fileExists(path),
    readFile: path => (path === file ? text : base.readFile(path)),
    getSourceFile: (path, version) =>
      path === file ? ts.createSourceFile(path, text, version, true) : base.getSourceFile(path, version),
  };
  const program = ts.createProgram([file], {...options, noEmit: true}, host);
  const source = program.getSourceFile(file);
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  expect(found.map(({messageText}) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});

test('the codes that docs/containers.md names exist', () => {
  const named = page.match(/\bW\d{4}\b/g) ?? [];
  expect(named.filter(code => !(code in CODES))).toEqual([]);
});
