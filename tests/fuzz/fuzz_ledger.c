/* The newest file of a ledger, whatever somebody has left there: it is looked through before exfild
 * goes on after it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../src/store/ledger_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger_scan scan;
	int fd = memfd_create("ledger", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0 &&
	    ledger_scan(fd, 1, &scan) == 0) {
		if (!scan.is_broken && scan.end + scan.torn != size)
			abort();
		if (!scan.is_broken && scan.lines && scan.at.number != scan.lines)
			abort();
	}
	(void)close(fd);
	return 0;
}
