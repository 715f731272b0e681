/*
 * fuzz/fuzz_identity.c - files of identities of any kind.
 *
 * What: the bytes as a file; what is refused has a place and a sentence.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/context/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct identity_list *l = NULL;
	char why[300] = "";
	int err = identity_read_text("t", (const char *)data, size, &l, why, sizeof(why));
	if (err && strncmp(why, "t:", 2) != 0)
		abort();
	if (!err && identity_list_count(l) > IDENTITY_LINES)
		abort();
	identity_list_free(l);
	return 0;
}
