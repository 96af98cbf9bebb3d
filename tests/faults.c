/* A layer between a process and the disk, for tests: LD_PRELOAD=faults.so.
 *
 * Calls that change files below a folder are numbered from the moment of fault_arm(). Before the one with number `at`
 * the process is killed or stopped, or the call fails, or writes half of what it was given; with `lasting`, so do all
 * later ones. Locks are calls that count only where they are named (" lock ", " unlock ").
 * With a log, each call that succeeded is written down with its data, so that a power cut can be played out from it.
 * It sees what SQLite (C), tantivy (Rust) and Python do alike.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING, KILL, FAIL, HALF, STOP };

static char folder[PATH_MAX], only[256];
static int what, code, lasting, log_file = -1, armed;
static long at, number;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void fault_arm(const char *below, int what_, int code_, long at_, int lasting_, const char *only_, const char *log) {
    snprintf(folder, sizeof folder, "%s", below);
    snprintf(only, sizeof only, "%s", only_); /* names of calls to fail, "" for all: " write pwrite64 " */
    what = what_, code = code_, at = at_, lasting = lasting_, number = 0;
    log_file = *log ? open(log, O_WRONLY | O_CREAT | O_APPEND, 0600) : -1;
    armed = 1;
}

long fault_count(void) { return number; }

static int below(const char *path) {
    size_t n = strlen(folder);
    return armed && path && !strncmp(path, folder, n) && (path[n] == '/' || path[n] == 0);
}

static const char *path_at(int dir, const char *path, char *buffer) { /* the absolute path of a name */
    char start[PATH_MAX], link[64];
    if (!armed || !path) return NULL;
    if (*path == '/') return path;
    if (dir == AT_FDCWD) { if (!getcwd(start, sizeof start)) return NULL; }
    else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t n = readlink(link, start, sizeof start - 1);
        if (n < 0) return NULL;
        start[n] = 0;
    }
    if (snprintf(buffer, PATH_MAX, "%s/%s", start, path) >= PATH_MAX) return NULL;
    return buffer;
}

static const char *path_of(int file, char *buffer) {
    char link[64];
    if (!armed || file == log_file) return NULL;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t n = readlink(link, buffer, PATH_MAX - 1);
    if (n < 0) return NULL;
    buffer[n] = 0;
    return buffer;
}

/* Count a call; 0: let it through, 1: it failed (errno is set), 2: let half of it through. */
static int meet(const char *name) {
    char word[64];
    snprintf(word, sizeof word, " %s ", name);
    if (*only && !strstr(only, word)) return 0;
    long n = __sync_add_and_fetch(&number, 1);
    if (what == NOTHING || (lasting ? n < at : n != at)) return 0;
    if (what == KILL) kill(getpid(), SIGKILL);
    if (what == STOP) return kill(getpid(), SIGSTOP), 0;
    if (what == HALF) return 2;
    errno = code;
    return 1;
}

static void put(const char *data, size_t size) {
    while (size) {
        ssize_t n = syscall(SYS_write, log_file, data, size);
        if (n <= 0) abort();
        data += n, size -= n;
    }
}

/* `file` tells the inode; by it a name is known again that tantivy gave by a system call of its own, unseen here. */
static void record(const char *name, int file, const char *path, const char *other, long long position, const void *data, size_t size) {
    char head[3 * PATH_MAX];
    struct stat status = {0};
    if (file >= 0) fstat(file, &status);
    int n = snprintf(head, sizeof head, "%s\t%llu\t%s\t%s\t%lld\t%zu\n", name, (unsigned long long)status.st_ino, path, other, position, size);
    put(head, n);
    if (size) put(data, size);
}

#define REAL(type, name, ...) static type (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, name)
#define BEGIN if (log_file >= 0) pthread_mutex_lock(&lock)
#define END(done, ...) if (log_file >= 0) { int kept = errno; if (done) record(__VA_ARGS__); pthread_mutex_unlock(&lock); errno = kept; }

