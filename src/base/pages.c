/*
 * base/pages.c - see include/exfild/base/pages.h
 */
#include "exfild/base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t mapped_size(size_t size)
{
	return (size / PAGES_HUGE + 1) * PAGES_HUGE;
}

void *pages_map(size_t size)
{
	size_t want = mapped_size(size);
	uint8_t *p = mmap(NULL, want + PAGES_HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	size_t before = (PAGES_HUGE - (uintptr_t)p % PAGES_HUGE) % PAGES_HUGE;
	if (before > 0)
		(void)munmap(p, before);
	if (before < PAGES_HUGE)
		(void)munmap(p + before + want, PAGES_HUGE - before);
	return p + before;
}

void pages_unmap(void *p, size_t size)
{
	if (p != NULL)
		(void)munmap(p, mapped_size(size));
}

void pages_advise(void *p, size_t from, size_t to)
{
	size_t first = (from + PAGES_HUGE - 1) / PAGES_HUGE;
	size_t last = (to + PAGES_HUGE - 1) / PAGES_HUGE;

	if (first == 0)
		first = 1;
	if (first < last)
		(void)madvise((uint8_t *)p + first * PAGES_HUGE, (last - first) * PAGES_HUGE,
			      MADV_HUGEPAGE);
}

void pages_touch(void *p, size_t len)
{
	(void)madvise(p, len, MADV_POPULATE_WRITE);
}

void pages_give_back(void *p, size_t to)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	if (to >= page)
		(void)madvise(p, to / page * page, MADV_DONTNEED);
}
