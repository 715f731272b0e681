/*
 * base/pages.h - memory that is read at random, straight from the kernel.
 *
 * What: zeroed mappings that begin at the border of a huge page.  What is read at random waits for
 * page walks as much as for memory: with huge pages it does not.
 * Ownership: who maps unmaps, with the same size.  Threads: any.
 * Limits: pages come as they are first written; that the kernel may refuse huge ones changes
 * nothing but time.
 */
#ifndef EXFILD_BASE_PAGES_H
#define EXFILD_BASE_PAGES_H

#include <stddef.h>

#define PAGES_HUGE ((size_t)2 * 1024 * 1024)

/* NULL without address space. */
void *pages_map(size_t size);
/* NULL is accepted. */
void pages_unmap(void *p, size_t size);
/*
 * The bytes from `from` to `to` of a mapping are about to be touched for the first time: from the
 * second huge page on they get some, so that at most one of them is not full.
 */
void pages_advise(void *p, size_t from, size_t to);
/* Its first `len` bytes, from the start of a page on, are made ready now, so that a burst does not
 * wait for pages. */
void pages_touch(void *p, size_t len);
/* Gives the memory of a mapping's first `to` bytes back, whole pages of it: they read as zero. */
void pages_give_back(void *p, size_t to);

#endif