static ssize_t write_at(const char *name, int file, const void *data, size_t size, long long position, ssize_t (*go)(int, const void *, size_t, long long)) {
    char buffer[PATH_MAX];
    const char *path = path_of(file, buffer);
    if (armed && log_file >= 0 && file == 1) { /* what the process tells */
        BEGIN;
        ssize_t n = go(file, data, size, position);
        END(n > 0, "tell", -1, "", "", 0, data, n);
        return n;
    }
    if (!below(path)) return go(file, data, size, position);
    int met = size ? meet(name) : 0;
    if (met == 1) return -1;
    if (met == 2) size = size > 1 ? size / 2 : 1;
    BEGIN;
    long long start = position;
    if (position < 0) {
        struct stat status;
        start = fcntl(file, F_GETFL) & O_APPEND ? (fstat(file, &status), status.st_size) : lseek(file, 0, SEEK_CUR);
    }
    ssize_t n = go(file, data, size, position);
    END(n > 0, "write", file, path, "", start, data, n);
    return n;
}

static ssize_t go_write(int file, const void *data, size_t size, long long position) {
    REAL(ssize_t, "write", int, const void *, size_t);
    (void)position;
    return real(file, data, size);
}

static ssize_t go_pwrite(int file, const void *data, size_t size, long long position) {
    REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
    return real(file, data, size, position);
}

ssize_t write(int file, const void *data, size_t size) { return write_at("write", file, data, size, -1, go_write); }
ssize_t pwrite(int file, const void *data, size_t size, off_t position) { return write_at("pwrite64", file, data, size, position, go_pwrite); }
ssize_t pwrite64(int file, const void *data, size_t size, off64_t position) { return write_at("pwrite64", file, data, size, position, go_pwrite); }

ssize_t writev(int file, const struct iovec *parts, int count) { /* a short write is allowed: the first part alone */
    for (int i = 0; i < count; i++) if (parts[i].iov_len) return write(file, parts[i].iov_base, parts[i].iov_len);
    return 0;
}

