/* fuzz/fuzz_redis.c - the Redis inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector redis_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&redis_inspector, data, size, check_login);
	return 0;
}
