/* Makes the N-th call that writes below one folder fail, or kills the process there.
 *
 * Loaded with LD_PRELOAD; does nothing until a process calls failing_writes_arm() (through ctypes), and only in that
 * process.  Calls are counted from 1 on, over all threads.  Each is appended to a log, "number name path", before it
 * is made.  What it cannot reach: stores into mapped files, and the writes of stdio, which glibc makes inside itself.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FAIL_ONCE, FAIL_FROM, KILL_BEFORE, KILL_TORN };
enum { ANY = 0, ROOM = 1, SYNC = 2 }; /* does the call need room on the disk, or flush to it? */

static char folder[PATH_MAX];
static size_t folder_length;
static pid_t armed; /* 0: not armed */
static int log_descriptor = -1;
static long counted, at;
static int error_number, mode;

void failing_writes_arm(const char *path, long number, int error, int how, const char *log)
{
    snprintf(folder, sizeof folder, "%s", path);
    folder_length = strlen(folder);
    at = number;
    error_number = error;
    mode = how;
    counted = 0;
    log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    armed = getpid();
}

void failing_writes_disarm(void) { armed = 0; }

long failing_writes_counted(void) { return counted; }

static int below(const char *path)
{
    return strncmp(path, folder, folder_length) == 0 && (path[folder_length] == '/' || path[folder_length] == 0);
}

static void path_of_descriptor(int descriptor, char *path)
{
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(name, path, PATH_MAX - 1);
    path[length < 0 ? 0 : length] = 0;
}

static void path_of_name(int base, const char *name, char *path)
{
    char start[PATH_MAX];
    if (name[0] == '/') {
        snprintf(path, PATH_MAX, "%s", name);
        return;
    }
    if (base != AT_FDCWD)
        path_of_descriptor(base, start);
    else if (!getcwd(start, sizeof start))
        start[0] = 0;
    if (snprintf(path, PATH_MAX, "%s/%s", start, name) >= PATH_MAX)
        path[0] = 0;
}

static void record(long number, const char *name, const char *path)
{
    char line[PATH_MAX + 64];
    int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path);
    if (log_descriptor >= 0)
        syscall(SYS_write, log_descriptor, line, length);
}

/* Counts a call; returns 1 if it must fail (errno is set), 2 if it must be made by half and then kill, else 0. */
static int strikes(const char *name, const char *path, int needs)
{
    if (!armed || !below(path) || armed != getpid())
        return 0;
    long number = __atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
    record(number, name, path);
    if (at == 0 || number < at || (number > at && mode != FAIL_FROM))
        return 0;
    if (mode == KILL_TORN && (needs & ROOM))
        return 2;
    if (mode == KILL_BEFORE || mode == KILL_TORN)
        kill(getpid(), SIGKILL);
    if (mode == FAIL_FROM && error_number == ENOSPC && !(needs & ROOM))
        return 0; /* a full disk still deletes, renames and flushes */
    errno = error_number;
    return 1;
}

#define REAL(type, name, ...)                                   \
    static type (*real)(__VA_ARGS__);                           \
    if (!real)                                                  \
        real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name);

static void die(void) { kill(getpid(), SIGKILL); }

ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL(ssize_t, "write", int, const void *, size_t)
    if (armed) {
        char path[PATH_MAX];
        path_of_descriptor(fd, path);
        int struck = strikes("write", path, ROOM);
        if (struck == 1)
            return -1;
        if (struck == 2) {
            real(fd, bytes, count / 2);
            die();
        }
    }
    return real(fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(ssize_t, "writev", int, const struct iovec *, int)
    if (armed) {
        char path[PATH_MAX];
        path_of_descriptor(fd, path);
        int struck = strikes("writev", path, ROOM);
        if (struck == 1)
            return -1;
        if (struck == 2) {
            real(fd, parts, count / 2);
            die();
        }
    }
    return real(fd, parts, count);
}

