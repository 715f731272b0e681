/* fuzz/fuzz_ntlmssp.c - a log-in token, bare or wrapped. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../src/inspect/auth/ntlmssp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const struct ntlm_name *name)
{
	assert(name->len <= NTLM_NAME_MAX && name->len <= name->full);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct auth_token t;
	struct ntlmssp n;

	if (auth_token_read(&t, data, size) && t.token) {
		assert(t.token >= data && t.token + t.token_len <= data + size);
		if (t.mechanism == AUTH_NTLM && ntlmssp_read(&n, t.token, t.token_len)) {
			check_name(&n.user);
			check_name(&n.domain);
			check_name(&n.station);
			check_name(&n.target);
			check_name(&n.dns);
		}
	}
	return 0;
}
