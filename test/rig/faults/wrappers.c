/* The functions of libc through which Node, bash and common tools reach files, each with faults.c in front of it. */
#define _GNU_SOURCE
#include "faults.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* The operation on a path fails as a rule says, or where the path is not to be seen yet. */
#define POINT(operation, place, changes, failed) \
  do { \
    int error_ = faults_point(operation, place, changes); \
    if (error_) { \
      errno = error_; \
      return failed; \
    } \
  } while (0)

#define LATE(place, failed) \
  do { \
    if (late_hidden(place)) { \
      errno = ENOENT; \
      return failed; \
    } \
  } while (0)

static int open_point(int directory, const char *path, int flags, char *buffer, const char **place) {
  *place = faults_resolve(directory, path, buffer);
  if (!*place) return 0;
  if (flags & O_CREAT ? late_hidden_place(*place) : late_hidden(*place)) return ENOENT;
  const char *operation = flags & O_CREAT ? "create" : flags & O_TRUNC ? "truncate" : "open";
  return faults_point(operation, *place, flags & (O_CREAT | O_TRUNC));
}

#define OPEN(name, directory, arguments, ...) \
  int name arguments { \
    REAL(name); \
    mode_t mode = 0; \
    if (flags & (O_CREAT | __O_TMPFILE)) { \
      va_list list; \
      va_start(list, flags); \
      mode = va_arg(list, mode_t); \
      va_end(list); \
    } \
    char buffer[PATH_MAX]; \
    const char *place; \
    int error = open_point(directory, path, flags, buffer, &place); \
    if (error) { \
      errno = error; \
      return -1; \
    } \
    int file = real(__VA_ARGS__, flags, mode); \
    if (file >= 0 && flags & O_CREAT) late_made(place); \
    return file; \
  }

OPEN(open, AT_FDCWD, (const char *path, int flags, ...), path)
OPEN(open64, AT_FDCWD, (const char *path, int flags, ...), path)
OPEN(openat, directory, (int directory, const char *path, int flags, ...), directory, path)
OPEN(openat64, directory, (int directory, const char *path, int flags, ...), directory, path)

/* An operation on an open file. */
#define FILE_OPERATION(type, name, operation, arguments, ...) \
  type name arguments { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    POINT(operation, faults_of_file(file, buffer), 1, -1); \
    return real(__VA_ARGS__); \
  }

FILE_OPERATION(ssize_t, write, "write", (int file, const void *data, size_t size), file, data, size)
FILE_OPERATION(ssize_t, pwrite, "write", (int file, const void *data, size_t size, off_t at), file, data, size, at)
FILE_OPERATION(ssize_t, pwrite64, "write", (int file, const void *data, size_t size, off64_t at), file, data, size, at)
FILE_OPERATION(ssize_t, writev, "write", (int file, const struct iovec *data, int count), file, data, count)
FILE_OPERATION(ssize_t, pwritev, "write", (int file, const struct iovec *data, int count, off_t at), file, data, count, at)
FILE_OPERATION(ssize_t, pwritev64, "write", (int file, const struct iovec *data, int count, off64_t at), file, data, count, at)
FILE_OPERATION(int, fsync, "sync", (int file), file)
FILE_OPERATION(int, fdatasync, "sync", (int file), file)
FILE_OPERATION(int, ftruncate, "truncate", (int file, off_t size), file, size)
FILE_OPERATION(int, ftruncate64, "truncate", (int file, off64_t size), file, size)
FILE_OPERATION(int, futimens, "times", (int file, const struct timespec times[2]), file, times)

/* An operation on one path, which must be there. */
#define PATH_OPERATION(name, operation, changes, directory, arguments, ...) \
  int name arguments { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    const char *place = faults_resolve(directory, path, buffer); \
    LATE(place, -1); \
    POINT(operation, place, changes, -1); \
    return real(__VA_ARGS__); \
  }

PATH_OPERATION(unlink, "unlink", 1, AT_FDCWD, (const char *path), path)
PATH_OPERATION(unlinkat, "unlink", 1, directory, (int directory, const char *path, int flags), directory, path, flags)
PATH_OPERATION(remove, "unlink", 1, AT_FDCWD, (const char *path), path)
PATH_OPERATION(rmdir, "rmdir", 1, AT_FDCWD, (const char *path), path)
PATH_OPERATION(truncate, "truncate", 1, AT_FDCWD, (const char *path, off_t size), path, size)
PATH_OPERATION(chmod, "chmod", 1, AT_FDCWD, (const char *path, mode_t mode), path, mode)
PATH_OPERATION(utimensat, "times", 1, directory, (int directory, const char *path, const struct timespec times[2], int flags),
               directory, path, times, flags)
PATH_OPERATION(stat, "stat", 0, AT_FDCWD, (const char *path, struct stat *stats), path, stats)
PATH_OPERATION(lstat, "stat", 0, AT_FDCWD, (const char *path, struct stat *stats), path, stats)
PATH_OPERATION(stat64, "stat", 0, AT_FDCWD, (const char *path, struct stat64 *stats), path, stats)
PATH_OPERATION(lstat64, "stat", 0, AT_FDCWD, (const char *path, struct stat64 *stats), path, stats)
PATH_OPERATION(fstatat, "stat", 0, directory, (int directory, const char *path, struct stat *stats, int flags), directory, path,
               stats, flags)
PATH_OPERATION(fstatat64, "stat", 0, directory, (int directory, const char *path, struct stat64 *stats, int flags), directory, path,
               stats, flags)
