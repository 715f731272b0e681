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

uint64_t machine_total_memory(void)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	return pages > 0 ? (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
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
