/*
 * signature/modifier.c - the key of an item: a field and its modifiers.
 */
#include <string.h>

#include "item.h"

/* --- modifiers ------------------------------------------------------------------------------ */

static bool set_kind(struct item *it, enum match_kind kind)
{
	if (it->kind != MATCH_TEXT)
		return refuse(it->c, it->node, "'%.80s': these modifiers do not go together",
			      it->node->key);
	it->kind = kind;
	return true;
}

static bool set_change(struct item *it, enum text_change change)
{
	if (it->change_count == 4)
		return refuse(it->c, it->node, "'%.80s': too many modifiers", it->node->key);
	it->changes[it->change_count++] = change;
	return true;
}

static bool take_compare(struct item *it, const char *name, bool *ret_known)
{
	static const struct {
		const char *name;
		enum compare compare;
	} compares[] = { { "gt", COMPARE_GT },
			 { "gte", COMPARE_GTE },
			 { "lt", COMPARE_LT },
			 { "lte", COMPARE_LTE } };
	static const char *const parts[] = { "", "minute", "hour", "day", "week", "month", "year" };
	for (size_t i = 0; i < sizeof(compares) / sizeof(compares[0]); i++)
		if (strcmp(compares[i].name, name) == 0) {
			*ret_known = true;
			it->compare = compares[i].compare;
			return it->kind == MATCH_COMPARE && it->part ? true :
								       set_kind(it, MATCH_COMPARE);
		}
	for (unsigned i = 1; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcmp(parts[i], name) == 0) {
			*ret_known = true;
			it->part = (enum time_part)i;
			return set_kind(it, MATCH_COMPARE);
		}
	return true;
}

static bool take_change(struct item *it, const char *name, bool *ret_known)
{
	static const struct {
		const char *name;
		enum text_change change;
	} changes[] = { { "base64", TEXT_BASE64 },   { "base64offset", TEXT_BASE64_OFFSET },
			{ "utf16le", TEXT_UTF16LE }, { "wide", TEXT_UTF16LE },
			{ "utf16be", TEXT_UTF16BE }, { "utf16", TEXT_UTF16 },
			{ "windash", TEXT_WINDASH } };
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (strcmp(changes[i].name, name) == 0) {
			*ret_known = true;
			return set_change(it, changes[i].change);
		}
	return true;
}

static bool take_re_flag(struct item *it, const char *name, bool *ret_known)
{
	unsigned flag = strcmp(name, "i") == 0 ? HS_FLAG_CASELESS :
			strcmp(name, "m") == 0 ? HS_FLAG_MULTILINE :
			strcmp(name, "s") == 0 ? HS_FLAG_DOTALL :
						 0;
	if (!flag)
		return true;
	*ret_known = true;
	it->re_flags |= flag;
	return it->kind == MATCH_RE ||
	       refuse(it->c, it->node, "'%.80s': '%s' goes behind 're'", it->node->key, name);
}

static bool take_modifier(struct item *it, const char *name)
{
	static const struct {
		const char *name;
		size_t offset;
	} marks[] = { { "all", offsetof(struct item, all) },
		      { "neq", offsetof(struct item, is_not) },
		      { "cased", offsetof(struct item, is_cased) },
		      { "expand", offsetof(struct item, is_expanded) },
		      { "startswith", offsetof(struct item, behind) },
		      { "endswith", offsetof(struct item, front) } };
	bool known = false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (strcmp(marks[i].name, name) == 0) {
			*((bool *)((char *)it + marks[i].offset)) = true;
			return true;
		}
	if (strcmp(name, "contains") == 0) {
		it->front = it->behind = true;
		return true;
	}
	if (strcmp(name, "re") == 0)
		return set_kind(it, MATCH_RE);
	if (strcmp(name, "cidr") == 0)
		return set_kind(it, MATCH_CIDR);
	if (strcmp(name, "exists") == 0)
		return set_kind(it, MATCH_EXISTS);
	if (strcmp(name, "fieldref") == 0)
		return set_kind(it, MATCH_REF);
	if (!take_compare(it, name, &known) || !take_change(it, name, &known) ||
	    !take_re_flag(it, name, &known))
		return false;
	return known || refuse(it->c, it->node, "'%.80s': the modifier '%.40s' is not known",
			       it->node->key, name);
}

bool item_read_key(struct item *it)
{
	char key[256];
	const char *at = it->node->key;
	size_t len = strcspn(at, "|");
	if (strlen(at) >= sizeof(key) || len >= sizeof(it->field))
		return refuse(it->c, it->node, "the name of the field is too long");
	memcpy(it->field, at, len);
	it->field[len] = '\0';
	for (at += len; *at == '|'; at += len) {
		at++;
		len = strcspn(at, "|");
		memcpy(key, at, len);
		key[len] = '\0';
		if (!take_modifier(it, key))
			return false;
	}
	return true;
}
