/*
 * fuzz/fuzz_inbox.c - bodies of messages, and entries of streams that pretend to be messages.
 *
 * What: the bytes as each kind of body; a body that is refused has a sentence.  The bytes again as
 * the four fields of an entry, cut at line feeds: nothing but a signed one is good.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/inbox/order.h"
#include "exfild/inbox/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_bodies(const char *text, size_t len)
{
	static struct order_intel intel;
	char why[160] = "";
	struct order_quarantine quarantine;
	if (order_parse_quarantine(text, len, &quarantine, why, sizeof(why)) != 0 && !why[0])
		abort();
	why[0] = '\0';
	if (order_parse_intel(text, len, &intel, why, sizeof(why)) != 0 && !why[0])
		abort();
}

static void as_entry(struct seal *s, char *text)
{
	static const char *const names[] = { "time", "nonce", "body", "mac" };
	struct redis_entry e = { .id = "1-1" };
	struct redis_text body;
	for (char *part = strtok(text, "\n"); part && e.field_count < 4;
	     part = strtok(NULL, "\n")) {
		e.names[e.field_count] = (struct redis_text){ names[e.field_count], 4 };
		e.values[e.field_count++] = (struct redis_text){ part, strlen(part) };
	}
	if (seal_check(s, "intel", &e, 1700000000, &body) == SEAL_GOOD)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seal *s;
	char *text = malloc(size + 1);
	if (!text || seal_new("0123456789abcdef0123456789abcdef", 60, &s)) {
		free(text);
		return 0;
	}
	memcpy(text, data, size);
	text[size] = '\0';
	as_bodies(text, size);
	as_entry(s, text);
	seal_free(s);
	free(text);
	return 0;
}
