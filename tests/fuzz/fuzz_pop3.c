/* fuzz/fuzz_pop3.c - the POP3 inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector pop3_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&pop3_inspector, data, size, check_login);
	return 0;
}
