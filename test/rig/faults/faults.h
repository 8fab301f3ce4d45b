/* What the wrappers of operations need of faults.c. Paths that come back are relative to the watched directory; NULL: not below it. */
#pragma once

/* A path that is whole already. */
const char *faults_below(const char *path);

/* A path as openat(2) takes it. `into` has PATH_MAX bytes, and holds it whole afterwards. */
const char *faults_resolve(int directory, const char *path, char *into);

/* The path of a file or a directory that is open. */
const char *faults_of_file(int file, char *into);

/* Says that an operation comes now; may not return. Gives the error that it is to have, or 0. `changes`: whether it changes anything. */
int faults_point(const char *operation, const char *path, int changes);

/* Another process, of another host, has made the file so short a while ago that it is not seen here yet. */
int late_hidden(const char *path);

/* The same of the directory in which it lies: nothing can be made there yet. */
int late_hidden_place(const char *path);

/* This process was told that the name is taken: it looks anew from then on, as NFS does. */
void late_told(const char *path);

/* This process has made, or brought there, what has this name. */
void late_made(const char *path);
