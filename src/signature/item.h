/*
 * signature/item.h - one item of a search, as its files share it.
 *
 * Threads: one.
 */
#ifndef EXFILD_SRC_SIGNATURE_ITEM_H
#define EXFILD_SRC_SIGNATURE_ITEM_H

#include "private.h"

enum match_kind { MATCH_TEXT, MATCH_RE, MATCH_CIDR, MATCH_COMPARE, MATCH_EXISTS, MATCH_REF };

struct item {
	struct compile *c;
	const struct yaml_node *node;
	char field[128];
	bool all, is_not, is_cased, front, behind, is_expanded;
	enum match_kind kind;
	enum compare compare;
	enum time_part part;
	unsigned re_flags;
	enum text_change changes[4];
	unsigned change_count;
	struct source_field source;
	uint32_t column;
	const struct part *said;
};

/* Field and modifiers of the item's key; false: refused. */
bool item_read_key(struct item *it);

#endif
