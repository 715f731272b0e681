/*
 * base/datadir.c - see datadir.h.
 *
 * In the build tree the executable lies in build/<preset>/ or build/, the data in data/ two or one
 * folders up.
 */
#include "exfild/base/datadir.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTALLED "/usr/share/exfild"

static bool has_data(const char *dir)
{
	char path[1024];
	int n = snprintf(path, sizeof(path), "%s/services.yaml", dir);
	return n > 0 && (size_t)n < sizeof(path) && access(path, R_OK) == 0;
}

static bool take(char *dst, size_t size, const char *dir)
{
	int n = snprintf(dst, size, "%s", dir);
	return n > 0 && (size_t)n < size && has_data(dst);
}

static bool beside_executable(char *dst, size_t size)
{
	char self[900];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	for (int up = 0; up < 4; up++) {
		char *slash = strrchr(self, '/');
		char dir[1000];
		if (!slash || slash == self)
			return false;
		*slash = '\0';
		(void)snprintf(dir, sizeof(dir), "%s/data", self);
		if (take(dst, size, dir))
			return true;
		(void)snprintf(dir, sizeof(dir), "%s/share/exfild", self);
		if (take(dst, size, dir))
			return true;
	}
	return false;
}

int datadir_find(char *dst, size_t size, char *why, size_t why_size)
{
	const char *named = getenv("EXFILD_DATADIR");
	if (named && *named) {
		if (take(dst, size, named))
			return 0;
		(void)snprintf(why, why_size, "EXFILD_DATADIR=%s holds no services.yaml", named);
		return -EXF_E_IO;
	}
	if (beside_executable(dst, size) || take(dst, size, INSTALLED))
		return 0;
	(void)snprintf(why, why_size,
		       "services.yaml is neither beside the program nor in " INSTALLED
		       ": reinstall exfild or name its data folder in EXFILD_DATADIR");
	return -EXF_E_IO;
}
