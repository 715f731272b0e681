/*
 * store/ledger_read.c - the reader's side of a ledger: all files, in their order.
 *
 * exfild may go on writing meanwhile: a line without its end at the end of the newest file is one
 * that is being written, or that a kill has cut; the oldest file may go between listing and
 * opening, and then the list is made again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "ledger_file.h"

#define TRIES 3

struct reading {
	ledger_fn fn;
	void *arg;
	struct ledger_found *found;
	struct ledger_link at;
	uint64_t dropped; /* through this number, as a record says */
	bool is_enough;
};

static void broken(struct reading *r, const char *file, uint64_t line, const char *why)
{
	struct ledger_found *f = r->found;
	f->is_broken = true;
	(void)str_copy(f->file, sizeof(f->file), file);
	f->line = line;
	f->number = r->at.number + 1;
	(void)str_copy(f->why, sizeof(f->why), why);
}

/* Texts of records have their quotes escaped, so that none can look like this. */
static uint64_t through_of(const char *line)
{
	const char *kind = strstr(line, ",\"kind\":\"dropped\",\"through\":");
	uint64_t number = 0;
	for (const char *p = kind ? kind + 28 : ""; *p >= '0' && *p <= '9'; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	return number;
}

/* False: broken, or enough. */
static bool take(struct reading *r, const char *file, uint64_t number, char *line, size_t len)
{
	struct ledger_found *f = r->found;
	char why[120];
	if (memchr(line, '\0', len) || !ledger_check(&r->at, line, len, &r->at, why, sizeof(why))) {
		broken(r, file, number, memchr(line, '\0', len) ? "it is no record" : why);
		return false;
	}
	f->first = f->count ? f->first : r->at.number;
	f->last = r->at.number;
	f->count++;
	memcpy(f->hash, r->at.hash, sizeof(f->hash));
	uint64_t through = through_of(line);
	r->dropped = through > r->dropped ? through : r->dropped;
	const struct ledger_record record = { .number = r->at.number,
					      .line = line,
					      .len = len,
					      .hash = r->at.hash };
	r->is_enough = r->fn && !r->fn(r->arg, &record);
	return !r->is_enough;
}

/* One file to its end; what stands behind its last line end is the caller's to judge. */
static void take_file(struct reading *r, FILE *in, const char *name, bool is_last)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t len;
	uint64_t number = 0;
	while ((len = getline(&line, &room, in)) > 0) {
		number++;
		if (line[len - 1] != '\n') {
			if (is_last)
				r->found->torn = (uint32_t)len;
			else
				broken(r, name, number, "its end is missing");
			break;
		}
		line[len - 1] = '\0';
		if (!take(r, name, number, line, (size_t)len - 1))
			break;
	}
	free(line);
}

static void check_begin(struct reading *r)
{
	struct ledger_found *f = r->found;
	if (r->is_enough || f->is_broken || f->count == 0 || f->first == 1 ||
	    r->dropped + 1 >= f->first)
		return;
	f->is_broken = true;
	f->line = 0;
	f->number = r->dropped + 1;
	(void)snprintf(f->why, sizeof(f->why),
		       "records before %" PRIu64
		       " are gone, and none says that exfild has dropped them",
		       f->first);
}

/* -EXF_E_LIMIT: the list has changed under us. */
static int read_all(struct reading *r, const char *directory, const struct ledger_list *list)
{
	for (uint32_t i = 0; i < list->count && !r->found->is_broken && !r->is_enough; i++) {
		char name[LEDGER_NAME], path[PATH_MAX];
		ledger_name(list->firsts[i], name);
		(void)snprintf(path, sizeof(path), "%s/%s", directory, name);
		FILE *in = fopen(path, "re");
		if (!in)
			return errno == ENOENT ? -EXF_E_LIMIT : -EXF_E_IO;
		uint64_t before = r->found->count;
		take_file(r, in, name, i + 1 == list->count);
		bool is_bad = ferror(in) != 0;
		(void)fclose(in);
		if (is_bad)
			return -EXF_E_IO;
		r->found->files++;
		if (before == 0 && r->found->count && r->found->first != list->firsts[i])
			broken(r, name, 1, "its number is not that of its file");
	}
	check_begin(r);
	return 0;
}

int ledger_read(const char *directory, ledger_fn fn, void *arg, struct ledger_found *ret, char *why,
		size_t size)
{
	struct ledger_list *list = malloc(sizeof(*list));
	int err = list ? -EXF_E_LIMIT : -EXF_E_NOMEM;
	for (unsigned i = 0; i < TRIES && err == -EXF_E_LIMIT; i++) {
		struct reading r = { .fn = fn, .arg = arg, .found = ret };
		*ret = (struct ledger_found){ 0 };
		err = ledger_list(directory, list);
		if (!err && list->count == 0) {
			errno = ENOENT;
			err = -EXF_E_IO;
		}
		if (!err)
			err = read_all(&r, directory, list);
		fn = ret->count ? NULL : fn; /* nothing is told twice */
	}
	free(list);
	if (err == -EXF_E_IO)
		(void)snprintf(why, size, "cannot read the ledger in %s: %s", directory,
			       strerror(errno));
	else if (err)
		(void)snprintf(why, size, "cannot read the ledger in %s: %s", directory,
			       exf_strerror(err));
	return err;
}
