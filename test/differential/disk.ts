import {createRequire} from 'node:module';
import {chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {pathOf} from './oracle-command.js';
import {stable} from './oracle-files.js';
import type {Model, Stack} from './model.js';

const {Database} = createRequire(import.meta.url)('node-sqlite3-wasm') as typeof import('node-sqlite3-wasm');

/** What lies in a notebook's directory and is none of the model's. */
const OTHERS = new Set(['.weft', 'DATA', 'stack', 'weft.lock']);

/** Brings a notebook's directory to what the model says. What is there with the right text is left alone, time stamps and all. */
export function writeModel(model: Model, directory: string): void {
  mkdirSync(directory, {recursive: true});
  for (const name of filesIn(directory, '')) if (model.files[name] === undefined) rmSync(join(directory, name));
  for (const [name, text] of Object.entries(model.files)) put(join(directory, name), text);
  put(`${directory}.undeclared`, model.undeclared);
  put(`${directory}.failing`, model.failing.join(' '));
  if (model.stack !== null) {
    writeStack(model.stack, join(directory, 'stack'));
    writeRoot(model.stack, join(directory, 'DATA'));
  }
}

/** Files below a directory, but for what is not the model's. */
export function filesIn(directory: string, below: string): readonly string[] {
  return readdirSync(join(directory, below), {withFileTypes: true}).flatMap(entry => {
    const name = below === '' ? entry.name : `${below}/${entry.name}`;
    if (below === '' && OTHERS.has(entry.name)) return [];
    return entry.isDirectory() ? filesIn(directory, name) : [name];
  });
}

function put(path: string, text: string, mode?: number): void {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), {recursive: true});
  writeFileSync(path, text);
  if (mode !== undefined) chmodSync(path, mode);
}

/** A directory with these files and no others. */
function putAll(directory: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(directory, {recursive: true});
  for (const name of readdirSync(directory))
    if (files[name] === undefined && lstatSync(join(directory, name)).isFile()) rmSync(join(directory, name));
  for (const [name, text] of Object.entries(files)) put(join(directory, name), text);
}

const TASKS = ['processCcd', 'characterizeImage', 'makeCoaddTempExp', 'measureCoaddSources'];

function writeStack(stack: Stack, directory: string): void {
  const rows = stack.products.map(([name, version]) => `echo '   ${name}   ${version}   setup'`);
  put(
    join(directory, 'setup.sh'),
    [
      'export PATH="$PWD/stack/bin:$PATH"',
      'export MYPKG_DIR="$PWD/stack/mypkg"',
      'eups() {',
      ...rows,
      'echo "   mypkg   LOCAL:$MYPKG_DIR   setup"',
      '}',
      '',
    ].join('\n'),
  );
  putAll(join(directory, 'mypkg', 'python'), stack.local);
  put(
    join(directory, 'bin', 'weft-test-shell'),
    `#!/bin/bash\nexport INTERPRETER=${stack.interpreter}\nexec bash "$@"\n`,
    0o755,
  );
  for (const task of TASKS) put(join(directory, 'bin', `${task}.py`), programText(stack.program), 0o755);
  put(join(directory, 'bin', 'ingestImages.py'), ingestText(stack.program), 0o755);
  put(join(directory, 'bin', 'weft-test-ingest'), INGEST, 0o755);
}

/** A program that puts exposures into the root: what it reads is only what it is given. */
const ingestText = (version: number): string => `#!/usr/bin/env weft-test-shell
set -euo pipefail
top=\${0%/stack/bin/*}
root=$1; shift
files=()
while (($# > 0)); do
  case $1 in
  -c) echo "\${2#tag=}" >> "$top.log"; shift 2 ;;
  *) files+=("$1"); shift ;;
  esac
done
# ${version}
exec "$top/stack/bin/weft-test-ingest" "$root" "\${files[@]}"
`;

const INGEST = `#!${process.execPath}
const {Database} = require(${JSON.stringify(createRequire(import.meta.url).resolve('node-sqlite3-wasm'))});
const {basename, dirname, join} = require('node:path');
const {copyFileSync, existsSync, mkdirSync} = require('node:fs');
const [root, ...files] = process.argv.slice(2);
const database = new Database(join(root, 'registry.sqlite3'));
for (const file of files) {
  const [, visit, ccd, filter] = /^(\\d+)-(\\d+)-(.*)\\.fits$/.exec(basename(file));
  const path = join(root, 'SKY/2014-01-01/00001', filter, 'HSC-' + visit.padStart(7, '0') + '-' + ccd.padStart(3, '0') + '.fits');
  mkdirSync(dirname(path), {recursive: true});
  if (!existsSync(path)) copyFileSync(file, path);
  const there = database.all('SELECT visit FROM raw WHERE visit = ? AND ccd = ?', [Number(visit), Number(ccd)]);
  if (there.length === 0)
    database.run(
      "INSERT INTO raw (visit, ccd, filter, expTime, field, dateObs, pointing) VALUES (?, ?, ?, 30, 'SKY', '2014-01-01', 1)",
      [Number(visit), Number(ccd), filter],
    );
}
database.close();
`;

