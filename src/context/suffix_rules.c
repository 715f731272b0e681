/*
 * context/suffix_rules.c - see suffix_rules.h.
 *
 * A rule is the first word of a line that does not begin with "//" (publicsuffix.org/list).  The
 * low bits of a hash give way to the flags: 60 bits tell two ends apart, and a false hit could only
 * split a name at another place within it.
 */
#include "suffix_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 512
#define FILL_MAX  (SUFFIX_RULES_SLOTS / 2)
#define FLAGS     ((uint64_t)(SUFFIX_RULE | SUFFIX_WILD | SUFFIX_EXCEPT | SUFFIX_GROWS))

static uint64_t *slot_of(const struct suffix_rules *r, uint64_t hash)
{
	for (uint64_t i = hash >> 32;; i++) {
		uint64_t *slot = &r->slots[i % SUFFIX_RULES_SLOTS];
		if (*slot == 0 || ((*slot ^ hash) & ~FLAGS) == 0)
			return slot;
	}
}

/* Whether there was room. */
static bool add(struct suffix_rules *r, uint64_t hash, unsigned flag, unsigned *fill)
{
	uint64_t *slot = slot_of(r, hash);
	if (*slot == 0) {
		if (++*fill > FILL_MAX)
			return false;
		*slot = hash & ~FLAGS;
	}
	*slot |= flag;
	return true;
}

/* A rule and its proper ends, of which a wildcard's own domain is one. */
static bool add_rule(struct suffix_rules *r, const char *rule, size_t len,
		     const struct hash_key *key, unsigned *fill)
{
	unsigned flag = SUFFIX_RULE;
	const char *end = rule + len;
	if (*rule == '!') {
		flag = SUFFIX_EXCEPT;
		rule++;
	} else if (strncmp(rule, "*.", 2) == 0) {
		flag = SUFFIX_WILD | SUFFIX_GROWS;
		rule += 2;
	}
	if (rule == end || !add(r, hash_bytes(key, rule, (size_t)(end - rule)), flag, fill))
		return rule == end;
	for (const char *dot = rule; (dot = memchr(dot, '.', (size_t)(end - dot))) != NULL;) {
		dot++;
		if (!add(r, hash_bytes(key, dot, (size_t)(end - dot)), SUFFIX_GROWS, fill))
			return false;
	}
	return true;
}

static bool read_list(struct suffix_rules *r, FILE *f, const struct hash_key *key)
{
	char line[LINE_SIZE];
	unsigned fill = 0;
	while (fgets(line, sizeof(line), f)) {
		size_t len = strcspn(line, " \t\r\n");
		if (len > 0 && strncmp(line, "//", 2) != 0 && !add_rule(r, line, len, key, &fill))
			return false;
	}
	return !ferror(f) && fill > 0;
}

bool suffix_rules_init(struct suffix_rules *r, const char *path, const struct hash_key *key)
{
	r->slots = NULL;
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	r->slots = calloc(SUFFIX_RULES_SLOTS, sizeof(*r->slots));
	if (r->slots && !read_list(r, f, key))
		suffix_rules_deinit(r);
	(void)fclose(f);
	return r->slots != NULL;
}

void suffix_rules_deinit(struct suffix_rules *r)
{
	free(r->slots);
	r->slots = NULL;
}

unsigned suffix_rules_flags(const struct suffix_rules *r, uint64_t hash)
{
	return (unsigned)(*slot_of(r, hash) & FLAGS);
}
