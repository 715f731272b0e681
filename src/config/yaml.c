/*
 * config/yaml.c - YAML text to a tree; yaml.h tells the contract.
 *
 * libyaml reads the bytes, yaml_tree.c makes nodes of its events.  The tree lives in one arena.
 */
#include "exfild/config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "yaml_build.h"

#define FILE_MAX ((size_t)16 << 20)

/* An empty document is one plain scalar without text. */
static void drop_empty_root(struct yaml *y)
{
	const struct yaml_node *n = y->root;
	if (n && n->type == YAML_SCALAR && !n->is_quoted && !n->text[0])
		y->root = NULL;
}

static int parse(const char *name, const void *text, size_t len, bool takes_many, struct yaml **ret,
		 char *ret_why, size_t why_size)
{
	struct yaml *y = calloc(1, sizeof(*y));
	struct yaml_build b = { .y = y,
				.text = text,
				.len = len,
				.takes_many = takes_many,
				.why = ret_why,
				.why_size = why_size };
	if (why_size)
		ret_why[0] = '\0';
	if (y)
		y->name = arena_strdup(&y->memory, name);
	if (!y || !y->name) {
		snprintf(ret_why, why_size, "%s: memory is exhausted", name);
		yaml_free(y);
		return -EXF_E_NOMEM;
	}
	int rc = 0;
	if (len > FILE_MAX) {
		snprintf(ret_why, why_size, "%s: larger than %zu MiB", name, FILE_MAX >> 20);
		rc = -EXF_E_LIMIT;
	} else if (len > 0) {
		rc = yaml_build_tree(&b);
	}
	if (rc) {
		yaml_free(y);
		return rc;
	}
	if (!takes_many)
		drop_empty_root(y);
	*ret = y;
	return 0;
}

int yaml_parse(const char *name, const void *text, size_t len, struct yaml **ret, char *ret_why,
	       size_t why_size)
{
	return parse(name, text, len, false, ret, ret_why, why_size);
}

int yaml_parse_all(const char *name, const void *text, size_t len, struct yaml **ret, char *ret_why,
		   size_t why_size)
{
	return parse(name, text, len, true, ret, ret_why, why_size);
}

/* --- files ------------------------------------------------------------------------------- */

/* Reads to the end, at most FILE_MAX + 1 bytes: one more than yaml_parse takes. */
static int read_all(int fd, char **ret_text, size_t *ret_len)
{
	size_t len = 0, cap = 65536;
	char *text = malloc(cap);
	while (text && len <= FILE_MAX) {
		if (len == cap) {
			char *larger = cap > FILE_MAX ? NULL : realloc(text, cap * 2);
			if (!larger)
				break;
			text = larger;
			cap *= 2;
		}
		ssize_t n = read(fd, text + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return -EXF_E_IO;
		}
		if (n == 0) {
			*ret_text = text;
			*ret_len = len;
			return 0;
		}
		len += (size_t)n;
	}
	if (text && len > FILE_MAX) {
		*ret_text = text;
		*ret_len = len;
		return 0;
	}
	free(text);
	return -EXF_E_NOMEM;
}

int yaml_load(const char *path, struct yaml **ret, char *ret_why, size_t why_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		snprintf(ret_why, why_size, "%s: cannot be opened: %s", path, strerror(errno));
		return -EXF_E_IO;
	}
	char *text = NULL;
	size_t len = 0;
	int rc = read_all(fd, &text, &len);
	int saved = errno;
	close(fd);
	if (rc == -EXF_E_NOMEM)
		snprintf(ret_why, why_size, "%s: memory is exhausted", path);
	else if (rc)
		snprintf(ret_why, why_size, "%s: cannot be read: %s", path, strerror(saved));
	else
		rc = yaml_parse(path, text, len, ret, ret_why, why_size);
	free(text);
	errno = saved;
	return rc;
}

void yaml_free(struct yaml *y)
{
	if (!y)
		return;
	arena_free(&y->memory);
	free(y);
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
	return y->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	if (!map || map->type != YAML_MAP)
		return NULL;
	for (const struct yaml_node *n = map->first; n; n = n->next) {
		if (strcmp(n->key, key) == 0)
			return n;
	}
	return NULL;
}