/** A program with the command line of those of the stack: it gathers what it reads, and writes the hash of that. */
const programText = (version: number): string => `#!/usr/bin/env weft-test-shell
set -euo pipefail; shopt -s nullglob
root=$1; own=$3; shift 3
name=\${0##*/}; name=\${name%.py}
top=\${root%/*}
t="$name v${version} i$INTERPRETER \${ONE-}\${TWO-} \${ASSIGNED-}"
for f in "$MYPKG_DIR"/python/*; do t+=$'\\n'"local \${f##*/}=$(< "$f")"; done
ids=() configs=() others=() words=() keys=() group=-1 option= tag= show= any= quiet= undeclared=
declare -A chosen=()
expand() {
  local part
  for part in \${1//^/ }; do
    if [[ $part == *..* ]]; then seq "\${part%%..*}" "\${part##*..}"; else echo "$part"; fi
  done | sort -u
}
take() {
  local values value
  case $option in
  --id)
    mapfile -t values < <(expand "\${1#*=}")
    chosen[$group \${1%%=*}]=\${values[*]}
    if [[ " \${keys[*]} " != *" \${1%%=*} "* ]]; then keys+=("\${1%%=*}"); fi
    for value in "\${values[@]}"; do ids+=("\${1%%=*}=$value"); done ;;
  -c | --config) configs+=("config $1"); case $1 in tag=*) tag=\${1#tag=} ;; quiet=1) quiet=yes ;; undeclared=1) undeclared=yes ;; esac ;;
  -C | --configfile) configs+=("file $(< "$top/$1")") ;;
  --show) show=$1 ;;
  -j | -L | --processes | --loglevel) ;;
  '') words+=("word $1") ;;
  *) others+=("$option $1") ;;
  esac
}
for word; do
  case $word in
  --doraise | --longlog | --no-versions) ;;
  -j?*) ;;
  --id) option=$word; group=$((group + 1)) ;;
  --*=*) option=\${word%%=*}; take "\${word#*=}" ;;
  -*) option=$word ;;
  *) take "$word" ;;
  esac
done
add() { local line; if (($# > 0)); then while IFS= read -r line; do t+=$'\\n'$line; done < <(printf '%s\\n' "$@" | if [[ $any == sorted ]]; then sort -u; else cat; fi); fi; }
any=sorted add "\${ids[@]/#/id }"
add "\${configs[@]}"
any=sorted add "\${others[@]}"
add "\${words[@]}"
fits() {
  local i key found
  for ((i = 0; i <= (group < 0 ? 0 : group); i++)); do
    found=yes
    for key in visit=$1 ccd=$2 filter=$3; do
      if [[ \${chosen[$i \${key%%=*}]-} && " \${chosen[$i \${key%%=*}]} " != *" \${key#*=} "* ]]; then found=; fi
    done
    if [[ $found ]]; then return 0; fi
  done
  return 1
}
all=()
case $name in processCcd | characterizeImage)
  for f in "$root"/SKY/*/*/*/HSC-*.fits; do
    base=\${f##*/HSC-}; visit=$((10#\${base%%-*})); ccd=\${base##*-}; ccd=$((10#\${ccd%.fits})); filter=\${f%/*}; filter=\${filter##*/}
    if fits $visit $ccd $filter; then
      t+=$'\\n'"raw $(< "$f")"
      all+=("'visit': $visit, 'ccd': $ccd, 'filter': '$filter'")
    fi
  done ;;
*)
  all=('')
  for key in "\${keys[@]}"; do
    before=("\${all[@]}"); all=()
    for one in "\${before[@]}"; do for value in \${chosen[0 $key]}; do all+=("\${one:+$one, }'$key': '$value'"); done; done
  done ;;
esac
case $name in makeCoaddTempExp) ;; *) for f in "$root"/ref_cats/*; do t+=$'\\n'"refcat $(< "$f")"; done ;; esac
declare -A from=()
parents() {
  local line parent f
  if [[ ! -e $1/repositoryCfg.yaml ]]; then return; fi
  while IFS= read -r line; do
    case $line in '- !'*) continue ;; '- '*) parent=$1/\${line#- } ;; *) continue ;; esac
    parent=$(realpath "$parent")
    if [[ $parent == "$root" ]]; then continue; fi
    for f in "$parent"/out/*; do if [[ ! \${from[out/\${f##*/}]+there} ]]; then from[out/\${f##*/}]=$(< "$f"); fi; done
    parents "$parent"
  done < "$1/repositoryCfg.yaml"
}
if [[ ! $quiet ]]; then parents "$root/rerun/$own"; fi
any=sorted
lines=(); for f in "\${!from[@]}"; do lines+=("$f=\${from[$f]}"); done
add "\${lines[@]}"
if [[ $undeclared ]]; then t+=$'\n'"undeclared=$(< "$top.undeclared")"; fi
falter() { if [[ " $(< "$top.failing") " == *" $tag "* ]]; then exit 3; fi; }
data=
case $tag in
d*)
  if [[ $show == data ]]; then
    echo "\${tag//-/ } data" >> "$top.log"
    falter
    for one in "\${all[@]}"; do echo "id dataRef.dataId = {$one}"; done
    exit
  fi
  data=$(printf '%s\n' "\${ids[@]}" | sort -u | paste -sd _) ;;
esac
echo "\${tag//-/ }\${data:+ $data}" >> "$top.log"
printf '%s\\0' "$tag\${data:+-$data}: $t" >> "$top.seen"
falter
h=$(printf '%s' "$t" | sha256sum)
if [[ $show ]]; then echo "\${h:0:16}"; else mkdir -p "$root/rerun/$own/out"; echo "\${h:0:16}" > "$root/rerun/$own/out/$name-$tag\${data:+-$data}.txt"; fi
`;

