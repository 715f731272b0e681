/*
 * detect/text.c - what detectors ask of an event's strings.
 */
#include "text.h"

#include <string.h>
#include <strings.h>

const char *const text_script_ends[] = { ".php", ".asp",   ".aspx", ".ashx", ".asmx",
					 ".jsp", ".jspx",  ".cgi",  ".pl",   ".cfm",
					 ".do",  ".phtml", NULL };

static const char *bytes_of(const struct event *e, const struct event_str *s, size_t *ret_len)
{
	*ret_len = s->off ? s->len : 0;
	return (const char *)event_str_data(e, s);
}

bool text_has(const struct event *e, const struct event_str *s, const char *part)
{
	size_t len, n = strlen(part);
	const char *at = bytes_of(e, s, &len);
	for (size_t i = 0; i + n <= len; i++)
		if (strncasecmp(at + i, part, n) == 0)
			return true;
	return false;
}

static size_t path_len(const char *at, size_t len)
{
	size_t n = 0;
	while (n < len && at[n] != '?' && at[n] != '#' && at[n] != ';')
		n++;
	return n;
}

bool text_path_ends(const struct event *e, const struct event_str *s, const char *const *ends)
{
	size_t len;
	const char *at = bytes_of(e, s, &len);
	len = path_len(at, len);
	for (; *ends; ends++) {
		size_t n = strlen(*ends);
		if (len > n && strncasecmp(at + len - n, *ends, n) == 0)
			return true;
	}
	return false;
}

size_t text_host_len(const struct event *e, const struct event_str *host)
{
	size_t len;
	const char *at = bytes_of(e, host, &len);
	if (len && *at == '[') {
		const char *end = memchr(at, ']', len);
		return end ? (size_t)(end - at) + 1 : len;
	}
	const char *colon = len ? memchr(at, ':', len) : NULL;
	return colon ? (size_t)(colon - at) : len;
}

bool text_is_address(const struct event *e, const struct event_str *host)
{
	char text[IPADDR_TEXT_MAX];
	struct ipaddr a;
	size_t len, n = text_host_len(e, host);
	const char *at = bytes_of(e, host, &len);
	if (n > 2 && *at == '[') {
		at++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(text))
		return false;
	memcpy(text, at, n);
	text[n] = '\0';
	return ipaddr_parse(text, &a) == 0;
}

uint64_t text_path_hash(const struct event *e, const struct event_str *uri,
			const struct hash_key *key)
{
	size_t len;
	const char *at = bytes_of(e, uri, &len);
	return hash_bytes(key, at, path_len(at, len));
}

unsigned text_browser_lacks(uint32_t head_marks)
{
	unsigned lacks = 0;
	lacks += (head_marks & HTTP_HAS_LANGUAGE) == 0;
	lacks += (head_marks & HTTP_HAS_ENCODINGS) == 0;
	lacks += (head_marks & (HTTP_HAS_REFERRER | HTTP_HAS_ORIGIN)) == 0;
	return lacks;
}

void text_counterfactual(struct finding *f)
{
	const struct finding_feature *most = NULL;
	double sum = 0;
	for (unsigned i = 0; i < f->feature_count; i++) {
		sum += f->features[i].contribution;
		if (!most || f->features[i].contribution > most->contribution)
			most = &f->features[i];
	}
	if (most)
		finding_text(f->counterfactual, sizeof(f->counterfactual),
			     "silent below a sum of 0.35, low below 0.5: it is %.2f, and %.2f "
			     "without %s",
			     sum, sum - most->contribution, most->name);
}
