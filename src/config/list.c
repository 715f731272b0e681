/* config/list.c - values that are lists of single values; load.h tells the contract. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "load.h"

static void *field(const struct key *k, void *base)
{
	return (unsigned char *)base + k->offset;
}

static void put_extra_count(const struct key *k, void *base, size_t count)
{
	memcpy((unsigned char *)base + k->extra, &count, sizeof(count));
}

static size_t count_children(const struct yaml_node *n)
{
	size_t count = 0;
	for (n = n->first; n; n = n->next)
		count++;
	return count;
}

static size_t element_size(enum key_type type)
{
	if (type == KEY_PREFIXES)
		return sizeof(struct prefix);
	return type == KEY_PEERS ? sizeof(struct config_peer) : sizeof(const char *);
}

static int take_element(struct load *l, const struct key *k, const struct yaml_node *n, void *slot)
{
	struct prefix prefix;
	struct config_peer peer;
	const char *text;
	int rc;
	assert(slot); /* of an array that has at least this element */
	if (k->type == KEY_PREFIXES) {
		rc = value_prefix(l, n, &prefix);
		if (!rc)
			memcpy(slot, &prefix, sizeof(prefix));
	} else if (k->type == KEY_PEERS) {
		rc = value_peer(l, k, n, &peer);
		if (!rc)
			memcpy(slot, &peer, sizeof(peer));
	} else {
		rc = k->type == KEY_PATHS ? value_path(l, k, n, &text) : value_text(l, k, n, &text);
		if (!rc)
			memcpy(slot, &text, sizeof(text));
	}
	return rc;
}

/* The elements of list n; a list that must be given must not be empty. */
static int take_list(struct load *l, const struct key *k, const struct yaml_node *n, void **ret,
		     size_t *ret_count)
{
	char want[64];
	snprintf(want, sizeof(want), "a %s", key_type_name(k));
	if (n->type != YAML_LIST)
		return load_fail_type(l, n, k->type == KEY_TENANTS ? "a list of texts" : want);
	size_t count = count_children(n), size = element_size(k->type), i = 0;
	if (count == 0 && (k->flags & KEY_REQUIRED))
		return load_fail(l, n, "%s: must not be empty", l->path);
	unsigned char *array = count ? arena_array(&l->whole->memory, count, size) : NULL;
	if (count && !array)
		return load_fail_memory(l);
	for (const struct yaml_node *e = n->first; e; e = e->next, i++) {
		size_t before = load_enter_element(l, i);
		int rc = take_element(l, k, e, array + i * size);
		if (rc)
			return rc;
		load_leave(l, before);
	}
	*ret = array;
	*ret_count = count;
	return 0;
}

/* A later file's tenants of the same service replace the earlier ones. */
static int take_tenants(struct load *l, const struct key *k, const struct yaml_node *n, void *base)
{
	if (n->type != YAML_MAP)
		return load_fail_type(l, n, "a map of service to list of texts");
	const struct config_tenants *old;
	size_t old_count, count;
	memcpy(&old, field(k, base), sizeof(old));
	memcpy(&old_count, (unsigned char *)base + k->extra, sizeof(old_count));
	struct config_tenants *all =
		arena_array(&l->whole->memory, old_count + count_children(n), sizeof(*all));
	if (!all)
		return load_fail_memory(l);
	count = 0;
	for (size_t i = 0; i < old_count; i++) {
		if (!yaml_get(n, old[i].service))
			all[count++] = old[i];
	}
	for (const struct yaml_node *e = n->first; e; e = e->next) {
		size_t before = load_enter(l, e->key);
		void *names = NULL;
		if (!e->key[0] || check_name(e->key))
			return load_fail_key(l, e, "%s: expected a service's name as key", l->path);
		int rc = take_list(l, k, e, &names, &all[count].name_count);
		if (rc)
			return rc;
		all[count].names = names;
		all[count].service = arena_strdup(&l->whole->memory, e->key);
		all[count].place = load_place(l, e);
		if (!all[count].service || !all[count].place)
			return load_fail_memory(l);
		count++;
		load_leave(l, before);
	}
	memcpy(field(k, base), &all, sizeof(all));
	put_extra_count(k, base, count);
	return 0;
}

int list_set(struct load *l, const struct key *k, void *base, const struct yaml_node *n)
{
	void *array = NULL;
	size_t count = 0;
	if (k->type == KEY_TENANTS)
		return take_tenants(l, k, n, base);
	int rc = take_list(l, k, n, &array, &count);
	if (rc)
		return rc;
	memcpy(field(k, base), &array, sizeof(array));
	put_extra_count(k, base, count);
	return 0;
}
