import {expect, test} from 'vitest';
import {isPlainEnvironment, isPlainScript} from '../../magics/plain-script.js';

test.each([
  'echo $i > o',
  'python reduce.py --visit "$visit" > out.txt',
  'for f in *.fits; do wc -c "$f"; done | sort -n | tail -1',
  'sort() { command sort "$@"; }; local=3; echo ${#local} ${local%x} ${local:-x} $?',
  'if [[ -e x ]]; then rm x; fi; sleep 1 & wait; echo $_x ${_x}',
  'export A=1; cd sub; exit 3',
  'cat skills.txt > offset; echo "typesetting"',
])('a script that asks nothing of its process is plain: %s', script => {
  expect(isPlainScript(script)).toBe(true);
});

test.each([
  'echo $$',
  'echo ${$}',
  'echo "$0"',
  'echo $-',
  'echo $!',
  'sleep 1 & wait $!',
  'echo "$_"',
  'echo ${_}',
  'echo ${_:-x}',
  'echo ${!name}',
  'x=a; echo ${x@P}',
  "x=$'\\x24'",
  'echo $PPID',
  'echo $BASHPID',
  'echo "${BASH_SOURCE[0]}"',
  'kill -TERM 0',
  'trap "rm -f t" EXIT',
  'set -x',
  'shopt -s nullglob',
  '. lib.sh',
  'if true; then . lib.sh; fi',
  'source lib.sh',
  'eval "$x"',
  'declare -p',
  'exec python x.py',
  'ps aux',
  '"kill" 1',
  "k'i'll 1",
  'ki\\\nll 1',
  '\\kill 1',
  'echo $weft_pid',
  'weft_now',
  'echo $((1 / 0))',
  '((x++))',
  'let x=1',
  'echo $[1 + 1]',
  'a[1]=2',
  'echo ${a[0]}',
  'echo ${x:1:2}',
  'echo ${x!y}',
  'echo ${@}',
])('a script that may ask something of its process is not: %s', script => {
  expect(isPlainScript(script)).toBe(false);
});

test('an environment is plain unless it has names of bash, or locales that may not be there', () => {
  expect(isPlainEnvironment({PATH: '/bin', LC_ALL: 'C.UTF-8', DATA: 'x'})).toBe(true);
  for (const other of [{LC_ALL: 'de_DE'}, {BASH_ENV: 'x'}, {SHELLOPTS: 'x'}, {weft_pid: '1'}, {LC_TIME: 'C'}])
    expect(isPlainEnvironment(other)).toBe(false);
});
