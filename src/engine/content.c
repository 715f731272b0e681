/*
 * engine/content.c - see content.h.
 */
#include "content.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "exfild/content/sets.h"
#include "sets.h"

/* One file a country. */
static const char *const files[] = { "be", "br", "ca", "ch", "de", "es", "fr",
				     "gb", "in", "nl", "pl", "se", "us" };

static int add_file(struct buf *out, const char *path, char *why, size_t why_size)
{
	char part[4096];
	size_t n;
	FILE *f = fopen(path, "re");
	if (!f) {
		(void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return -EXF_E_IO;
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	bool is_bad = ferror(f) != 0;
	(void)fclose(f);
	buf_char(out, '\n');
	if (is_bad)
		(void)snprintf(why, why_size, "%s cannot be read to its end", path);
	return is_bad ? -EXF_E_IO : 0;
}

int content_gather(struct buf *out, const char *data_dir, const struct config *c, char *why,
		   size_t why_size)
{
	char path[600];
	int err = 0;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !err; i++) {
		(void)snprintf(path, sizeof(path), "%s/content/%s.tsv", data_dir, files[i]);
		err = add_file(out, path, why, why_size);
	}
	for (size_t i = 0; i < c->content.marking_count; i++)
		buf_printf(out, "marking\t%s\n", c->content.markings[i]);
	for (size_t i = 0; i < c->content.canary_count; i++)
		buf_printf(out, "canary\t%zu\t%s\n", i + 1, c->content.canaries[i]);
	if (!err && out->full) {
		(void)snprintf(why, why_size, "content: its words have more than %u kB in all",
			       CONTENT_TEXT / 1024u);
		err = -EXF_E_LIMIT;
	}
	return err;
}

int content_make(struct content_rules **ret, const char *data_dir, const struct config *c,
		 char *why, size_t why_size)
{
	struct buf text;
	buf_init(&text, CONTENT_TEXT);
	int err = content_gather(&text, data_dir, c, why, why_size);
	if (!err)
		*ret = content_rules_new(text.data, text.len, why, why_size);
	buf_deinit(&text);
	if (!err && !*ret)
		err = -EXF_E_INVALID;
	struct content_sets *sets = NULL;
	if (!err)
		err = sets_make(c, &sets, why, why_size);
	if (sets)
		content_rules_take_sets(*ret, sets);
	return err;
}
