/* base/err.c - see include/exfild/base/err.h */
#include "exfild/base/err.h"

#include <stddef.h>

static const char *const texts[EXF_E__COUNT] = {
	[0] = "success",
	[EXF_E_NOMEM] = "out of memory",
	[EXF_E_IO] = "input/output error",
	[EXF_E_FORMAT] = "malformed",
	[EXF_E_TRUNCATED] = "truncated",
	[EXF_E_RANGE] = "out of range",
	[EXF_E_INVALID] = "unknown name or value",
	[EXF_E_UNSUPPORTED] = "not supported",
	[EXF_E_LIMIT] = "limit reached",
};

const char *exf_strerror(int code)
{
	/* In unsigned arithmetic: -INT_MIN has no int. */
	unsigned magnitude = code < 0 ? 0u - (unsigned)code : (unsigned)code;

	if (magnitude >= EXF_E__COUNT || texts[magnitude] == NULL)
		return "unknown error";
	return texts[magnitude];
}
