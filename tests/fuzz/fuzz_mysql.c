/* fuzz/fuzz_mysql.c - the MySQL inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector mysql_inspector;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&mysql_inspector, data, size, check_login);
	return 0;
}
