/* report: lines of alerts, as a spool may hold them, become a page that is whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct report *r = report_new();
	const char *at = (const char *)data, *end = at + size;
	struct buf page;
	if (!r)
		abort();
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		size_t len = stop ? (size_t)(stop - at) : (size_t)(end - at);
		if (report_alert(r, at, len) == -EXF_E_NOMEM)
			abort();
		at += len + 1;
	}
	char *title = malloc(size + 1);
	if (!title)
		abort();
	memcpy(title, data, size);
	title[size] = '\0';
	const struct report_seen seen = { .title = title, .inside = title };
	buf_init(&page, REPORT_BYTES);
	if (report_page(r, &seen, &page) || !strstr(page.data, "</html>"))
		abort();
	for (size_t i = 0; i < page.len; i++)
		if ((unsigned char)page.data[i] < 0x20 && page.data[i] != '\n')
			abort();
	buf_deinit(&page);
	free(title);
	report_free(r);
	return 0;
}
