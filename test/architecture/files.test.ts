import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import ts from 'typescript';
import {expect, test} from 'vitest';
import {filesBelow, parse, root} from '../rig/sources.js';

const sources = filesBelow(['kernel', 'magics', 'notebooks'], ['.ts']);

test('a file is one noun: none is named after what has no name', () => {
  const vague = /^(utils?|helpers?|managers?|types?|index|common|misc)\./;
  expect(sources.map(file => file.path).filter(path => vague.test(basename(path)))).toEqual([]);
});

test('no source file has more than 300 lines', () => {
  const long = sources.flatMap(({path, text}) => {
    const lines = text.split('\n').length - 1;
    return lines > 300 ? [`${path}: ${lines}`] : [];
  });
  expect(long).toEqual([]);
});

// It reads every source, which a busy machine takes its time for.
test('every exported thing has a docstring', {timeout: 60_000}, () => {
  const bare = sources.flatMap(file => {
    const documented = new Set<string>();
    const exported = new Map<string, number>();
    const tree = parse(file);
    for (const statement of tree.statements) {
      if (!ts.canHaveModifiers(statement)) continue;
      if (!(ts.getModifiers(statement) ?? []).some(({kind}) => kind === ts.SyntaxKind.ExportKeyword)) continue;
      const line = tree.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
      const hasDoc = ts.getJSDocCommentsAndTags(statement).some(ts.isJSDoc);
      for (const name of namesOf(statement)) {
        // Overloads, and a type with a value of the same name, have one docstring between them.
        if (hasDoc) documented.add(name);
        exported.set(name, exported.get(name) ?? line);
      }
    }
    return [...exported].flatMap(([name, line]) => (documented.has(name) ? [] : [`${file.path}:${line} ${name}`]));
  });
  expect(bare).toEqual([]);
});

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({name}) => name.getText());
  }
  const {name} = statement as {name?: ts.Node};
  return [name?.getText() ?? '(default)'];
}

test('nothing names a path of the machine it was written on', () => {
  const machine = new RegExp(String.raw`(^|[^\w.}/])/(work/(main|shared|\.library)|root/)`);
  const folders = ['kernel', 'magics', 'notebooks', 'test', 'bench', 'docs', '.ci'];
  const endings = ['.ts', '.js', '.json', '.md', '.sh', '.py', '.ipynb', 'run'];
  const files = [
    ...filesBelow(folders, endings),
    ...readdirSync(root)
      .filter(name => /\.(md|js|ts|json)$/.test(name) && name !== 'package-lock.json')
      .map(path => ({path, text: readFileSync(join(root, path), 'utf8')})),
  ];
  const found = files.flatMap(({path, text}) =>
    text
      .split('\n')
      .flatMap((line, i) => (machine.test(line) ? [`${path}:${i + 1} ${line.trim().slice(0, 100)}`] : [])),
  );
  expect(found).toEqual([]);
});

test('ARCHITECTURE.md mentions every room of the kernel', () => {
  const page = join(root, 'ARCHITECTURE.md');
  // The page comes with the first whole kernel.
  const text = existsSync(page) ? readFileSync(page, 'utf8') : undefined;
  const rooms = readdirSync(join(root, 'kernel'), {withFileTypes: true}).filter(entry => entry.isDirectory());
  const absent = rooms.map(({name}) => name).filter(name => text !== undefined && !text.includes(`${name}/`));
  expect(absent).toEqual([]);
});
