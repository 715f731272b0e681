/*
 * responder/asked.c - see asked.h.
 */
#include "asked.h"

#include <string.h>

const char *const asked_lists[ASKED_SETS] = { "list set inet " ASKED_TABLE " time4",
					      "list set inet " ASKED_TABLE " time6" };

void asked_create(struct buf *out, const struct ipaddr *known, size_t count)
{
	char text[IPADDR_TEXT_MAX];
	asked_remove(out);
	buf_printf(out,
		   "table inet " ASKED_TABLE " {\n"
		   "  set time4 { type ipv4_addr; flags dynamic,timeout; timeout %dd; size %u; }\n"
		   "  set time6 { type ipv6_addr; flags dynamic,timeout; timeout %dd; size %u; }\n"
		   "  chain output { type filter hook output priority -200; policy accept;\n"
		   "    udp dport 123 update @time4 { ip daddr }\n"
		   "    udp dport 123 update @time6 { ip6 daddr }\n"
		   "  }\n"
		   "}\n",
		   ASKED_DAYS, ASKED_MAX, ASKED_DAYS, ASKED_MAX);
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "add element inet " ASKED_TABLE " %s { %s }\n",
			   ipaddr_is_v4(&known[i]) ? "time4" : "time6",
			   ipaddr_print(&known[i], text, sizeof(text)));
}

void asked_remove(struct buf *out)
{
	buf_str(out, "table inet " ASKED_TABLE "\ndelete table inet " ASKED_TABLE "\n");
}

static size_t keep(const struct ipaddr *a, struct ipaddr *list, size_t count, size_t max)
{
	for (size_t i = 0; i < count; i++)
		if (ipaddr_equal(&list[i], a))
			return count;
	if (count == max)
		return count;
	list[count] = *a;
	return count + 1;
}

size_t asked_read(const char *listing, struct ipaddr *list, size_t count, size_t max)
{
	const char *at = strstr(listing, "elements = {");
	for (at = at ? strchr(at, '{') + 1 : ""; *at && *at != '}';) {
		char word[IPADDR_TEXT_MAX];
		struct ipaddr a;
		at += strspn(at, " \t\n,");
		size_t len = strcspn(at, " \t\n,}");
		if (len && len < sizeof(word)) {
			memcpy(word, at, len);
			word[len] = '\0';
			if (ipaddr_parse(word, &a) == 0)
				count = keep(&a, list, count, max);
		}
		at += len;
	}
	return count;
}
