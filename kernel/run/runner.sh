#!/bin/bash
# Runs jobs one after the other, for as long as its standard input gives lines. It outlives the kernel that started it.
#
# In, one job a line, fields separated by tabs: DIRECTORY SCRIPT SECONDS (empty: no limit)
# Out, one answer a line, fields separated by tabs:
#   ready VERSION                            once, before anything else
#   started PID TIME                         the job at the head of the queue runs
#   ended CODE TIME [signal|timeout|cancelled]
#   skipped                                  it was recalled, or another runner has it
#   lost MESSAGE                             it could not be started
# Times are seconds since the epoch. In the job's directory it writes `.weft.log`, `.weft.started` and `.weft.exit`.
# SIGUSR2 says: look for `.weft.cancelled` in the directory of the job that runs now.
#
# It works in bash 4.2 and later. All is in functions, so that the file may be replaced while it runs.

# What the task gets back: this script needs a decimal point and bytes that are bytes.
declare -r task_locale=${LC_ALL-} task_has_locale=${LC_ALL+yes}
LC_ALL=C

# Seconds since the epoch, in NOW, without a fork.
if [[ ${EPOCHREALTIME-} ]]; then
  now() { NOW=$EPOCHREALTIME; }
else
  read -r uptime _ </proc/uptime
  declare -r boot=$(($(date +%s%2N) - 10#${uptime/./}))
  now() {
    local uptime
    read -r uptime _ </proc/uptime
    NOW=$((boot + 10#${uptime/./}))
    NOW=${NOW:0:-2}.${NOW: -2}
  }
fi

# Waits $1 seconds without a fork: nobody ever writes to this pipe.
nap() { read -r -t "$1" -u "$quiet"; }

# What bash itself has said since the last call, in SAID: a line for each process that a signal ended, and its errors.
listen() {
  local line
  SAID=
  while read -r -t 0 -u "$errors" && IFS= read -r -u "$errors" line; do SAID+=$line' '; done
}

# Ends the group of the job that runs: SIGTERM, and SIGKILL five seconds later.
stop() {
  [[ $pid && ! $why ]] || return
  why=$1
  kill -TERM -- "-$pid"
  kill -CONT -- "-$pid"
  (nap 5; kill -KILL -- "-$pid") </dev/null >/dev/null 2>&1 &
  killer=$!
  # Out of the table of jobs: bash must tell of no signals but those of the task, and not wait for this one.
  disown "$killer"
} 2>/dev/null

look() { [[ $pid && -e $directory/.weft.cancelled ]] && stop cancelled; }

# True if a living process is in the group: a zombie that nobody reaps is not one.
group_lives() {
  kill -0 -- "-$pid" 2>/dev/null || return
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
  read -r stat <"/proc/$1/stat" || return
  stat=(${stat##*) })
  [[ ${stat[1]} == "$$" ]] && kill -KILL "$1"
} 2>/dev/null

run() {
  local script=$2 limit=$3 stat watcher= killer= why= pid= asked= ended
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
  now
  (
    trap - PIPE HUP INT
    exec {quiet}<&- {errors}<&-
    if [[ $task_has_locale ]]; then LC_ALL=$task_locale; else unset LC_ALL; fi
    cd "$directory" && exec "$BASH" "$script"
  ) </dev/null >>"$directory/.weft.log" 2>&1 &
  pid=$!
  { read -r stat <"/proc/$pid/stat"; } 2>/dev/null
  stat=(${stat##*) })
  { echo "$pid $NOW ${stat[19]-} $$ $born" >"$directory/.weft.started"; } 2>&"$errors"
  echo "started	$pid	$NOW"
  if [[ $limit ]]; then
    # The helper asks this runner, if it is still there, to end the job.
    (nap "$limit"; read -r stat </proc/self/stat; stat=(${stat##*) }); [[ ${stat[1]} == "$$" ]] && kill -USR1 "$$") \
      </dev/null >/dev/null 2>&1 &
    watcher=$!
    disown "$watcher"
  fi
  [[ $asked ]] && look
  await
  now
  ended=$NOW
  if ((CODE > 128)) && [[ ! $why ]]; then
    # Only bash knows whether a signal ended it or it said `exit 137`: it tells of signals.
    listen
    [[ $SAID ]] && why=signal
  fi
  [[ $watcher ]] && dismiss "$watcher"
  sweep
  [[ $killer ]] && dismiss "$killer"
  pid=
  { echo "$CODE $ended${why:+ $why}" >"$directory/.weft.exit"; } 2>&"$errors"
  echo "ended	$CODE	$ended	$why"
}

main() {
  local line part= directory script limit status tab=$'\t' born
  { read -r born </proc/$$/stat; } 2>/dev/null
  born=(${born##*) })
  born=${born[19]-}
  cd /
  exec {quiet}<> <(:) {errors}<> <(:)
  exec 2>&"$errors"
  # A kernel that is gone, a terminal that closes and an interrupt of the notebook are no reasons to stop.
  trap '' PIPE HUP INT
  trap 'noticed=yes; [[ $limit ]] && stop timeout' USR1
  trap 'noticed=yes; asked=yes; look' USR2
  set -m
  echo "ready	$BASH_VERSION"
  while :; do
    IFS= read -r line
    status=$?
    part+=$line
    if ((status == 0)); then
      directory=${part%%$tab*} script=${part#*$tab} limit=${script#*$tab} script=${script%%$tab*}
      part=
      run "$directory" "$script" "$limit"
    elif ((status <= 128)); then
      break
    fi
  done
}

main
exit
