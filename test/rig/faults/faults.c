/*
 * A library to be preloaded (LD_PRELOAD): it sees the operations on files below one directory, in every process that has it, and does
 * what rules say just before one of them: it kills processes, or lets the operation fail.
 *
 *   WEFT_FAULTS        a directory: rules (read), pids, log, hits (appended), counts (shared memory)
 *   WEFT_FAULTS_BELOW  the directory that is watched, without links in its path
 *
 * A rule is a line of fields that tabs separate: ACTION PROCESS OPERATION PATH FIRST COUNT
 *   ACTION    kill:PROCESS[+PROCESS]  or errno:NUMBER
 *   PROCESS   kernel, user, runner, job (of a runner, before it is a program), task, tool: a pattern of fnmatch(3), as are the next two
 *   OPERATION create, write, rename, ...: as the wrappers below name them
 *   PATH      relative, with each name of hexadecimal digits as #
 *   FIRST     the first of all operations that match, counted over all processes from 1, and how many more it holds for
 * What is written by functions of stdio is seen where it is flushed.
 */
#define _GNU_SOURCE
#include "faults.h"
#include <ctype.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RULES 31
#define TEXT 512

struct rule {
  char action[64], process[64], operation[64], path[TEXT];
  unsigned long first, count;
};

static struct rule rules[RULES];
static int ruled;
static unsigned long generation;
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER;
static unsigned long *counts;
static const char *control;
static const char *below;
static size_t below_length;
static const char *process_kind = "tool";
static pid_t loaded_in;
static __thread int inside;

/* Appends a line to a file of the control directory. No stdio, no wrappers: it may run in the middle of anything. */
static void note(const char *name, const char *text) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", control, name);
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return;
  syscall(SYS_write, file, text, strlen(text));
  syscall(SYS_close, file);
}

static size_t slurp(const char *path, char *into, size_t size) {
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  size_t length = 0;
  if (file >= 0) {
    long got;
    while (length + 1 < size && (got = syscall(SYS_read, file, into + length, size - 1 - length)) > 0) length += (size_t)got;
    syscall(SYS_close, file);
  }
  into[length] = 0;
  return length;
}

static const char *kind_now(void) {
  if (getpid() != loaded_in && strcmp(process_kind, "runner") == 0) return "job";
  return process_kind;
}

static void classify(int argc, char **argv) {
  for (int at = 0; at < argc && at < 8; at++) {
    const char *word = strrchr(argv[at], '/');
    word = word ? word + 1 : argv[at];
    if (strcmp(word, "weft.js") == 0 || strcmp(word, "kernel.js") == 0) process_kind = "kernel";
    else if (strcmp(word, "user.js") == 0) process_kind = "user";
    else if (strcmp(word, "runner.sh") == 0) process_kind = "runner";
    else if (strcmp(word, ".weft.run") == 0) process_kind = "task";
    else continue;
    return;
  }
}

/* Reads the rules, and again when they are others: the number behind the counts says so. */
static void read_rules(void) {
  if (!counts || __atomic_load_n(&counts[RULES], __ATOMIC_SEQ_CST) == generation || pthread_mutex_trylock(&reading)) return;
  generation = __atomic_load_n(&counts[RULES], __ATOMIC_SEQ_CST);
  ruled = 0;
  char path[PATH_MAX], text[16384], *line, *rest = text;
  snprintf(path, sizeof path, "%s/rules", control);
  slurp(path, text, sizeof text);
  while ((line = strsep(&rest, "\n")) && ruled < RULES) {
    struct rule *rule = &rules[ruled];
    if (sscanf(line, "%63[^\t]\t%63[^\t]\t%63[^\t]\t%511[^\t]\t%lu\t%lu", rule->action, rule->process, rule->operation, rule->path,
               &rule->first, &rule->count) == 6)
      ruled++;
  }
  pthread_mutex_unlock(&reading);
}