#define ON_FILE(name, call, arguments, position, ...) \
    int call(__VA_ARGS__) { \
        char buffer[PATH_MAX]; \
        const char *path = path_of(file, buffer); \
        REAL(int, #call, __VA_ARGS__); \
        if (!below(path)) return real arguments; \
        if (meet(name) == 1) return -1; \
        BEGIN; \
        int result = real arguments; \
        END(!result, name, file, path, "", position, NULL, 0) \
        return result; \
    }

static size_t list(const char *path, char *text, size_t room) { /* "inode name" a line, of a folder */
    size_t used = 0;
    struct dirent *entry;
    DIR *open_folder = opendir(path);
    while (open_folder && (entry = readdir(open_folder)) && used + 300 < room)
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
            used += snprintf(text + used, room - used, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
    if (open_folder) closedir(open_folder);
    return used;
}

static int sync_it(const char *name, int file, int (*real)(int)) {
    char buffer[PATH_MAX], names[1 << 16];
    const char *path = path_of(file, buffer);
    if (!below(path)) return real(file);
    if (meet(name) == 1) return -1;
    BEGIN;
    int result = real(file);
    size_t size = log_file >= 0 ? list(path, names, sizeof names) : 0;
    END(!result, name, file, path, "", 0, names, size)
    return result;
}

int fsync(int file) { REAL(int, "fsync", int); return sync_it("fsync", file, real); }
int fdatasync(int file) { REAL(int, "fdatasync", int); return sync_it("fdatasync", file, real); }
ON_FILE("ftruncate", ftruncate, (file, size), size, int file, off_t size)
ON_FILE("ftruncate", ftruncate64, (file, size), size, int file, off64_t size)
ON_FILE("fchmod", fchmod, (file, mode), mode, int file, mode_t mode)

static int lock_it(int file, int command, void *argument) {
    char buffer[PATH_MAX];
    REAL(int, "fcntl64", int, int, ...);
    if (command == F_SETLK || command == F_SETLKW) {
        int frees = ((struct flock *)argument)->l_type == F_UNLCK;
        if (strstr(only, frees ? " unlock " : " lock ") && below(path_of(file, buffer))) meet(frees ? "unlock" : "lock");
    }
    return real(file, command, argument);
}

#define ARGUMENT va_list rest; va_start(rest, command); void *argument = va_arg(rest, void *); va_end(rest)
int fcntl(int file, int command, ...) { ARGUMENT; return lock_it(file, command, argument); }
int fcntl64(int file, int command, ...) { ARGUMENT; return lock_it(file, command, argument); }

int close(int file) {
    char buffer[PATH_MAX];
    const char *path = path_of(file, buffer);
    REAL(int, "close", int);
    if (!below(path) || (fcntl(file, F_GETFL) & O_ACCMODE) == O_RDONLY) return real(file);
    int met = meet("close"), code_ = errno;
    real(file);
    errno = code_;
    return met == 1 ? -1 : 0;
}

static int open_it(int dir, const char *name, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *path = path_at(dir, name, buffer);
    REAL(int, "openat64", int, const char *, int, ...);
    if (!below(path) || !(flags & (O_CREAT | O_TRUNC))) return real(dir, name, flags, mode);
    int made = access(path, F_OK) != 0;
    if (made && meet("open") == 1) return -1;
    BEGIN;
    int file = real(dir, name, flags, mode);
    END(file >= 0, made ? "create" : flags & O_TRUNC ? "ftruncate" : "nothing", file, path, "", 0, NULL, 0)
    return file;
}

#define MODE mode_t mode = 0; if (flags & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }
int open(const char *name, int flags, ...) { MODE; return open_it(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE; return open_it(AT_FDCWD, name, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *name, int flags, ...) { MODE; return open_it(dir, name, flags, mode); }
int openat64(int dir, const char *name, int flags, ...) { MODE; return open_it(dir, name, flags | O_LARGEFILE, mode); }

#define ON_NAME(call, how, arguments, dir, ...) \
    int call(__VA_ARGS__) { \
        char buffer[PATH_MAX]; \
        const char *path = path_at(dir, name, buffer); \
        REAL(int, #call, __VA_ARGS__); \
        if (!below(path)) return real arguments; \
        if (meet(how) == 1) return -1; \
        BEGIN; \
        int result = real arguments; \
        END(!result, how, -1, path, "", 0, NULL, 0) \
        return result; \
    }

ON_NAME(unlink, "unlink", (name), AT_FDCWD, const char *name)
ON_NAME(rmdir, "rmdir", (name), AT_FDCWD, const char *name)
ON_NAME(mkdir, "mkdir", (name, mode), AT_FDCWD, const char *name, mode_t mode)
ON_NAME(mkdirat, "mkdir", (dir, name, mode), dir, int dir, const char *name, mode_t mode)
ON_NAME(chmod, "chmod", (name, mode), AT_FDCWD, const char *name, mode_t mode)

int unlinkat(int dir, const char *name, int flags) {
    char buffer[PATH_MAX];
    const char *path = path_at(dir, name, buffer), *how = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
    REAL(int, "unlinkat", int, const char *, int);
    if (!below(path)) return real(dir, name, flags);
    if (meet(how) == 1) return -1;
    BEGIN;
    int result = real(dir, name, flags);
    END(!result, how, -1, path, "", 0, NULL, 0)
    return result;
}

static int move(const char *how, int from, const char *old, int to, const char *new_, int (*go)(int, const char *, int, const char *)) {
    char first[PATH_MAX], second[PATH_MAX];
    const char *path = path_at(from, old, first), *other = path_at(to, new_, second);
    if (!below(other)) return go(from, old, to, new_);
    if (meet(how) == 1) return -1;
    BEGIN;
    int result = go(from, old, to, new_);
    END(!result, how, -1, path, other, 0, NULL, 0)
    return result;
}

static int go_rename(int from, const char *old, int to, const char *new_) {
    REAL(int, "renameat", int, const char *, int, const char *);
    return real(from, old, to, new_);
}

static int go_link(int from, const char *old, int to, const char *new_) {
    REAL(int, "linkat", int, const char *, int, const char *, int);
    return real(from, old, to, new_, 0);
}

int rename(const char *old, const char *new_) { return move("rename", AT_FDCWD, old, AT_FDCWD, new_, go_rename); }
int renameat(int from, const char *old, int to, const char *new_) { return move("rename", from, old, to, new_, go_rename); }
int link(const char *old, const char *new_) { return move("link", AT_FDCWD, old, AT_FDCWD, new_, go_link); }
int linkat(int from, const char *old, int to, const char *new_, int flags) { (void)flags; return move("link", from, old, to, new_, go_link); }
