/*
 * engine/secret.h - the password of Redis.
 *
 * Ownership: the caller's buffer, who wipes it.  Threads: any.
 */
#ifndef EXFILD_SRC_ENGINE_SECRET_H
#define EXFILD_SRC_ENGINE_SECRET_H

#include "exfild/config/config.h"

/* What the service manager hands over, else the first line of redis.password_file; "": none. */
int secret_redis_password(const struct config *c, char *dst, size_t size, char *ret_why,
			  size_t why_size) EXF_MUST_USE;
/*
 * The file of a secret: the one that the service manager hands over under this name, else `path`.
 * False: it is too long.
 */
bool secret_path(const char *credential, const char *path, char *dst, size_t size);

#endif
