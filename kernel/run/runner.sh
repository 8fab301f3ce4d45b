#!/bin/bash
# Runs jobs one after the other, for as long as its standard input gives lines. It outlives the kernel that started it.
#
# In, one job a line, fields separated by tabs: DIRECTORY SCRIPT SECONDS ATTEMPT BYTES; of time and of memory, empty: no limit
# Without a SCRIPT it starts what the directory's `.weft.start` says, and ends it as its `.weft.stop` says:
#   .weft.start  words for `env -i`, each ended by a NUL: NAME=VALUE…, a program, its arguments
#   .weft.stop   `session` or nothing, `shared` or nothing, then commands: `ask` or `remove`, how many words, such words
# A first line `inside`, and the number and the start of a process of the host, says that it runs in a container, as the
# child of that process: numbers of processes mean nothing outside then, and it looks by itself for cancelled jobs.
# Out, one answer a line, fields separated by tabs:
#   ready VERSION                            once, before anything else
#   started PID TIME                         the job at the head of the queue runs
#   ended CODE TIME [signal|timeout|cancelled|memory [BYTES]]
#   skipped                                  it was recalled, or another runner has it
#   lost MESSAGE                             it could not be started
# Times are seconds since the epoch. In the job's directory it writes `.weft.log`, `.weft.started` and `.weft.exit`.
# `memory` is with the bytes that it took where this runner ended it, and without where the machine or a container did.
# SIGUSR2 says: look for `.weft.cancelled` in the directory of the job that runs now.
#
# It works in bash 4.2 and later. All is in functions, so that the file may be replaced while it runs.

# What the task gets back: this script needs a decimal point and bytes that are bytes.
declare -r task_locale=${LC_ALL-} task_has_locale=${LC_ALL+yes}
LC_ALL=C

# Seconds since the epoch, in NOW, without a fork.
if [[ ${EPOCHREALTIME-} ]]; then
  now() { NOW=$EPOCHREALTIME; }
