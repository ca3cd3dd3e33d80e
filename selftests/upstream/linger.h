/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the linker makes of the calls in front of which a test lingers, with
 * --wrap=NAME: theirs go to __wrap_NAME, and __real_NAME is the call itself.
 * The build takes the names from here.
 */
#ifndef PAGEFOLD_LINGER_H
#define PAGEFOLD_LINGER_H

#include <sys/types.h>
#include <sys/uio.h>

int __real_mprotect(void *at, size_t len, int prot);
int __real_madvise(void *at, size_t len, int advice);
int __real_mlock(const void *at, size_t len);
int __real_munlock(const void *at, size_t len);
int __real_mlockall(int flags);
ssize_t __real_vmsplice(int fd, const struct iovec *from, size_t count,
			unsigned int flags);
ssize_t __real_process_madvise(int fd, const struct iovec *at, size_t count,
			       int advice, unsigned int flags);
ssize_t __real_pread(int fd, void *to, size_t len, off_t at);
ssize_t __real_pread64(int fd, void *to, size_t len, off64_t at);
ssize_t __real_write(int fd, const void *from, size_t len);
pid_t __real_fork(void);
void *__real_mmap(void *at, size_t len, int prot, int flags, int fd,
		  off_t from);
void *__real_mremap(void *from, size_t len, size_t to_len, int flags,
		    ...);
int __real_ioctl(int fd, unsigned long request, ...);
long __real_syscall(long number, ...);

int __wrap_mprotect(void *at, size_t len, int prot);
int __wrap_madvise(void *at, size_t len, int advice);
int __wrap_mlock(const void *at, size_t len);
int __wrap_munlock(const void *at, size_t len);
int __wrap_mlockall(int flags);
ssize_t __wrap_vmsplice(int fd, const struct iovec *from, size_t count,
			unsigned int flags);
ssize_t __wrap_process_madvise(int fd, const struct iovec *at, size_t count,
			       int advice, unsigned int flags);
ssize_t __wrap_pread(int fd, void *to, size_t len, off_t at);
ssize_t __wrap_pread64(int fd, void *to, size_t len, off64_t at);
ssize_t __wrap_write(int fd, const void *from, size_t len);
pid_t __wrap_fork(void);
void *__wrap_mmap(void *at, size_t len, int prot, int flags, int fd,
		  off_t from);
void *__wrap_mremap(void *from, size_t len, size_t to_len, int flags,
		    ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
long __wrap_syscall(long number, ...);

#endif
