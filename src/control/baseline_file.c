/*
 * control/baseline_file.c - see baseline_file.h.
 */
#include "baseline_file.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD     "exfild-baseline 1"
#define LINE_MAX 4096

static uint64_t sum_of(uint64_t sum, const char *entry)
{
	return hash_mix(sum, hash_bytes(&hash_key_fixed, entry, strlen(entry)));
}

void baseline_out_begin(struct baseline_out *o, FILE *to)
{
	*o = (struct baseline_out){ .to = to, .sum = 1 };
	(void)fputs(HEAD "\n", to);
}

void baseline_out_entry(struct baseline_out *o, const char *entry)
{
	o->sum = sum_of(o->sum, entry);
	o->count++;
	(void)fprintf(o->to, "%s\n", entry);
}

int baseline_out_end(struct baseline_out *o)
{
	(void)fprintf(o->to, "end %" PRIu64 " %016" PRIx64 "\n", o->count, o->sum);
	return fflush(o->to) == 0 && !ferror(o->to) && fsync(fileno(o->to)) == 0 ? 0 : -EXF_E_IO;
}

struct reading {
	char *text;
	size_t len, size, count, line;
	uint64_t sum;
	char *why;
	size_t why_size;
};

static int refuse(struct reading *r, const char *why)
{
	(void)snprintf(r->why, r->why_size, "line %zu: %s", r->line, why);
	return -EXF_E_FORMAT;
}

static int add(struct reading *r, const char *entry, size_t len)
{
	if (r->len + len + 1 > r->size) {
		size_t size = r->size ? 2 * r->size : 65536;
		char *more = size <= BASELINE_FILE_MAX ? realloc(r->text, size) : NULL;
		if (!more)
			return refuse(r, "the file is larger than 256 MB");
		r->text = more;
		r->size = size;
	}
	memcpy(r->text + r->len, entry, len + 1);
	r->len += len + 1;
	r->count++;
	r->sum = sum_of(r->sum, entry);
	return 0;
}

static bool is_entry(const char *line, size_t len)
{
	return len > 0 && len <= BASELINE_ENTRY_MAX && len % 2 == 0 &&
	       strspn(line, "0123456789abcdef") == len;
}

static int check_end(struct reading *r, const char *line)
{
	char want[64];
	(void)snprintf(want, sizeof(want), "end %zu %016" PRIx64, r->count, r->sum);
	if (strcmp(want, line) != 0)
		return refuse(r, "the sum is not that of the entries: the file is damaged");
	return 1;
}

/* 0: go on; 1: that was the end. */
static int take_line(struct reading *r, char *line)
{
	size_t len = strlen(line);
	r->line++;
	if (!len || line[len - 1] != '\n')
		return refuse(r, "no line of this kind is so long, or its end is missing");
	line[--len] = '\0';
	if (r->line == 1)
		return strcmp(line, HEAD) == 0 ?
			       0 :
			       refuse(r, "not " HEAD ": no file of exfilctl baseline export, or "
					 "of a newer version");
	if (strncmp(line, "end ", 4) == 0)
		return check_end(r, line);
	if (!is_entry(line, len))
		return refuse(r, "not an entry");
	return add(r, line, len);
}

int baseline_read(FILE *from, char **ret_text, size_t *ret_count, char *ret_why, size_t why_size)
{
	char line[LINE_MAX];
	struct reading r = { .sum = 1, .why = ret_why, .why_size = why_size };
	int got = 0;
	while (!got && fgets(line, sizeof(line), from))
		got = take_line(&r, line);
	if (got == 1) {
		*ret_text = r.text;
		*ret_count = r.count;
		return 0;
	}
	if (!got)
		got = refuse(&r, "the line with the sum is missing: the file was cut");
	free(r.text);
	return got;
}
