/*
 * engine/secret.c - see secret.h.
 *
 * What the service manager hands over (LoadCredential=redis-password:...) the daemon's user cannot
 * read where it lies.  It is another file than the configured one, or the same from where it can be
 * read.
 */
#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/sandbox/sandbox.h"
#include "confine.h"

bool secret_path(const char *credential, const char *path, char *dst, size_t size)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	int n = folder ? snprintf(dst, size, "%s/%s", folder, credential) : 0;
	if (n > 0 && (size_t)n < size && access(dst, R_OK) == 0)
		return true;
	n = snprintf(dst, size, "%s", path ? path : "");
	return n >= 0 && (size_t)n < size;
}

static bool read_line(const char *path, char *dst, size_t size)
{
	FILE *in = fopen(path, "re");
	bool has_line = in && fgets(dst, (int)size, in);
	if (in)
		(void)fclose(in);
	dst[has_line ? strcspn(dst, "\r\n") : 0] = '\0';
	return has_line;
}

int secret_redis_password(const struct config *c, char *dst, size_t size, char *why,
			  size_t why_size)
{
	char path[4096];
	const char *configured = c->redis.password_file;
	dst[0] = '\0';
	if (!secret_path("redis-password", configured, path, sizeof(path)) || !path[0])
		return 0;
	if (sandbox_hide(confine_is_sanitized()) != 0) {
		(void)snprintf(why, why_size, "cannot keep the password out of core dumps: %s",
			       strerror(errno));
		return -EXF_E_IO;
	}
	if (read_line(path, dst, size) && (dst[0] || !configured || !*configured))
		return 0;
	if (configured && *configured && read_line(configured, dst, size))
		return 0;
	(void)snprintf(why, why_size,
		       "cannot read redis.password_file %s: "
		       "give a readable file that holds the password in one line",
		       configured ? configured : path);
	return -EXF_E_IO;
}
