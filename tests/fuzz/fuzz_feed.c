/*
 * Feeds of indicators: the first byte names the form, the rest is the file.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exfild/intel/intel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_up(const struct intel *x)
{
	static const uint8_t loopback[4] = { 203, 0, 113, 9 };
	struct ipaddr a = ipaddr_v4(loopback);
	char text[INTEL_TEXT_MAX];
	const struct intel_item *item = intel_find_address(x, &a);
	if (item)
		(void)intel_text(x, item, text, sizeof(text));
	item = intel_find_name(x, "a.b.bad.example", 15);
	if (item)
		(void)intel_text(x, item, text, sizeof(text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct intel *first = NULL, *second = NULL;
	if (size < 1 || size > 200000)
		return 0;
	int fd = memfd_create("feed", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct intel_source source = { .name = "fuzz",
				       .file = path,
				       .format = (enum intel_format)(data[0] % INTEL_FORMATS),
				       .kind = (enum intel_kind)(data[0] / 16 % INTEL__COUNT),
				       .confidence = 80,
				       .expires_s = 86400 };
	struct intel_options options = { .sources = &source,
					 .source_count = 1,
					 .max_items = 5000,
					 .key = hash_key_fixed };
	int err = intel_build(&options, &first);
	assert(!err);
	look_up(first);
	/* once more: it is as good as it was, or held */
	options.before = first;
	err = intel_build(&options, &second);
	assert(!err && intel_count(second) == intel_count(first));
	intel_drop(first);
	look_up(second);
	intel_drop(second);
	close(fd);
	return 0;
}