function writeRoot({ingested, ...stack}: Stack, root: string): void {
  const all = [...stack.raws, ...ingested];
  put(join(root, '_mapper'), `${stack.mapper}\n`);
  const raws = Object.fromEntries(all.map(raw => [pathOf(raw), raw.text]));
  mkdirSync(join(root, 'SKY'), {recursive: true});
  for (const name of filesIn(join(root, 'SKY'), ''))
    if (raws[`SKY/${name}`] === undefined) rmSync(join(root, 'SKY', name));
  for (const [name, text] of Object.entries(raws)) put(join(root, name), text);
  putAll(join(root, 'ref_cats'), stack.catalogue);
  putAll(join(root, 'transmission'), stack.transmission);
  const calibrations = stack.calibrations.map(
    ({ccd, date, text}) => [`BIAS-${date}-${String(ccd).padStart(3, '0')}.fits`, text] as const,
  );
  putAll(join(root, 'CALIB', 'BIAS'), Object.fromEntries(calibrations));
  putAll(join(root, 'deepCoadd'), stack.skymap === null ? {} : {'skyMap.pickle': stack.skymap});
  table(
    join(root, 'registry.sqlite3'),
    'raw',
    all.map(({visit, ccd, filter, seconds}) => ({
      visit,
      ccd,
      filter,
      expTime: seconds,
      field: 'SKY',
      dateObs: '2014-01-01',
      pointing: 1,
    })),
  );
  table(
    join(root, 'CALIB', 'calibRegistry.sqlite3'),
    'bias',
    stack.calibrations.map(({ccd, date}) => ({ccd, filter: 'NONE', calibDate: date})),
  );
}

/** A database with one table; left alone where its rows are these. */
function table(path: string, name: string, rows: readonly Readonly<Record<string, string | number>>[]): void {
  if (existsSync(path) && contentsOf(path, name) === textOf(rows)) return;
  rmSync(path, {force: true});
  const database = new Database(path);
  try {
    const columns = Object.keys(rows[0] ?? {none: 0});
    database.exec(`CREATE TABLE ${name} (id INTEGER PRIMARY KEY, ${columns.join(', ')})`);
    for (const row of rows)
      database.run(
        `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
        Object.values(row),
      );
  } finally {
    database.close();
  }
}

function contentsOf(path: string, name: string): string {
  const database = new Database(path, {readOnly: true});
  try {
    return textOf(database.all(`SELECT * FROM ${name}`) as readonly Readonly<Record<string, string | number>>[]);
  } finally {
    database.close();
  }
}

/** Rows as a text, whatever their numbers and their order. */
const textOf = (rows: readonly Readonly<Record<string, string | number>>[]): string =>
  rows
    .map(({id: _, ...row}) => stable(row))
    .sort()
    .join('\n');
