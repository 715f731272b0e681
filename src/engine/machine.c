/*
 * engine/machine.c - see machine.h.
 */
#include "machine.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

enum snap_known machine_clock(void)
{
	struct timex t = { 0 };
	int state = adjtimex(&t);
	if (state < 0)
		return SNAP_UNKNOWN;
	return state == TIME_ERROR || (t.status & STA_UNSYNC) ? SNAP_NO : SNAP_YES;
}

void machine_disk(const char *folder, uint64_t *ret_free, uint64_t *ret_size)
{
	char path[4096];
	struct statvfs v;
	*ret_free = *ret_size = 0;
	(void)snprintf(path, sizeof(path), "%s", folder);
	while (statvfs(path, &v) != 0) {
		char *slash = strrchr(path, '/');
		if (!slash)
			return;
		slash[slash == path] = '\0';
		if (slash == path && statvfs(path, &v) != 0)
			return;
	}
	*ret_free = (uint64_t)v.f_bavail * v.f_frsize;
	*ret_size = (uint64_t)v.f_blocks * v.f_frsize;
}

uint64_t machine_memory(void)
{
	char text[128];
	uint64_t resident = 0;
	FILE *in = fopen("/proc/self/statm", "re");
	if (!in)
		return 0;
	/* pages: all, then those in memory */
	const char *second = fgets(text, sizeof(text), in) ? strchr(text, ' ') : NULL;
	if (second)
		resident = strtoull(second, NULL, 10);
	(void)fclose(in);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The number that follows `word` at the start of a line; UINT64_MAX: there is none, or "max". */
static uint64_t number_in(const char *path, const char *word)
{
	char line[128];
	uint64_t number = UINT64_MAX;
	size_t len = strlen(word);
	FILE *in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		if (strncmp(line, word, len) == 0 && line[len] >= '0' && line[len] <= '9')
			number = strtoull(line + len, NULL, 10);
	}
	if (in)
		(void)fclose(in);
	return number;
}

/* Version 2: every group up to the root may set its own. */
static uint64_t unified_limit(const char *sys, char *group)
{
	char path[4096];
	uint64_t least = UINT64_MAX;
	for (;;) {
		(void)snprintf(path, sizeof(path), "%s/fs/cgroup%s/memory.max", sys, group);
		uint64_t limit = number_in(path, "");
		least = limit < least ? limit : least;
		char *slash = strrchr(group, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* Version 1: the kernel itself takes the least of all groups above. */
static uint64_t memory_limit(const char *sys, const char *group)
{
	char path[4096];
	(void)snprintf(path, sizeof(path), "%s/fs/cgroup/memory%s/memory.stat", sys, group);
	return number_in(path, "hierarchical_memory_limit ");
}

uint64_t machine_group_limit(const char *proc, const char *sys)
{
	char line[2048];
	uint64_t least = UINT64_MAX;
	(void)snprintf(line, sizeof(line), "%s/self/cgroup", proc);
	FILE *in = fopen(line, "re");
	/* NUMBER:CONTROLLERS:/GROUP, without controllers in version 2 */
	while (in && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group || strstr(group, "/.."))
			continue;
		*group++ = '\0';
		uint64_t limit = UINT64_MAX;
		if (strcmp(controllers, ":") == 0)
			limit = unified_limit(sys, group);
		else if (strcmp(controllers, ":memory") == 0)
			limit = memory_limit(sys, group);
		least = limit < least ? limit : least;
	}
	if (in)
		(void)fclose(in);
	return least;
}

uint64_t machine_memory_limit(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	uint64_t total = pages > 0 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
	uint64_t limit = machine_group_limit("/proc", "/sys");
	return total == 0 || limit < total ? (limit == UINT64_MAX ? 0 : limit) : total;
}

enum snap_known machine_offloads(const char *interface)
{
	static const uint32_t features[] = { ETHTOOL_GGRO, ETHTOOL_GGSO, ETHTOOL_GTSO };
	struct ifreq request = { 0 };
	enum snap_known known = SNAP_UNKNOWN;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return SNAP_UNKNOWN;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	for (size_t i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		struct ethtool_value value = { .cmd = features[i] };
		request.ifr_data = (char *)&value;
		if (ioctl(fd, SIOCETHTOOL, &request) != 0)
			continue;
		known = value.data || known == SNAP_YES ? SNAP_YES : SNAP_NO;
	}
	(void)close(fd);
	return known;
}