#define PWRITE(function)                                                        \
    ssize_t function(int fd, const void *bytes, size_t count, off_t offset)     \
    {                                                                           \
        REAL(ssize_t, #function, int, const void *, size_t, off_t)              \
        if (armed) {                                                            \
            char path[PATH_MAX];                                                \
            path_of_descriptor(fd, path);                                       \
            int struck = strikes("pwrite", path, ROOM);                         \
            if (struck == 1)                                                    \
                return -1;                                                      \
            if (struck == 2) {                                                  \
                real(fd, bytes, count / 2, offset);                             \
                die();                                                          \
            }                                                                   \
        }                                                                       \
        return real(fd, bytes, count, offset);                                  \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

#define ON_DESCRIPTOR(function, needs)                  \
    int function(int fd)                                \
    {                                                   \
        REAL(int, #function, int)                       \
        if (armed) {                                    \
            char path[PATH_MAX];                        \
            path_of_descriptor(fd, path);               \
            if (strikes(#function, path, needs) == 1)   \
                return -1;                              \
        }                                               \
        return real(fd);                                \
    }
ON_DESCRIPTOR(fsync, SYNC)
ON_DESCRIPTOR(fdatasync, SYNC)

#define TRUNCATE(function)                                  \
    int function(int fd, off_t length)                      \
    {                                                       \
        REAL(int, #function, int, off_t)                    \
        if (armed) {                                        \
            char path[PATH_MAX];                            \
            path_of_descriptor(fd, path);                   \
            if (strikes("ftruncate", path, ANY) == 1)       \
                return -1;                                  \
        }                                                   \
        return real(fd, length);                            \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define ALLOCATE(function)                                      \
    int function(int fd, off_t offset, off_t length)            \
    {                                                           \
        REAL(int, #function, int, off_t, off_t)                 \
        if (armed) {                                            \
            char path[PATH_MAX];                                \
            path_of_descriptor(fd, path);                       \
            if (strikes("posix_fallocate", path, ROOM))         \
                return mode >= KILL_BEFORE ? (die(), 0) : errno; \
        }                                                       \
        return real(fd, offset, length);                        \
    }
ALLOCATE(posix_fallocate)
ALLOCATE(posix_fallocate64)

/* Calls on one name: struck 2 (torn) makes the call and kills after it. */
#define ON_NAME(function, base, needs, parameters, types, ...)  \
    int function parameters                                     \
    {                                                           \
        REAL(int, #function, types)                             \
        int struck = 0;                                         \
        if (armed) {                                            \
            char path[PATH_MAX];                                \
            path_of_name(base, name, path);                     \
            struck = strikes(#function, path, needs);           \
            if (struck == 1)                                    \
                return -1;                                      \
        }                                                       \
        int result = real(__VA_ARGS__);                         \
        if (struck == 2)                                        \
            die();                                              \
        return result;                                          \
    }
#define TYPES(...) __VA_ARGS__
ON_NAME(unlink, AT_FDCWD, ANY, (const char *name), TYPES(const char *), name)
ON_NAME(rmdir, AT_FDCWD, ANY, (const char *name), TYPES(const char *), name)
ON_NAME(unlinkat, base, ANY, (int base, const char *name, int flags), TYPES(int, const char *, int), base, name, flags)
ON_NAME(mkdir, AT_FDCWD, ROOM, (const char *name, mode_t bits), TYPES(const char *, mode_t), name, bits)
ON_NAME(mkdirat, base, ROOM, (int base, const char *name, mode_t bits), TYPES(int, const char *, mode_t), base, name, bits)
ON_NAME(link, AT_FDCWD, ROOM, (const char *old, const char *name), TYPES(const char *, const char *), old, name)
ON_NAME(symlink, AT_FDCWD, ROOM, (const char *old, const char *name), TYPES(const char *, const char *), old, name)

/* Renames count by the new name; the log has the old one on a line before it, "0 renamed path". */
static int rename_strikes(int from, const char *old, int to, const char *name)
{
    char path[PATH_MAX];
    path_of_name(from, old, path);
    if (armed && armed == getpid() && below(path))
        record(0, "renamed", path);
    path_of_name(to, name, path);
    return strikes("rename", path, ANY);
}

#define RENAME(function, from, to, parameters, types, ...)              \
    int function parameters                                             \
    {                                                                   \
        REAL(int, #function, types)                                     \
        if (armed && rename_strikes(from, old, to, name) == 1)          \
            return -1;                                                  \
        return real(__VA_ARGS__);                                       \
    }
RENAME(rename, AT_FDCWD, AT_FDCWD, (const char *old, const char *name), TYPES(const char *, const char *), old, name)
RENAME(renameat, from, to, (int from, const char *old, int to, const char *name),
       TYPES(int, const char *, int, const char *), from, old, to, name)
RENAME(renameat2, from, to, (int from, const char *old, int to, const char *name, unsigned int flags),
       TYPES(int, const char *, int, const char *, unsigned int), from, old, to, name, flags)

/* Opening counts where it may make or empty a file. */
#define OPEN(function, base, parameters, types, ...)                        \
    int function parameters                                                 \
    {                                                                       \
        REAL(int, #function, types, ...)                                    \
        mode_t bits = 0;                                                    \
        int struck = 0;                                                     \
        if (flags & (O_CREAT | O_TMPFILE)) {                                \
            va_list rest;                                                   \
            va_start(rest, flags);                                          \
            bits = va_arg(rest, mode_t);                                    \
            va_end(rest);                                                   \
        }                                                                   \
        if (armed && (flags & (O_CREAT | O_TRUNC))) {                       \
            char path[PATH_MAX];                                            \
            path_of_name(base, name, path);                                 \
            struck = strikes(#function, path, flags &O_CREAT ? ROOM : ANY); \
            if (struck == 1)                                                \
                return -1;                                                  \
        }                                                                   \
        int result = real(__VA_ARGS__, bits);                               \
        if (struck == 2)                                                    \
            die();                                                          \
        return result;                                                      \
    }
OPEN(open, AT_FDCWD, (const char *name, int flags, ...), TYPES(const char *, int), name, flags)
OPEN(open64, AT_FDCWD, (const char *name, int flags, ...), TYPES(const char *, int), name, flags)
OPEN(openat, base, (int base, const char *name, int flags, ...), TYPES(int, const char *, int), base, name, flags)
OPEN(openat64, base, (int base, const char *name, int flags, ...), TYPES(int, const char *, int), base, name, flags)
