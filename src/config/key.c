/* config/key.c - what the tables of keys say, in words; schema.h tells the contract. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "exfild/base/str.h"
#include "schema.h"

#define NAME_MAX_DISTANCE 63 /* str_distance takes no more */

const uint32_t config_severity[4] = { 21, 47, 73, 99 };

const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++) {
		if (strcmp(keys->name, name) == 0)
			return keys;
	}
	return NULL;
}

unsigned key_slips(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	if (la == 0 || lb == 0 || la > NAME_MAX_DISTANCE || lb > NAME_MAX_DISTANCE)
		return UINT32_MAX;
	unsigned slips = str_distance(a, b);
	size_t longer = la > lb ? la : lb;
	size_t most = longer < 4 ? 1 : longer < 8 ? 2 : 3;
	return slips <= most ? slips : UINT32_MAX;
}

const char *key_nearest(const struct key *keys, const char *name)
{
	const char *best = NULL;
	unsigned best_slips = UINT32_MAX;
	for (; keys->name; keys++) {
		unsigned slips = key_slips(keys->name, name);
		if (slips < best_slips) {
			best = keys->name;
			best_slips = slips;
		}
	}
	return best;
}

const char *key_type_name(const struct key *k)
{
	switch (k->type) {
	case KEY_TEXT:
		return "text";
	case KEY_PATH:
		return "path";
	case KEY_CHOICE:
	case KEY_SEVERITY:
		return "one of";
	case KEY_BOOL:
		return "true or false";
	case KEY_NUMBER:
		return "number";
	case KEY_DURATION:
		return "duration";
	case KEY_DATE:
		return "date";
	case KEY_PEER:
		return "address";
	case KEY_TEXTS:
		return "list of texts";
	case KEY_PATHS:
		return "list of paths";
	case KEY_PREFIXES:
		return "list of prefixes";
	case KEY_PEERS:
		return "list of addresses";
	case KEY_MAP:
		return "map";
	case KEY_MAPS:
		return "list of maps";
	case KEY_TENANTS:
		return "map of lists of texts";
	case KEY_DETECTORS:
		return "map of maps";
	case KEY_INCLUDE:
		return "path or list of paths";
	}
	return "";
}

void duration_print(struct buf *out, uint64_t seconds)
{
	static const struct {
		uint64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;
	while (seconds == 0 ? units[i].seconds != 1 : seconds % units[i].seconds != 0)
		i++;
	buf_printf(out, "%" PRIu64 "%c", seconds / units[i].seconds, units[i].unit);
}

void choice_print(struct buf *out, const char *values)
{
	while (*values) {
		size_t len = strcspn(values, "|");
		buf_add(out, values, len);
		values += len;
		if (*values == '|') {
			values++;
			buf_str(out, strchr(values, '|') ? ", " : " or ");
		}
	}
}

static void range_text(const struct key *k, struct buf *out)
{
	if (k->values)
		choice_print(out, k->values);
	else if (k->type == KEY_NUMBER)
		buf_printf(out, "%" PRIu64 " to %" PRIu64, k->min, k->max);
	else if (k->type == KEY_MAPS)
		buf_printf(out, "at most %" PRIu64, k->max);
	else if ((k->type == KEY_TEXT || k->type == KEY_TEXTS) && !k->min)
		buf_printf(out, "at most %" PRIu64 " characters", k->max);
	else if (k->type == KEY_TEXT || k->type == KEY_TEXTS)
		buf_printf(out, "%" PRIu64 " to %" PRIu64 " characters", k->min, k->max);
	if (k->type == KEY_DURATION) {
		duration_print(out, k->min);
		buf_str(out, " to ");
		duration_print(out, k->max);
	}
}

void key_range(const struct key *k, struct buf *out)
{
	range_text(k, out);
	if (k->flags & KEY_AUTO)
		buf_str(out, ", or auto");
}

const char *key_default(const struct key *k)
{
	if (k->flags & KEY_REQUIRED)
		return "required";
	if (!k->def)
		return "none";
	return k->def[0] ? k->def : "\"\"";
}