elif read -r uptime _ </proc/uptime; then
  declare -r boot=$(($(date +%s%2N) - 10#${uptime/./}))
  now() {
    local uptime
    read -r uptime _ </proc/uptime
    NOW=$((boot + 10#${uptime/./}))
    NOW=${NOW:0:-2}.${NOW: -2}
  }
else
  now() { NOW=$(date +%s.%N); }
fi 2>/dev/null

# Waits $1 seconds without a fork: nobody ever writes to this pipe.
nap() { read -r -t "$1" -u "$quiet"; }

# What bash itself has said since the last call, in SAID: a line for each process that a signal ended, and its errors.
listen() {
  local line
  SAID=
  while read -r -t 0 -u "$errors" && IFS= read -r -u "$errors" line; do SAID+=$line' '; done
}

# How many processes this machine has ended for want of memory, its containers included, in OOMS, and when that was, in
# COUNTED (proc_vmstat(5): `oom_kill`).
count_ooms() {
  local text=
  OOMS= COUNTED=$SECONDS
  { IFS= read -r -d '' text </proc/vmstat; } 2>/dev/null
  [[ $text =~ oom_kill\ ([0-9]+) ]] && OOMS=${BASH_REMATCH[1]}
}

# The words of a file, each of which a NUL ends, in WORDS.
words() {
  local word
  WORDS=()
  while IFS= read -r -d '' word; do WORDS+=("$word"); done <"$1"
}

# Runs the commands of one kind that `.weft.stop` has, each for five seconds at most. Fails if there are none.
engine() {
  local i count any=1
  for ((i = 2; i < ${#stops[@]}; i += count + 2)); do
    count=${stops[i + 1]}
    [[ ${stops[i]} == "$1" ]] || continue
    any=0
    timeout -s KILL 5 env -i -- "${stops[@]:i + 2:count}"
  done
  return "$any"
} </dev/null >/dev/null 2>&1

# Asks the job that runs to end, and ends it five seconds later. One in a container is asked again and again: it may not
# be there yet, or lose a signal while it is set up.
press() {
  local end=$((SECONDS + 5))
  if [[ $script ]]; then
    nap 5
  else
    while ((SECONDS < end)); do
      engine ask || { kill -TERM -- "-$pid"; kill -CONT -- "-$pid"; }
      nap 0.5
    done
  fi
  kill -KILL -- "-$pid"
}

# Ends the job that runs.
stop() {
  [[ $pid && ! $why ]] || return
  why=$1
  # What takes too much memory would take more while it is asked.
  [[ $why == memory ]] && { kill -KILL -- "-$pid"; return; }
  [[ $script ]] && { kill -TERM -- "-$pid"; kill -CONT -- "-$pid"; }
  press </dev/null >/dev/null 2>&1 {life}>&- &
  killer=$!
  # Out of the table of jobs: bash must tell of no signals but those of the task, and not wait for this one.
  disown "$killer"
} 2>/dev/null

look() { [[ $pid && -e $directory/.weft.cancelled ]] && stop cancelled; }

# True if a living process is in the group: a zombie that nobody reaps is not one.
group_lives() {
  kill -0 -- "-$pid" 2>/dev/null || return
  [[ -e /proc/self/stat ]] || return 0
  local file stat
  for file in /proc/[0-9]*/stat; do
    { read -r stat <"$file"; } 2>/dev/null || continue
    stat=(${stat##*) })
    [[ ${stat[2]} == "$pid" && ${stat[0]} != Z ]] && return
  done
  return 1
}

# Ends what the job left behind in its group. One system call where nothing is left.
sweep() {
  kill -0 -- "-$pid" 2>/dev/null || return
  kill -TERM -- "-$pid"
  kill -CONT -- "-$pid"
  local i
  for ((i = 0; i < 50; i++)); do
    group_lives || return
    nap 0.1
  done
  kill -KILL -- "-$pid"
} 2>/dev/null

# Ends all whose numbers the function $1 puts into FOUND: SIGTERM, and SIGKILL a second later.
finish() {
  local i signal=TERM
  for ((i = 0; i < 20; i++)); do
    FOUND=()
    "$1"
    ((${#FOUND[@]})) || return
    ((i < 10)) || signal=KILL
    kill "-$signal" "${FOUND[@]}"
    nap 0.1
  done
} 2>/dev/null

# What is in the session of this runner, but for itself.
in_session() {
  local file stat
  for file in "/proc/$$/stat" /proc/[0-9]*/stat; do
    { read -r stat <"$file"; } 2>/dev/null || continue
    stat=(${stat##*) })
    if [[ $file == "/proc/$$/stat" ]]; then
      # Of a session that is not its own it knows nothing.
      [[ ${stat[3]} == "$$" ]] || return
    elif [[ ${stat[3]} == "$$" && ${stat[0]} != Z ]]; then
      FOUND+=("${file//[!0-9]/}")
    fi
  done
}

# What has the job's attempt in its environment, whatever its group, its session and its parent.
in_attempt() {
  FOUND=($(grep -lsxzF -- "WEFT_ATTEMPT=$attempt" /proc/[0-9]*/environ </dev/null))
  FOUND=("${FOUND[@]//[!0-9]/}")
}

# What the job takes now, in bytes in USED: its process, all that comes of it, and all that has its attempt in its
# environment, which is looked for at each fifth call. $1: how large a page is. $2: the limit. Pages that are shared count
# once, which is looked at only where the limit might be passed.
measure() {
  local file member name value pages next=("$pid") more kids most=0
  local -A members=()
  [[ $attempt ]] && ((looks++ % 5 == 0)) && { in_attempt; strays=("${FOUND[@]}"); }
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
  USED=0
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
      [[ $name == Pss: ]] && { pages= USED=$((USED + value * 1024)); break; }
    done <"/proc/$member/smaps_rollup"
    # It may belong to somebody else: a program that has set its user.
    ((USED += ${pages:-0} * $1))
  done
} 2>/dev/null

# Watches what the job takes, and asks this runner, if it is still there, to end it once that is over $1 bytes.
gauge() {
  local page stat looks=0 strays=() USED=0
  page=$(getconf PAGESIZE) || page=4096
  while ((USED <= $1)); do
    nap 0.5
    read -r stat </proc/self/stat || return
    stat=(${stat##*) })
    [[ ${stat[1]} == "$$" ]] || return
    measure "$page" "$1"
  done
  echo "$USED" >"$directory/.weft.memory"
  kill -ALRM "$$"
}

# Takes away what a job has left that its group does not have: of one that was ended, and of one in a container.
tidy() {
  if [[ ! $script ]]; then
    if [[ $why ]] || ((CODE >= 125)); then
      # An engine may be making just now what a client asked for that was killed.
      engine remove && ((CODE == 137)) && { nap 0.5; engine remove; }
    fi
    [[ ${stops[0]-} == session ]] && finish in_session
  fi
  [[ $why && $attempt ]] && finish in_attempt
}

# Waits for the job's own process; its code in CODE.
await() {
  while :; do
    noticed=
    wait "$pid"
    CODE=$?
    ((CODE <= 128)) && return
    # A signal to this runner ends the wait too, and so does a job that is merely stopped.
    [[ $noticed ]] && continue
    kill -0 "$pid" 2>/dev/null || return
    nap 0.2
  done
}

# Ends a helper that is no longer needed, unless its number is another process's by now.
dismiss() {
  local stat
  [[ -e /proc/self/stat ]] || { kill -KILL "$1"; return; }
  read -r stat <"/proc/$1/stat" || return
  stat=(${stat##*) })
  [[ ${stat[1]} == "$$" ]] && kill -KILL "$1"
} 2>/dev/null

run() {
  local script=$2 limit=$3 attempt=$4 memory=$5 stat watcher= meter= killer= why= pid= asked= ended ooms used= stops=()
  directory=$1
  [[ -d $directory ]] || { echo "lost	Its directory is gone: $directory"; return; }
  [[ -e $directory/.weft.cancelled ]] && { echo skipped; return; }
  listen
  # Making the log claims the job: of two runners that were given it, one succeeds.
  set -C
  if ! : >"$directory/.weft.log"; then
    set +C
    if [[ -e $directory/.weft.log ]]; then echo skipped; else listen; echo "lost	${SAID//	/ }"; fi
    return
  fi 2>&"$errors"
  set +C
  # Before it is there to be stopped.
  [[ $script ]] || { words "$directory/.weft.stop" && stops=("${WORDS[@]}"); } 2>/dev/null
  ((SECONDS - COUNTED > 1)) && count_ooms
  ooms=$OOMS
  now
  (
    trap - PIPE HUP INT
    exec {quiet}<&- {errors}<&- {life}>&-
    cd "$directory" || exit
    if [[ ! $script ]]; then
      words .weft.start
      exec env -i -- "${WORDS[@]}"
    fi
    if [[ $task_has_locale ]]; then LC_ALL=$task_locale; else unset LC_ALL; fi
    [[ ! $attempt ]] || export WEFT_ATTEMPT="$attempt"
    exec "$BASH" "$script"
  ) </dev/null >>"$directory/.weft.log" 2>&1 &
  pid=$!
  if [[ $client ]]; then
    { echo "- $NOW - $client" >"$directory/.weft.started"; } 2>&"$errors"
  else
    { read -r stat <"/proc/$pid/stat"; } 2>/dev/null
    stat=(${stat##*) })
    { echo "$pid $NOW ${stat[19]-} $$ $born" >"$directory/.weft.started"; } 2>&"$errors"
  fi
  echo "started	$pid	$NOW"
  if [[ $limit ]]; then
    # The helper asks this runner, if it is still there, to end the job.
    (exec {life}>&-; nap "$limit"; read -r stat </proc/self/stat; stat=(${stat##*) }); [[ ${stat[1]-$$} == "$$" ]] && kill -USR1 "$$") \
      </dev/null >/dev/null 2>&1 &
    watcher=$!
    disown "$watcher"
  fi
  if [[ $memory ]]; then
    (exec {life}>&-; gauge "$memory") </dev/null >/dev/null 2>&1 &
    meter=$!
    disown "$meter"
  fi
  [[ $asked ]] && look
  await
  now
  ended=$NOW
  if ((CODE > 128)) && [[ ! $why ]]; then
    # Only bash knows whether a signal ended it or it said `exit 137`: it tells of signals.
    listen
    [[ $SAID ]] && why=signal
    if ((CODE == 137)); then
      count_ooms
      [[ $ooms && $OOMS -gt $ooms ]] && why=memory
    fi
  fi
  [[ $watcher ]] && dismiss "$watcher"
  if [[ $meter ]]; then
    dismiss "$meter"
    [[ $why == memory ]] && read -r used <"$directory/.weft.memory"
  fi 2>/dev/null
  sweep
  [[ $killer ]] && dismiss "$killer"
  [[ $script && ! $client && ! $why ]] || tidy
  pid=
  { echo "$CODE $ended${why:+ $why}${used:+ $used}" >"$directory/.weft.exit"; } 2>&"$errors"
  echo "ended	$CODE	$ended	$why	$used"
}

main() {
  local line part= directory script limit attempt memory status tab=$'\t' born client=
  { read -r born </proc/$$/stat; } 2>/dev/null
  born=(${born##*) })
  born=${born[19]-}
  cd /
  exec {quiet}<> <(:) {errors}<> <(:) {life}>/dev/null
  exec 2>&"$errors"
  # A kernel that is gone, a terminal that closes and an interrupt of the notebook are no reasons to stop.
  trap '' PIPE HUP INT
  trap 'noticed=yes; [[ $limit ]] && stop timeout' USR1
  trap 'noticed=yes; asked=yes; look' USR2
  trap 'noticed=yes; [[ $memory ]] && stop memory' ALRM
  set -m
  count_ooms
  echo "ready	$BASH_VERSION"
  while :; do
    IFS= read -r line
    status=$?
    part+=$line
    if ((status == 0)); then
      directory=${part%%$tab*} script=${part#*$tab} limit=${script#*$tab} script=${script%%$tab*}
      attempt=${limit#*$tab} limit=${limit%%$tab*}
      memory=${attempt#*$tab} attempt=${attempt%%$tab*}
      part=
      if [[ $directory == inside ]]; then
        client="$script $limit"
        # Each second, for as long as this runner holds the other end.
        exec {life}>&- {life}> >(while read -r -t 1; (($? > 128)); do kill -USR2 "$$"; done >/dev/null)
      else
        run "$directory" "$script" "$limit" "$attempt" "$memory"
      fi
    elif ((status <= 128)); then
      break
    fi
  done
}

main
exit
