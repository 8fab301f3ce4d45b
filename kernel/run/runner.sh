#!/bin/bash
# Runs jobs one after the other, for as long as its standard input gives some. It outlives the kernel that started it.
#
# In, for each job a message: a line of four numbers of six digits, how many bytes and how many characters its head and its TEXT have; then
# the head, of fields that end with US (0x1f) each: DIRECTORY SCRIPT SECONDS ATTEMPT BYTES STDOUT LINE SHARED, of time and of memory, empty:
# no limit; then the TEXT.
# With a STDOUT, what the job writes to its standard output is copied to that file of its directory, besides the log. With a LINE: but where it
# succeeds and has said one short line, and nothing to its standard error, the end of the job tells that line, and neither file has it.
# With a TEXT, that is run by a fork of this very bash, for scripts that can't tell the difference; SCRIPT is where it is written for a
# bash that is too old for that. Without a SCRIPT it starts what the directory's `.weft.start` says, and ends it as its `.weft.stop` says:
#   .weft.start  words for `env -i`, each ended by a NUL: NAME=VALUE…, a program, its arguments
#   .weft.stop   `session` or nothing, `shared` or nothing, then commands: `ask` or `remove`, how many words, such words
# A first message `inside`, and the number and the start of a process of the host, says that it runs in a container, as the
# child of that process: numbers of processes mean nothing outside then, and it looks by itself for cancelled jobs.
# Out, one answer a line, fields separated by tabs:
#   ready VERSION                            once, before anything else
#   started TIME                             a job that is SHARED, as another runner was given it, runs here
#   ended START END                          END is what `.weft.exit` says, with spaces between:
#                                            CODE TIME [signal|timeout|cancelled|memory [BYTES]], or 0 TIME =LINE with the line that it tells
#   skipped                                  it was recalled, or another runner has it
#   lost MESSAGE                             it could not be started
# Times are seconds since the epoch. In the job's directory it writes `.weft.log`, `.weft.started` and `.weft.exit`.
# `memory` is with the bytes that it took where this runner ended it, and without where the machine or a container did.
# SIGUSR2 says: look for `.weft.cancelled` in the directory of the job that runs now.
#
# It works in bash 4.2 and later. All is in functions and one group, so that the file may be replaced while it runs. All names begin with
# `weft_`, as a TEXT runs beside them. What each job comes by is in the group, since bash copies a function each time that it is called.

