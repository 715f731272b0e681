/*
 * config/change.c - in which keys do two configurations differ?
 *
 * What prints alike is alike.
 */
#include <stdio.h>
#include <string.h>

#include "print.h"

#define KEY_TEXT_MAX ((size_t)64 << 20)

static bool is_alike(const struct key *k, const void *a, const void *b)
{
	struct buf texts[2];
	const void *bases[2] = { a, b };
	for (size_t i = 0; i < 2; i++) {
		buf_init(&texts[i], KEY_TEXT_MAX);
		print_key(&texts[i], k, bases[i]);
	}
	bool alike = texts[0].len == texts[1].len &&
		     (!texts[0].len || memcmp(texts[0].data, texts[1].data, texts[0].len) == 0);
	buf_deinit(&texts[0]);
	buf_deinit(&texts[1]);
	return alike;
}

static void add_name(struct buf *out, const char *prefix, const char *name)
{
	buf_printf(out, "%s%s%s", out->len ? ", " : "", prefix, name);
}

static bool is_same_param(const struct param *p, const struct config_section *a,
			  const struct config_section *b)
{
	char left[64], right[64];
	return strcmp(param_print(p, a->target, left, sizeof(left)),
		      param_print(p, b->target, right, sizeof(right))) == 0;
}

/* Both have the same detectors, in the same order. */
static void list_detectors(const struct config *a, const struct config *b, struct buf *out)
{
	for (size_t i = 0; i < a->section_count && i < b->section_count; i++) {
		const struct config_section *x = &a->sections[i], *y = &b->sections[i];
		char prefix[128];
		(void)snprintf(prefix, sizeof(prefix), "detectors.%s.", x->name);
		if (x->enabled != y->enabled)
			add_name(out, prefix, "enabled");
		for (const struct param *p = x->params; p && p->name; p++)
			if (!is_same_param(p, x, y))
				add_name(out, prefix, p->name);
	}
}

/* Keys of which `flags` has just these of `mask` set. */
static void list_keys(const struct key *keys, const char *prefix, unsigned mask, unsigned flags,
		      const struct config *a, const struct config *b, struct buf *out)
{
	for (const struct key *k = keys; k->name; k++) {
		char below[128];
		(void)snprintf(below, sizeof(below), "%s%s.", prefix, k->name);
		if (k->type == KEY_INCLUDE)
			continue;
		if (k->type == KEY_MAP)
			list_keys(k->keys, below, mask, flags, a, b, out);
		else if ((k->flags & mask) != flags)
			continue;
		else if (k->type == KEY_DETECTORS)
			list_detectors(a, b, out);
		else if (!is_alike(k, a, b))
			add_name(out, prefix, k->name);
	}
}

void key_list_later(const struct config *a, const struct config *b, struct buf *out)
{
	list_keys(config_keys, "", KEY_LATER, KEY_LATER, a, b, out);
}

void config_list_live(const struct config *a, const struct config *b, struct buf *out)
{
	list_keys(config_keys, "", KEY_LATER | KEY_RESTART, 0, a, b, out);
}

void config_list_restart(const struct config *a, const struct config *b, struct buf *out)
{
	list_keys(config_keys, "", KEY_LATER | KEY_RESTART, KEY_RESTART, a, b, out);
}
