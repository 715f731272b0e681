/*
 * inbox/remember.c - nonces that still count, and how they outlive the process.
 *
 * Without the file, a message that was read before a restart would pass once more within its
 * window.  It is written anew beside the old one and takes its place by a rename.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "private.h"

#define LINE_SIZE 400

static void forget(struct seal *s, uint64_t now_s)
{
	struct seal_nonce *n = table_next(&s->nonces, NULL);
	while (n) {
		struct seal_nonce *next = table_next(&s->nonces, n);
		if (n->until_s < now_s)
			table_remove(&s->nonces, n);
		n = next;
	}
}

bool seal_remember(struct seal *s, const char *text, size_t len, uint64_t until_s, uint64_t now_s,
		   bool *ret_full)
{
	struct seal_nonce key = { .until_s = 0 };
	bool is_new = false;
	memcpy(key.text, text, len < sizeof(key.text) ? len : sizeof(key.text));
	*ret_full = false;
	if (table_find(&s->nonces, key.text))
		return false;
	if (s->nonces.stats.entries >= SEAL_NONCES)
		forget(s, now_s);
	if (s->nonces.stats.entries >= SEAL_NONCES) {
		*ret_full = true;
		return false;
	}
	struct seal_nonce *n = table_get(&s->nonces, key.text, &is_new);
	if (n)
		n->until_s = until_s;
	*ret_full = !n;
	return n != NULL;
}

static bool write_all(const struct seal *s, FILE *out, const struct redis_place *places,
		      size_t count, uint64_t now_s)
{
	for (size_t i = 0; i < count; i++)
		if (fprintf(out, "last %s %s\n", places[i].key, places[i].last) < 0)
			return false;
	for (const struct seal_nonce *n = table_next(&s->nonces, NULL); n;
	     n = table_next(&s->nonces, n))
		if (n->until_s >= now_s && fprintf(out, "nonce %" PRIu64 " %.*s\n", n->until_s,
						   SEAL_NONCE_MAX, n->text) < 0)
			return false;
	return true;
}

int seal_save(const struct seal *s, const char *path, const struct redis_place *places,
	      size_t count, uint64_t now_s)
{
	char fresh[560];
	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return -EXF_E_LIMIT;
	FILE *out = fopen(fresh, "we");
	bool ok = out && write_all(s, out, places, count, now_s);
	if (out && fclose(out) != 0)
		ok = false;
	if (ok && rename(fresh, path) == 0)
		return 0;
	int kept = errno;
	(void)unlink(fresh);
	errno = kept;
	return -EXF_E_IO;
}

static void take_last(char *rest, struct redis_place *places, size_t count)
{
	uint64_t ms, n;
	char *id = strrchr(rest, ' ');
	if (!id || !redis_stream_id(id + 1, &ms, &n))
		return;
	*id = '\0';
	for (size_t i = 0; i < count; i++)
		if (strcmp(places[i].key, rest) == 0)
			(void)str_copy(places[i].last, sizeof(places[i].last), id + 1);
}

static void take_nonce(struct seal *s, char *rest)
{
	uint64_t until_s;
	bool is_full;
	char *text = strchr(rest, ' ');
	if (!text)
		return;
	*text++ = '\0';
	if (str_parse_u64(rest, 0, UINT64_MAX, &until_s) == 0 && strlen(text) >= SEAL_NONCE_MIN &&
	    strlen(text) <= SEAL_NONCE_MAX)
		(void)seal_remember(s, text, strlen(text), until_s, 0, &is_full);
}

void seal_load(struct seal *s, const char *path, struct redis_place *places, size_t count)
{
	char line[LINE_SIZE];
	FILE *in = fopen(path, "re");
	while (in && fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "last ", 5) == 0)
			take_last(line + 5, places, count);
		else if (strncmp(line, "nonce ", 6) == 0)
			take_nonce(s, line + 6);
	}
	if (in)
		(void)fclose(in);
}