# What the task gets back: this script needs a decimal point. Mostly tasks have this locale, and a TEXT need not load it again.
declare -r weft_locale=${LC_ALL-} weft_has_locale=${LC_ALL+yes}
{ LC_ALL=C.UTF-8; } 2>/dev/null
weft_wide=é
# Characters from which on a line of a value is left to another process.
weft_long=16384
# Where the numbers of characters stand, and not those of bytes.
((${#weft_wide} == 1)) && weft_wide=7 || { LC_ALL=C; weft_wide=0; }

# Seconds since the epoch, in weft_now, without a fork.
if [[ ${EPOCHREALTIME-} ]]; then
  weft_tell() { weft_now=$EPOCHREALTIME; }
elif read -r weft_up _ </proc/uptime; then
  declare -r weft_boot=$(($(date +%s%2N) - 10#${weft_up/./}))
  weft_tell() {
    read -r weft_up _ </proc/uptime
    weft_now=$((weft_boot + 10#${weft_up/./}))
    weft_now=${weft_now:0:-2}.${weft_now: -2}
  }
else
  weft_tell() { weft_now=$(date +%s.%N); }
fi 2>/dev/null

# Waits $1 seconds without a fork: nobody ever writes to this pipe.
weft_nap() { read -r -t "$1" -u "$weft_quiet"; }

# What bash itself has said since the last call, in weft_said: a line for each process that a signal ended, and its errors.
weft_listen() {
  local line
  weft_said=
  while read -r -t 0 -u "$weft_errors" && IFS= read -r -u "$weft_errors" line; do weft_said+=$line' '; done
}

# How many processes this machine has ended for want of memory, its containers included, in weft_ooms, and when that was, in
# weft_counted (proc_vmstat(5): `oom_kill`).
weft_count() {
  local text=
  weft_ooms= weft_counted=$SECONDS
  { IFS= read -r -d '' text </proc/vmstat; } 2>/dev/null
  [[ $text =~ oom_kill\ ([0-9]+) ]] && weft_ooms=${BASH_REMATCH[1]}
}

# The words of a file, each of which a NUL ends, in weft_words.
weft_read() {
  local word
  weft_words=()
  while IFS= read -r -d '' word; do weft_words+=("$word"); done <"$1"
}

# Runs the commands of one kind that `.weft.stop` has, each for five seconds at most. Fails if there are none.
weft_engine() {
  local i count any=1
  for ((i = 2; i < ${#weft_stops[@]}; i += count + 2)); do
    count=${weft_stops[i + 1]}
    [[ ${weft_stops[i]} == "$1" ]] || continue
    any=0
    timeout -s KILL 5 env -i -- "${weft_stops[@]:i + 2:count}"
  done
  return "$any"
} </dev/null >/dev/null 2>&1

# Asks the job that runs to end, and ends it five seconds later. One in a container is asked again and again: it may not
# be there yet, or lose a signal while it is set up.
weft_press() {
  local end=$((SECONDS + 5))
  if [[ $weft_script ]]; then
    weft_nap 5
  else
    while ((SECONDS < end)); do
      weft_engine ask || { kill -TERM -- "-$weft_pid"; kill -CONT -- "-$weft_pid"; }
      weft_nap 0.5
    done
  fi
  kill -KILL -- "-$weft_pid"
}

# Ends the job that runs.
weft_stop() {
  [[ $weft_pid && ! $weft_why ]] || return
  weft_why=$1
  # What takes too much memory would take more while it is asked.
  [[ $weft_why == memory ]] && { kill -KILL -- "-$weft_pid"; return; }
  [[ $weft_script ]] && { kill -TERM -- "-$weft_pid"; kill -CONT -- "-$weft_pid"; }
  weft_press </dev/null >/dev/null 2>&1 {weft_life}>&- &
  weft_killer=$!
  # Out of the table of jobs: bash must tell of no signals but those of the task, and not wait for this one.
  disown "$weft_killer"
} 2>/dev/null

weft_look() { [[ $weft_pid && -e $weft_directory/.weft.cancelled ]] && weft_stop cancelled; }

# True if a living process is in the group: a zombie that nobody reaps is not one.
weft_group_lives() {
  kill -0 -- "-$weft_pid" 2>/dev/null || return
  [[ -e /proc/self/stat ]] || return 0
  local file stat
  for file in /proc/[0-9]*/stat; do
    { read -r stat <"$file"; } 2>/dev/null || continue
    stat=(${stat##*) })
    [[ ${stat[2]} == "$weft_pid" && ${stat[0]} != Z ]] && return
  done
  return 1
}

# Ends what the job left behind in its group.
weft_sweep() {
  kill -TERM -- "-$weft_pid"
  kill -CONT -- "-$weft_pid"
  local i
  for ((i = 0; i < 50; i++)); do
    weft_group_lives || return
    weft_nap 0.1
  done
  kill -KILL -- "-$weft_pid"
} 2>/dev/null

# Ends all whose numbers the function $1 puts into weft_found: SIGTERM, and SIGKILL a second later.
weft_finish() {
  local i signal=TERM
  for ((i = 0; i < 20; i++)); do
    weft_found=()
    "$1"
    ((${#weft_found[@]})) || return
    ((i < 10)) || signal=KILL
    kill "-$signal" "${weft_found[@]}"
    weft_nap 0.1
  done
} 2>/dev/null

# What is in the session of this runner, but for itself.
weft_in_session() {
  local file stat
  for file in "/proc/$$/stat" /proc/[0-9]*/stat; do
    { read -r stat <"$file"; } 2>/dev/null || continue
    stat=(${stat##*) })
    if [[ $file == "/proc/$$/stat" ]]; then
      # Of a session that is not its own it knows nothing.
      [[ ${stat[3]} == "$$" ]] || return
    elif [[ ${stat[3]} == "$$" && ${stat[0]} != Z ]]; then
      weft_found+=("${file//[!0-9]/}")
    fi
  done
}

# What has the job's attempt in its environment, whatever its group, its session and its parent.
weft_in_attempt() {
  weft_found=($(grep -lsxzF -- "WEFT_ATTEMPT=$weft_attempt" /proc/[0-9]*/environ </dev/null))
  weft_found=("${weft_found[@]//[!0-9]/}")
}

# What the job takes now, in bytes in `used`: its process, all that comes of it, and all that has its attempt in its
# environment, which is looked for at each fifth call. $1: how large a page is. $2: the limit. Pages that are shared count
# once, which is looked at only where the limit might be passed.
weft_measure() {
  local file member name value pages next=("$weft_pid") more kids most=0
  local -A members=()
  [[ $weft_attempt ]] && ((looks++ % 5 == 0)) && { weft_in_attempt; strays=("${weft_found[@]}"); }
  next+=("${strays[@]}")
  while ((${#next[@]})); do
    more=()
    for member in "${next[@]}"; do
      [[ ${members[$member]-} ]] && continue
      members[$member]=yes
      for file in /proc/"$member"/task/*/children; do
        kids=()
        read -r -a kids <"$file"
        more+=("${kids[@]}")
      done
    done
    next=("${more[@]}")
  done
  used=0
  for member in "${!members[@]}"; do
    pages=0
    read -r _ pages _ <"/proc/$member/statm"
    ((most += pages * $1))
  done
  ((most > $2)) || return
  for member in "${!members[@]}"; do
    pages=0
    read -r _ pages _ <"/proc/$member/statm"
    ((pages)) || continue
    while read -r name value _; do
      [[ $name == Pss: ]] && { pages= used=$((used + value * 1024)); break; }
    done <"/proc/$member/smaps_rollup"
    # It may belong to somebody else: a program that has set its user.
    ((used += ${pages:-0} * $1))
  done
} 2>/dev/null

# Watches what the job takes, and asks this runner, if it is still there, to end it once that is over weft_memory bytes.
weft_gauge() {
  local page stat looks=0 strays=() used=0
  page=$(getconf PAGESIZE) || page=4096
  while ((used <= weft_memory)); do
    weft_nap 0.5
    read -r stat </proc/self/stat || return
    stat=(${stat##*) })
    [[ ${stat[1]} == "$$" ]] || return
    weft_measure "$page" "$weft_memory"
  done
  echo "$used" >"$weft_directory/.weft.memory"
  kill -ALRM "$$"
}

# Takes away what a job has left that its group does not have: of one that was ended, and of one in a container.
weft_tidy() {
  if [[ ! $weft_script ]]; then
    if [[ $weft_why ]] || ((weft_code >= 125)); then
      # An engine may be making just now what a client asked for that was killed.
      weft_engine remove && ((weft_code == 137)) && { weft_nap 0.5; weft_engine remove; }
    fi
    [[ ${weft_stops[0]-} == session ]] && weft_finish weft_in_session
  fi
  [[ $weft_why && $weft_attempt ]] && weft_finish weft_in_attempt
}

# Goes on to wait for the job's own process, after a wait that gave such a code.
weft_await() {
  while ((weft_code > 128)); do
    # A signal to this runner ends the wait too, and so does a job that is merely stopped.
    if [[ ! $weft_noticed ]]; then
      kill -0 "$weft_pid" 2>/dev/null || return
      weft_nap 0.2
    fi
    weft_noticed=
    wait "$weft_pid"
    weft_code=$?
  done
}

# Ends a helper that is no longer needed, unless its number is another process's by now.
weft_dismiss() {
  local stat
  [[ -e /proc/self/stat ]] || { kill -KILL "$1"; return; }
  read -r stat <"/proc/$1/stat" || return
  stat=(${stat##*) })
  [[ ${stat[1]} == "$$" ]] && kill -KILL "$1"
} 2>/dev/null

# A new pipe, in weft_pipe and weft_end.
weft_open() {
  local line
  # Newer bashs give one without a fork, and a line in it.
  exec {weft_pipe}<&- {weft_pipe}<<<.
  if [[ -p /dev/fd/$weft_pipe ]]; then
    read -r -u "$weft_pipe" line
    exec {weft_end}>"/dev/fd/$weft_pipe"
  else
    exec {weft_pipe}<&- {weft_end}<> <(:)
    exec {weft_pipe}<"/dev/fd/$weft_end"
  fi
}

# Goes on to copy what the job writes to its standard output, by whole lines, until that is closed. Of that, weft_all is in the log
# already, and weft_line is what the last look at the pipe gave, with weft_status: 2 if it is the beginning of a long line. What is more than a
# few lines, or such a line, is left to another process.
weft_copy() {
  local lines=0 tee
  # Something that this job leaves behind may keep the pipe.
  weft_clean=
  while ((weft_status != 1 && weft_status != 2 && lines < 20)); do
    if ((weft_status == 0)); then
      printf '%s\n' "$weft_line"
      weft_all+=$weft_line$'\n' weft_line= lines=$((lines + 1))
    elif [[ $weft_why ]] && ! kill -0 "$weft_pid"; then
      # What has left the job's group, and was not ended with it, is not waited for.
      break
    fi
    weft_part=$weft_line
    IFS= read -r -t 2 -n "$weft_long" -u "$weft_pipe" weft_line
    weft_status=$?
    ((${#weft_line} < weft_long)) || weft_status=2
    weft_line=$weft_part$weft_line
  done
  ((weft_status == 0)) && weft_line+=$'\n'
  printf '%s' "$weft_line"
  printf '%s' "$weft_all$weft_line" >>"$weft_directory/$weft_stdout"
  ((lines == 20 || weft_status == 2)) || return
  tee -a "$weft_directory/$weft_stdout" <&"$weft_pipe" &
  tee=$!
  while kill -0 "$tee"; do
    wait "$tee"
    [[ $weft_why ]] && ! kill -0 "$weft_pid" && kill "$tee"
  done
} 2>/dev/null >>"$weft_directory/.weft.log"

# Keeps the line of a job that can't be told.
weft_keep() {
  printf '%s' "$weft_all" >>"$weft_directory/.weft.log"
  printf '%s' "$weft_all" >>"$weft_directory/$weft_stdout"
}

# Becomes the job, in a process of its own: a TEXT of a bash that is too old, a script, or what `.weft.start` says.
weft_become() {
  trap - PIPE HUP INT
  [[ ! $weft_stdout ]] || exec >&"$weft_end" {weft_end}>&-
  exec {weft_quiet}<&- {weft_errors}<&- {weft_life}>&- {weft_null}<&- {weft_pipe}<&-
  cd "$weft_directory" || exit
  if [[ ! $weft_script ]]; then
    weft_read .weft.start
    exec env -i -- "${weft_words[@]}"
  fi
  [[ ! $weft_text ]] || printf '%s' "$weft_text" >"$weft_script" || exit
  if [[ $weft_has_locale ]]; then LC_ALL=$weft_locale; else unset LC_ALL; fi
  [[ ! $weft_attempt ]] || export WEFT_ATTEMPT="$weft_attempt"
  exec "$BASH" "$weft_script"
}

# What goes before a TEXT. In a string, as bash puts the whole text of what it starts into its table of jobs, each time; in one line, as
# errors name the line.
weft_before='trap - PIPE HUP INT; exec {weft_quiet}<&- {weft_errors}<&- {weft_life}>&- {weft_null}<&- {weft_pipe}<&-; '
weft_before+='export WEFT_ATTEMPT="$weft_attempt"; BASH_ARGV0=$weft_script SHLVL=$((SHLVL + 1)) SECONDS=0; '

# When the job was started, in weft_part: its program has blanks in its name.
weft_birth() {
  local stat=
  weft_part=
  read -r stat <"/proc/$weft_pid/stat" || return
  stat=(${stat##*) })
  weft_part=${stat[19]-}
} 2>/dev/null

weft_begin() {
  { read -r weft_born </proc/$$/stat; } 2>/dev/null
  weft_born=(${weft_born##*) })
  weft_born=${weft_born[19]-}
  weft_client= weft_pid= weft_limit= weft_memory= weft_clean=
  # Older ones have no `BASH_ARGV0`, and were not looked at.
  ((BASH_VERSINFO[0] >= 5)) && weft_new=yes || weft_new=
  cd /
  exec {weft_quiet}<> <(:) {weft_errors}<> <(:) {weft_life}>/dev/null {weft_null}</dev/null {weft_pipe}</dev/null
  exec 2>&"$weft_errors"
  # A kernel that is gone, a terminal that closes and an interrupt of the notebook are no reasons to stop.
  trap '' PIPE HUP INT
  trap 'weft_noticed=yes; [[ $weft_limit ]] && weft_stop timeout' USR1
  trap 'weft_noticed=yes; weft_asked=yes; weft_look' USR2
  trap 'weft_noticed=yes; [[ $weft_memory ]] && weft_stop memory' ALRM
  set -m
  # `-p` was for its own start.
  set +p
  weft_count
  echo "ready	$BASH_VERSION"
}

# Reads $1 characters into weft_part, in one system call: by lines, bash would read a pipe byte by byte. Fails at the end of the input.
weft_rest() {
  local more status
  while ((${#weft_part} < $1)); do
    more=
    IFS= read -r -N $(($1 - ${#weft_part})) more
    status=$?
    weft_part+=$more
    # A signal ends it too.
    ((status == 0 || status > 128)) || return
  done
}

# A message that is not for a job that can be started: its directory is gone, it is cancelled, or there is no job.
weft_pass() {
  if [[ $weft_directory == inside ]]; then
    # It runs in a container, as the child of this process of the host.
    weft_client="$weft_script $weft_limit"
    # Each second, for as long as this runner holds the other end.
    exec {weft_life}>&- {weft_life}> >(while read -r -t 1; (($? > 128)); do kill -USR2 "$$"; done >/dev/null)
  elif [[ -d $weft_directory ]]; then
    echo skipped
  else
    echo "lost	Its directory is gone: $weft_directory"
  fi
}

# What is to be done at once for a job that runs now, if it has a limit or was asked to end.
weft_guard() {
  [[ ! $weft_limit ]] || weft_watch
  [[ ! $weft_memory ]] || weft_limit_memory
  [[ ! $weft_asked ]] || weft_look
}

# What is to be done after a wait for a job that did not just end and leave nothing.
weft_settle() {
  ((weft_code <= 128)) || weft_await
  weft_tell
  if ((weft_code > 128)) && [[ ! $weft_why ]]; then
    # Only bash knows whether a signal ended it or it said `exit 137`: it tells of signals.
    weft_listen
    [[ $weft_said ]] && weft_why=signal
    if ((weft_code == 137)); then
      weft_count
      [[ $weft_ooms_before && $weft_ooms -gt $weft_ooms_before ]] && weft_why=memory
    fi
  fi
  [[ ! $weft_watcher ]] || weft_dismiss "$weft_watcher"
  if [[ $weft_meter ]]; then
    weft_dismiss "$weft_meter"
    [[ $weft_why != memory ]] || read -r weft_used <"$weft_directory/.weft.memory"
  fi 2>/dev/null
  # What is left in its group.
  kill -0 -- "-$weft_pid" 2>&"$weft_null" && weft_sweep
  [[ ! $weft_killer ]] || weft_dismiss "$weft_killer"
  [[ $weft_script && ! $weft_client && ! $weft_why ]] || weft_tidy
}

# Says why the job can't be started whose log could not be made.
weft_refuse() {
  if [[ -e $weft_directory/.weft.log ]]; then echo skipped; else weft_listen; echo "lost	${weft_said//	/ }"; fi
}

# Asks this runner, if it is still there, to end the job once its time is over.
weft_watch() {
  (exec {weft_life}>&-; weft_nap "$weft_limit"; read -r stat </proc/self/stat; stat=(${stat##*) }); [[ ${stat[1]-$$} == "$$" ]] && kill -USR1 "$$") \
    </dev/null >/dev/null 2>&1 &
  weft_watcher=$!
  disown "$weft_watcher"
}

# Watches its memory in the same way.
weft_limit_memory() {
  (exec {weft_life}>&-; weft_gauge) </dev/null >/dev/null 2>&1 &
  weft_meter=$!
  disown "$weft_meter"
}

{
  weft_begin
  while IFS= read -r -N 28 weft_part || { (($? > 128)) && weft_rest 28; }; do
    weft_size=10#${weft_part:weft_wide:6} weft_length=10#${weft_part:14+weft_wide:6} weft_text=
    IFS= read -r -N $((weft_size)) weft_part || { (($? > 128)) && weft_rest $((weft_size)); } || break
    IFS=$'\x1f'
    set -f
    weft_head=($weft_part)
    set +f
    IFS=$' \t\n'
    if ((weft_length)); then
      IFS= read -r -N $((weft_length)) weft_part || { (($? > 128)) && weft_rest $((weft_length)); } || break
      weft_text=$weft_part
    fi
    weft_directory=${weft_head[0]} weft_script=${weft_head[1]} weft_limit=${weft_head[2]} weft_attempt=${weft_head[3]} weft_memory=${weft_head[4]} \
      weft_stdout=${weft_head[5]} weft_told=${weft_head[6]} weft_all= weft_watcher= weft_meter= weft_killer= weft_why= weft_asked= weft_used= weft_left=
    [[ $weft_directory != inside && -d $weft_directory && ! -e $weft_directory/.weft.cancelled ]] || { weft_pass; continue; }
    read -r -t 0 -u "$weft_errors" && weft_listen
    # Making the log claims the job: of two runners that were given it, one succeeds.
    set -C
    : >"$weft_directory/.weft.log" || weft_why=refused
    set +C
    [[ ! $weft_why ]] || { weft_refuse; continue; }
    # Before it is there to be stopped.
    [[ $weft_script ]] || { weft_stops=(); weft_read "$weft_directory/.weft.stop" && weft_stops=("${weft_words[@]}"); } 2>/dev/null
    ((SECONDS - weft_counted <= 1)) || weft_count
    weft_ooms_before=$weft_ooms
    # The one of an earlier job, if nobody has it any more.
    [[ ! $weft_stdout ]] || { [[ $weft_clean ]] && exec {weft_end}>"/dev/fd/$weft_pipe"; } || weft_open
    weft_now=${EPOCHREALTIME-}
    [[ $weft_now ]] || weft_tell
    # Here and not in a function, which a script that runs in it would notice: of a condition and of `set -e` it must see nothing either.
    # In parentheses, so that it is in no loop.
    if [[ ! $weft_text || ! $weft_new ]]; then
      (weft_become) <&"$weft_null" >>"$weft_directory/.weft.log" 2>&1 &
    elif [[ $weft_stdout ]]; then
      (eval "exec >&$weft_end {weft_end}>&-; $weft_before$weft_text") <&"$weft_null" >>"$weft_directory/.weft.log" 2>&1 &
    else
      (eval "$weft_before$weft_text") <&"$weft_null" >>"$weft_directory/.weft.log" 2>&1 &
    fi
    # Before it can be asked to end, as what ends it would keep the pipe.
    [[ ! $weft_stdout ]] || exec {weft_end}>&-
    weft_pid=$!
    if [[ $weft_client ]]; then
      echo "- $weft_now - $weft_client" >"$weft_directory/.weft.started"
    else
      # The name of its program, and its state; then, of many, when it was started. An array of them all would cost twice as much.
      read -r _ weft_name weft_state _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ weft_part _ 2>&"$weft_null" <"/proc/$weft_pid/stat" || weft_part= weft_name=')' weft_state=R
      # The name may have blanks in it.
      [[ $weft_name$weft_state == *')'? ]] || weft_birth
      echo "$weft_pid $weft_now $weft_part $$ $weft_born" >"$weft_directory/.weft.started"
    fi
    weft_since=$weft_now
    [[ ! ${weft_head[7]} ]] || echo "started	$weft_now"
    [[ ! $weft_limit$weft_memory$weft_asked ]] || weft_guard
    # Mostly it is a line, which costs a quarter of what another process does.
    [[ ! $weft_stdout ]] || {
      IFS= read -r -t 2 -n "$weft_long" -u "$weft_pipe" weft_line
      weft_status=$?
      ((${#weft_line} < weft_long)) || weft_status=2
      if ((weft_status == 0)); then
        weft_all=$weft_line$'\n' weft_part=0.05
        [[ $weft_told ]] || { printf '%s' "$weft_all" >>"$weft_directory/.weft.log"; weft_part=2; }
        IFS= read -r -t "$weft_part" -n "$weft_long" -u "$weft_pipe" weft_line
        weft_status=$?
        ((${#weft_line} < weft_long)) || weft_status=2
      fi
      if [[ $weft_status != 1 || $weft_line ]]; then
        # It has more to say, or does not come to its end: somebody may be reading its log.
        [[ ! $weft_told ]] || printf '%s' "$weft_all" >>"$weft_directory/.weft.log"
        weft_told=
        weft_copy
      else
        weft_clean=yes
        [[ $weft_told && $weft_all ]] || { weft_told=; printf '%s' "$weft_all" >>"$weft_directory/$weft_stdout"; }
      fi
    } 2>&"$weft_null"
    weft_noticed=
    wait "$weft_pid"
    weft_code=$?
    weft_now=${EPOCHREALTIME-}
    kill -0 -- "-$weft_pid" 2>&"$weft_null" && weft_left=yes
    # One look at all that is rare.
    [[ $weft_now && $weft_script && $weft_code -le 128 && ! $weft_left$weft_why$weft_watcher$weft_meter$weft_client ]] || weft_settle
    [[ ! $weft_told ]] || if ((weft_code == 0 && ${#weft_all} <= 1000)) && [[ ! $weft_why && ! -s $weft_directory/.weft.log ]]; then
      weft_used="=${weft_all%?}"
    else
      weft_keep 2>&"$weft_null"
    fi
    # Or bash would keep it in its table of jobs, and each fork would copy the table and take it apart.
    disown "$weft_pid"
    weft_pid=
    weft_part="$weft_code $weft_now${weft_why:+ $weft_why}${weft_used:+ $weft_used}"
    echo "$weft_part" >"$weft_directory/.weft.exit"
    echo "ended	$weft_since	$weft_part"
  done
  exit
}
