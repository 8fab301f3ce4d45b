/*
 * Other times and places: a clock that is wrong, a machine of another name, and a file system that shows what another machine made
 * only after a while, as NFS does.
 *
 *   WEFT_FAULTS_BORN   a directory where each machine notes what it has made
 *   WEFT_FAULTS_HOST   the machine's name: `a` or `b`
 *   WEFT_FAULTS_LATE   milliseconds for which what the other machine has made is not seen
 *   WEFT_FAULTS_CLOCK  seconds that the clock is ahead
 */
#define _GNU_SOURCE
#include "faults.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long late_milliseconds, clock_seconds;
static const char *born, *host;

__attribute__((constructor)) static void load(void) {
  const char *late = getenv("WEFT_FAULTS_LATE"), *ahead = getenv("WEFT_FAULTS_CLOCK");
  born = getenv("WEFT_FAULTS_BORN");
  host = getenv("WEFT_FAULTS_HOST");
  clock_seconds = ahead ? atol(ahead) : 0;
  late_milliseconds = late && born && host ? atol(late) : 0;
}

/* The file that says when a machine has made what lies at a path: its own time is what counts. */
static void birth(const char *path, size_t length, const char *machine, char *into) {
  unsigned long hash = 14695981039346656037UL;
  for (size_t at = 0; at < length; at++) hash = (hash ^ (unsigned char)path[at]) * 1099511628211UL;
  snprintf(into, PATH_MAX, "%s/%016lx.%s", born, hash, machine);
}

void late_made(const char *path) {
  if (!path || !late_milliseconds) return;
  char file[PATH_MAX];
  birth(path, strlen(path), host, file);
  syscall(SYS_unlinkat, AT_FDCWD, file, 0);
  int descriptor = (int)syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor >= 0) syscall(SYS_close, descriptor);
  late_told(path);
}

void late_told(const char *path) {
  if (!path || !late_milliseconds) return;
  int saved = errno;
  char file[PATH_MAX];
  birth(path, strlen(path), *host == 'a' ? "b" : "a", file);
  syscall(SYS_unlinkat, AT_FDCWD, file, 0);
  errno = saved;
}

int late_hidden(const char *path) {
  if (!path || !late_milliseconds) return 0;
  struct timespec now;
  syscall(SYS_clock_gettime, CLOCK_REALTIME, &now);
  for (size_t length = 1; path[length - 1]; length++) {
    if (path[length] && path[length] != '/') continue;
    char file[PATH_MAX];
    struct stat stats;
    birth(path, length, *host == 'a' ? "b" : "a", file);
    if (syscall(SYS_newfstatat, AT_FDCWD, file, &stats, 0) != 0) continue;
    long age = (now.tv_sec - stats.st_mtim.tv_sec) * 1000 + (now.tv_nsec - stats.st_mtim.tv_nsec) / 1000000;
    if (age < late_milliseconds) return 1;
  }
  return 0;
}

int late_hidden_place(const char *path) {
  char directory[PATH_MAX];
  const char *end = path ? strrchr(path, '/') : NULL;
  if (!end || !late_milliseconds) return 0;
  snprintf(directory, sizeof directory, "%.*s", (int)(end - path), path);
  return late_hidden(directory);
}

int gethostname(char *name, size_t size) {
  if (!host) {
    int (*real)(char *, size_t) = (int (*)(char *, size_t))dlsym(RTLD_NEXT, "gethostname");
    return real(name, size);
  }
  snprintf(name, size, "%s", host);
  return 0;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += clock_seconds;
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  static int (*real)(struct timeval *, void *);
  if (!real) real = (int (*)(struct timeval *, void *))dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(now, zone);
  if (result == 0) now->tv_sec += clock_seconds;
  return result;
}

time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