__attribute__((constructor)) static void load(int argc, char **argv) {
  const char *directory = getenv("WEFT_FAULTS");
  below = getenv("WEFT_FAULTS_BELOW");
  if (!directory || !below) return;
  loaded_in = getpid();
  below_length = strlen(below);
  classify(argc, argv);
  control = directory;
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/counts", control);
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
  if (file >= 0) {
    void *memory = mmap(NULL, (RULES + 1) * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (memory != MAP_FAILED) counts = memory;
    syscall(SYS_close, file);
  }
  read_rules();
  char line[96];
  snprintf(line, sizeof line, "%s %d\n", process_kind, (int)loaded_in);
  note("pids", line);
}

/* The relative path, with what differs from run to run as #. */
static void general(const char *path, char *into) {
  size_t length = 0;
  for (const char *at = path; *at && length + 2 < TEXT;) {
    const char *end = at;
    size_t digits = 0;
    while (isxdigit((unsigned char)*end) || *end == '-') digits += *end++ != '-';
    int whole = (at == path || at[-1] == '/') && (!*end || *end == '/') && digits == 2;
    /* The number of a process, in the name of a file that is renamed later. One of a claim is short. */
    int number = at > path && at[-1] == '.' && digits && (*end == '.' || (!*end && digits > 2));
    if (digits >= 8 || whole || number) {
      into[length++] = '#';
      at = end;
    } else {
      if (end == at) end++;
      while (at < end && length + 2 < TEXT) into[length++] = *at++;
    }
  }
  into[length] = 0;
}

static int names(const char *list, const char *kind) {
  char copy[64], *word, *rest = copy;
  snprintf(copy, sizeof copy, "%s", list);
  while ((word = strsep(&rest, "+")))
    if (strcmp(word, kind) == 0) return 1;
  return 0;
}

/* Kills the processes of these kinds, this one last. */
static void kill_all(const char *kinds) {
  char path[PATH_MAX], text[65536], *line, *rest = text;
  snprintf(path, sizeof path, "%s/pids", control);
  slurp(path, text, sizeof text);
  pid_t self = getpid();
  int own = 0;
  while ((line = strsep(&rest, "\n"))) {
    char kind[64];
    int pid;
    if (sscanf(line, "%63s %d", kind, &pid) != 2 || !names(kinds, kind)) continue;
    if (pid == self) own = 1;
    else syscall(SYS_kill, pid, SIGKILL);
  }
  if (own || names(kinds, "self")) {
    syscall(SYS_kill, self, SIGKILL);
    for (;;) pause();
  }
}

const char *faults_below(const char *path) {
  if (!control || strncmp(path, below, below_length) != 0) return NULL;
  if (path[below_length] == 0) return "";
  return path[below_length] == '/' ? path + below_length + 1 : NULL;
}

const char *faults_resolve(int directory, const char *path, char *into) {
  if (!control || !path) return NULL;
  if (path[0] == '/') {
    snprintf(into, PATH_MAX, "%s", path);
  } else {
    char link[64];
    if (directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, into, PATH_MAX - 1);
    if (length < 0) return NULL;
    snprintf(into + length, PATH_MAX - (size_t)length, "/%s", path);
  }
  return faults_below(into);
}

const char *faults_of_file(int file, char *into) {
  if (!control) return NULL;
  struct stat stats;
  if (syscall(SYS_fstat, file, &stats) != 0 || !(S_ISREG(stats.st_mode) || S_ISDIR(stats.st_mode))) return NULL;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, into, PATH_MAX - 1);
  if (length < 0) return NULL;
  into[length] = 0;
  return faults_below(into);
}

int faults_point(const char *operation, const char *path, int changes) {
  if (!path || inside) return 0;
  inside = 1;
  int result = 0;
  char place[TEXT], line[2 * TEXT];
  const char *kind = kind_now();
  general(path, place);
  snprintf(line, sizeof line, "%s %s %s\n", kind, operation, place);
  if (changes) note("log", line);
  read_rules();
  for (int at = 0; at < ruled && counts; at++) {
    struct rule *rule = &rules[at];
    if (fnmatch(rule->process, kind, 0) || fnmatch(rule->operation, operation, 0) || fnmatch(rule->path, place, 0)) continue;
    unsigned long number = __atomic_add_fetch(&counts[at], 1, __ATOMIC_SEQ_CST);
    if (number < rule->first || number - rule->first >= rule->count) continue;
    note("hits", line);
    if (strncmp(rule->action, "kill:", 5) == 0) kill_all(rule->action + 5);
    else if (strncmp(rule->action, "errno:", 6) == 0) result = atoi(rule->action + 6);
  }
  inside = 0;
  return result;
}
