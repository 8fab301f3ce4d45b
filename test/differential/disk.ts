import {createRequire} from 'node:module';
import {chmodSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {pathOf} from './oracle-command.js';
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
}

/** A program with the command line of those of the stack: it gathers what it reads, and writes the hash of that. */
const programText = (version: number): string => `#!/usr/bin/env weft-test-shell
set -euo pipefail; shopt -s nullglob
root=$1; own=$3; shift 3
name=\${0##*/}; name=\${name%.py}
top=\${root%/*}
t="$name v${version} i$INTERPRETER \${ONE-}\${TWO-} \${ASSIGNED-}"
for f in "$MYPKG_DIR"/python/*; do t+=$'\\n'"local \${f##*/}=$(< "$f")"; done
ids=() configs=() others=() words=() visits=() ccds=() filters=() option= tag= show= any=
expand() {
  local part
  for part in \${1//^/ }; do
    if [[ $part == *..* ]]; then seq "\${part%%..*}" "\${part##*..}"; else echo "$part"; fi
  done | sort -u
}
take() {
  local values
  case $option in
  --id)
    mapfile -t values < <(expand "\${1#*=}")
    case \${1%%=*} in visit) visits=("\${values[@]}") ;; ccd) ccds=("\${values[@]}") ;; filter) filters=("\${values[@]}") ;; esac
    ids+=("id \${1%%=*}=$(IFS=^; echo "\${values[*]}")") ;;
  -c | --config) configs+=("config $1"); if [[ $1 == tag=* ]]; then tag=\${1#tag=}; fi ;;
  -C | --configfile) configs+=("file $(< "$top/$1")") ;;
  --show) show=yes ;;
  -j | -L | --processes | --loglevel) ;;
  '') words+=("word $1") ;;
  *) others+=("$option $1") ;;
  esac
}
for word; do
  case $word in
  --doraise | --longlog | --no-versions) ;;
  -j?*) ;;
  --*=*) option=\${word%%=*}; take "\${word#*=}" ;;
  -*) option=$word ;;
  *) take "$word" ;;
  esac
done
add() { local line; if (($# > 0)); then while IFS= read -r line; do t+=$'\\n'$line; done < <(printf '%s\\n' "$@" | if [[ $any == sorted ]]; then sort; else cat; fi); fi; }
any=sorted add "\${ids[@]}"
add "\${configs[@]}"
any=sorted add "\${others[@]}"
add "\${words[@]}"
has() { local wanted=$1 one; shift; if (($# == 0)); then return 0; fi; for one; do if [[ $one == "$wanted" ]]; then return 0; fi; done; return 1; }
case $name in processCcd | characterizeImage)
  for f in "$root"/SKY/*/*/*/HSC-*.fits; do
    base=\${f##*/HSC-}; visit=\${base%%-*}; ccd=\${base##*-}; ccd=\${ccd%.fits}; filter=\${f%/*}
    if has "$((10#$visit))" "\${visits[@]}" && has "$((10#$ccd))" "\${ccds[@]}" && has "\${filter##*/}" "\${filters[@]}"; then t+=$'\\n'"raw $(< "$f")"; fi
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
    for f in "$parent"/out/*; do from[out/\${f##*/}]=$(< "$f"); done
    if [[ \${parent##*/} == join-* && ! -d $parent/out ]]; then parents "$parent"; fi
  done < "$1/repositoryCfg.yaml"
}
parents "$root/rerun/$own"
any=sorted
lines=(); for f in "\${!from[@]}"; do lines+=("$f=\${from[$f]}"); done
add "\${lines[@]}"
echo "\${tag//-/ }" >> "$top.log"
printf '%s\\0' "$tag: $t" >> "$top.seen"
h=$(printf '%s' "$t" | sha256sum)
if [[ $show ]]; then echo "\${h:0:16}"; else mkdir -p "$root/rerun/$own/out"; echo "\${h:0:16}" > "$root/rerun/$own/out/$name-$tag.txt"; fi
`;

function writeRoot(stack: Stack, root: string): void {
  put(join(root, '_mapper'), `${stack.mapper}\n`);
  const raws = Object.fromEntries(stack.raws.map(raw => [pathOf(raw), raw.text]));
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
    stack.raws.map(({visit, ccd, filter, seconds}) => ({
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

/** What databases hold, by their paths. */
const written = new Map<string, string>();

/** A database with one table; left alone where its rows are these. */
function table(path: string, name: string, rows: readonly Readonly<Record<string, string | number>>[]): void {
  const text = JSON.stringify(rows);
  if (existsSync(path) && written.get(path) === text) return;
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
  written.set(path, text);
}
