/*
 * fuzz/fuzz_control.c - requests on the control socket.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/control/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct request r;
	struct request_error e;
	char *line = malloc(size ? size : 1);

	if (!line)
		return 0;
	memcpy(line, data, size);
	if (request_parse(line, size, &r, &e)) {
		assert(e.code && e.message[0]);
	} else {
		assert(r.command[0] || size > 0);
		assert(r.limit <= REQUEST_LIST_MAX);
		assert(strlen(r.command) < sizeof(r.command));
		assert(strlen(r.filter) < sizeof(r.filter));
	}
	free(line);
	return 0;
}
