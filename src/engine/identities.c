/*
 * engine/identities.c - see identities.h.
 */
#include "identities.h"

#include <sys/stat.h>

#include "exfild/base/hash.h"
#include "exfild/base/log.h"

int identities_from(const struct config *c, struct identity_list **ret, char *why, size_t size)
{
	*ret = NULL;
	if (!*c->identity.file)
		return 0;
	int err = identity_read(c->identity.file, ret, why, size);
	if (!err)
		log_info("identity", "%s: %zu entries", c->identity.file,
			 identity_list_count(*ret));
	return err;
}

uint64_t identities_signature(const struct config *c)
{
	struct stat info;
	if (!*c->identity.file)
		return 0;
	if (stat(c->identity.file, &info) != 0)
		return 1;
	uint64_t hash = hash_mix((uint64_t)info.st_ino, (uint64_t)info.st_size);
	hash = hash_mix(hash, (uint64_t)info.st_mtim.tv_sec);
	return hash_mix(hash, (uint64_t)info.st_mtim.tv_nsec);
}