PATH_OPERATION(statx, "stat", 0, directory,
               (int directory, const char *path, int flags, unsigned int mask, struct statx *stats), directory, path, flags, mask,
               stats)
PATH_OPERATION(access, "stat", 0, AT_FDCWD, (const char *path, int mode), path, mode)
PATH_OPERATION(faccessat, "stat", 0, directory, (int directory, const char *path, int mode, int flags), directory, path, mode, flags)

#define LATE_PLACE(place) \
  do { \
    if (late_hidden_place(place)) { \
      errno = ENOENT; \
      return -1; \
    } \
  } while (0)

/* An operation that makes a name. */
#define MAKING(name, operation, directory, arguments, ...) \
  int name arguments { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    const char *place = faults_resolve(directory, path, buffer); \
    LATE_PLACE(place); \
    POINT(operation, place, 1, -1); \
    int result = real(__VA_ARGS__); \
    if (result == 0) late_made(place); \
    else if (errno == EEXIST) late_told(place); \
    return result; \
  }

MAKING(mkdir, "mkdir", AT_FDCWD, (const char *path, mode_t mode), path, mode)
MAKING(mkdirat, "mkdir", directory, (int directory, const char *path, mode_t mode), directory, path, mode)
MAKING(symlink, "symlink", AT_FDCWD, (const char *target, const char *path), target, path)
MAKING(symlinkat, "symlink", directory, (const char *target, int directory, const char *path), target, directory, path)

/* An operation from one name to another: the new one names the point. Where a link is refused the name is looked up anew, a rename leaves it. */
#define MOVING(name, operation, from, to, arguments, ...) \
  int name arguments { \
    REAL(name); \
    char old_buffer[PATH_MAX], new_buffer[PATH_MAX]; \
    LATE(faults_resolve(from, old_path, old_buffer), -1); \
    const char *place = faults_resolve(to, new_path, new_buffer); \
    LATE_PLACE(place); \
    POINT(operation, place, 1, -1); \
    int result = real(__VA_ARGS__); \
    if (result == 0) late_made(place); \
    else if (errno == EEXIST && *operation == 'l') late_told(place); \
    return result; \
  }

MOVING(rename, "rename", AT_FDCWD, AT_FDCWD, (const char *old_path, const char *new_path), old_path, new_path)
MOVING(renameat, "rename", from, to, (int from, const char *old_path, int to, const char *new_path), from, old_path, to, new_path)
MOVING(renameat2, "rename", from, to, (int from, const char *old_path, int to, const char *new_path, unsigned int flags), from,
       old_path, to, new_path, flags)
MOVING(link, "link", AT_FDCWD, AT_FDCWD, (const char *old_path, const char *new_path), old_path, new_path)
MOVING(linkat, "link", from, to, (int from, const char *old_path, int to, const char *new_path, int flags), from, old_path, to,
       new_path, flags)

/* bash and tools that write by stdio. */
int fflush(FILE *stream) {
  REAL(fflush);
  char buffer[PATH_MAX];
  if (stream && __fpending(stream) > 0) POINT("write", faults_of_file(fileno(stream), buffer), 1, EOF);
  return real(stream);
}

DIR *opendir(const char *path) {
  REAL(opendir);
  char buffer[PATH_MAX];
  const char *place = faults_resolve(AT_FDCWD, path, buffer);
  LATE(place, NULL);
  POINT("list", place, 0, NULL);
  return real(path);
}

static int unseen(const char *directory, const char *name) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  return late_hidden(path);
}

struct dirent64 *readdir64(DIR *stream) {
  REAL(readdir64);
  char buffer[PATH_MAX];
  const char *place = faults_of_file(dirfd(stream), buffer);
  struct dirent64 *entry;
  while ((entry = real(stream)) && place && unseen(place, entry->d_name)) continue;
  return entry;
}

struct dirent *readdir(DIR *stream) { return (struct dirent *)readdir64(stream); }

#define SCANDIR(name, type) \
  int name(const char *restrict path, type ***restrict list, int (*select)(const type *), int (*compare)(const type **, const type **)) { \
    REAL(name); \
    char buffer[PATH_MAX]; \
    const char *place = faults_resolve(AT_FDCWD, path, buffer); \
    LATE(place, -1); \
    POINT("list", place, 0, -1); \
    int count = real(path, list, select, compare), kept = 0; \
    for (int at = 0; at < count; at++) { \
      if (place && unseen(place, (*list)[at]->d_name)) free((*list)[at]); \
      else (*list)[kept++] = (*list)[at]; \
    } \
    return count < 0 ? count : kept; \
  }

SCANDIR(scandir, struct dirent)
SCANDIR(scandir64, struct dirent64)

/* libuv asks the system by number for what older libraries do not have. */
long syscall(long number, ...) {
  REAL(syscall);
  va_list list;
  long words[6];
  va_start(list, number);
  for (int at = 0; at < 6; at++) words[at] = va_arg(list, long);
  va_end(list);
  char buffer[PATH_MAX];
  if (number == SYS_statx) {
    const char *place = faults_resolve((int)words[0], (const char *)words[1], buffer);
    LATE(place, -1);
    POINT("stat", place, 0, -1);
  } else if (number == SYS_copy_file_range) {
    POINT("write", faults_of_file((int)words[2], buffer), 1, -1);
  }
  return real(number, words[0], words[1], words[2], words[3], words[4], words[5]);
}
