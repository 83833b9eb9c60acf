/* A layer between the node and the C library, for tests: a slow or refusing disk, a clock that is set, and a record of
 * what reached the disk in which order. Loaded with LD_PRELOAD; steered by a small file that the test writes.
 *
 *   SHIM_CONTROL  the file: struct control
 *   SHIM_FOLDER   only files below it are slowed, refused and recorded
 *   SHIM_TRACE    where the record goes; without it there is none
 *
 * A record: op (1 byte), length of the name (4), offset (8), length of the data (4), name, data; little-endian.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct control {
    int64_t sync_delay_us;
    int64_t clock_offset_us;
    int64_t refuse_errno;
    char refuse_below[104]; /* a folder's name somewhere in the path */
};

static struct control none;
static volatile struct control *control = &none;
static char folder[1024];
static int trace = -1;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("SHIM_CONTROL"), *below = getenv("SHIM_FOLDER"), *record = getenv("SHIM_TRACE");
    if (below) snprintf(folder, sizeof folder, "%s", below);
    if (path) {
        int fd = REAL(open)(path, O_RDONLY);
        void *map = fd < 0 ? MAP_FAILED : mmap(0, sizeof none, PROT_READ, MAP_SHARED, fd, 0);
        if (map != MAP_FAILED) control = map;
    }
    if (record) trace = REAL(open)(record, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int ours(const char *path) { return folder[0] && !strncmp(path, folder, strlen(folder)); }

static int named(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return ours(path);
}

static int refused(const char *path) {
    int64_t why = control->refuse_errno;
    if (!why || !ours(path) || !strstr(path, (const char *)control->refuse_below)) return 0;
    errno = (int)why;
    return 1;
}

/* Called with the order held. */
static void note(char op, const char *path, uint64_t offset, const void *data, uint32_t length) {
    if (trace < 0) return;
    uint32_t name = strlen(path);
    char head[17];
    head[0] = op;
    memcpy(head + 1, &name, 4);
    memcpy(head + 5, &offset, 8);
    memcpy(head + 13, &length, 4);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)path, name}, {(void *)data, length}};
    if (REAL(writev)(trace, parts, 3) < 0) abort();
}

static ssize_t put(int fd, const void *data, size_t length, off64_t offset, int positioned) {
    char path[1024];
    if (!named(fd, path, sizeof path))
        return positioned ? REAL(pwrite64)(fd, data, length, offset) : REAL(write)(fd, data, length);
    if (refused(path)) return -1;
    pthread_mutex_lock(&order);
    if (!positioned) {
        int flags = fcntl(fd, F_GETFL);
        offset = lseek64(fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    }
    ssize_t done = positioned ? REAL(pwrite64)(fd, data, length, offset) : REAL(write)(fd, data, length);
    int why = errno;
    if (done > 0) note('W', path, offset, data, done);
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return put(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return put(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) { return put(fd, data, length, offset, 1); }
ssize_t writev(int fd, const struct iovec *parts, int count) {
    char path[1024];
    if (!named(fd, path, sizeof path)) return REAL(writev)(fd, parts, count);
    ssize_t all = 0;
    for (int at = 0; at < count; at++) {
        ssize_t done = put(fd, parts[at].iov_base, parts[at].iov_len, 0, 0);
        if (done < 0) return all ? all : -1;
        all += done;
        if ((size_t)done < parts[at].iov_len) break;
    }
    return all;
}

static int settle(int fd, int (*sync)(int)) {
    char path[1024];
    if (!named(fd, path, sizeof path)) return sync(fd);
    if (refused(path)) return -1;
    pthread_mutex_lock(&order);
    note('B', path, 0, 0, 0);
    pthread_mutex_unlock(&order);
    int64_t delay = control->sync_delay_us;
    if (delay > 0) usleep(delay);
    int done = sync(fd), why = errno;
    pthread_mutex_lock(&order);
    if (!done) note('S', path, 0, 0, 0);
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

int fsync(int fd) { return settle(fd, REAL(fsync)); }
int fdatasync(int fd) { return settle(fd, REAL(fdatasync)); }

static int cut(int fd, off64_t length) {
    char path[1024];
    if (!named(fd, path, sizeof path)) return REAL(ftruncate64)(fd, length);
    if (refused(path)) return -1;
    pthread_mutex_lock(&order);
    int done = REAL(ftruncate64)(fd, length);
    if (!done) note('T', path, length, 0, 0);
    pthread_mutex_unlock(&order);
    return done;
}

int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

static int opened(const char *path, int flags, mode_t mode) {
    if (!ours(path) || !(flags & (O_CREAT | O_TRUNC))) return REAL(open64)(path, flags, mode);
    if (refused(path)) return -1;
    pthread_mutex_lock(&order);
    struct stat64 was;
    int is_new = stat64(path, &was) != 0;
    int fd = REAL(open64)(path, flags, mode), why = errno;
    if (fd >= 0 && (is_new || flags & O_TRUNC)) note('C', path, 0, 0, 0);
    pthread_mutex_unlock(&order);
    errno = why;
    return fd;
}

#define MODE                                  \
    mode_t mode = 0;                          \
    if (flags & (O_CREAT | O_TMPFILE)) {      \
        va_list more;                         \
        va_start(more, flags);                \
        mode = va_arg(more, mode_t);          \
        va_end(more);                         \
    }
int open(const char *path, int flags, ...) { MODE return opened(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(path, flags, mode); }

int rename(const char *from, const char *to) {
    if (!ours(from)) return REAL(rename)(from, to);
    if (refused(from)) return -1;
    pthread_mutex_lock(&order);
    int done = REAL(rename)(from, to), why = errno;
    if (!done) note('R', from, 0, to, strlen(to));
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

int unlink(const char *path) {
    if (!ours(path)) return REAL(unlink)(path);
    pthread_mutex_lock(&order);
    int done = REAL(unlink)(path), why = errno;
    if (!done) note('U', path, 0, 0, 0);
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

int mkdir(const char *path, mode_t mode) {
    if (!ours(path)) return REAL(mkdir)(path, mode);
    if (refused(path)) return -1;
    pthread_mutex_lock(&order);
    int done = REAL(mkdir)(path, mode), why = errno;
    if (!done) note('M', path, 0, 0, 0);
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    int done = REAL(clock_gettime)(clock, now);
    if (!done && clock == CLOCK_REALTIME) now->tv_sec += control->clock_offset_us / 1000000;
    return done;
}

int gettimeofday(struct timeval *now, void *zone) {
    int done = REAL(gettimeofday)(now, zone);
    if (!done) now->tv_sec += control->clock_offset_us / 1000000;
    return done;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
