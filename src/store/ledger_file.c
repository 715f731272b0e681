/*
 * store/ledger_file.c - records and files of a ledger: making and checking them.
 *
 * A line is  {"n":12,<body>,"prev":"<64 digits>","hash":"<64 digits>"}  and what is hashed is all
 * before ,"hash": so that anybody can check it with a few lines of a script.
 */
#include "ledger_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exfild/base/str.h"

#define DIGITS   12 /* of a file's name */
#define SUFFIX   ".jsonl"
#define PREV     ",\"prev\":\""
#define HASH     "\",\"hash\":\""
#define END      "\"}"
#define HEX      (SHA256_HEX - 1)
#define TAIL_LEN (sizeof(PREV) - 1 + HEX + sizeof(HASH) - 1 + HEX + sizeof(END) - 1)

void ledger_name(uint64_t first, char ret[LEDGER_NAME])
{
	(void)snprintf(ret, LEDGER_NAME, "%0*" PRIu64 SUFFIX, DIGITS, first % 1000000000000u);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

static bool read_name(const char *name, uint64_t *ret)
{
	char digits[DIGITS + 1];
	if (strlen(name) != DIGITS + sizeof(SUFFIX) - 1 || strcmp(name + DIGITS, SUFFIX) != 0)
		return false;
	memcpy(digits, name, DIGITS);
	digits[DIGITS] = '\0';
	return strspn(digits, "0123456789") == DIGITS &&
	       str_parse_u64(digits + strspn(digits, "0"), 1, UINT64_MAX, ret) == 0;
}

int ledger_list(const char *directory, struct ledger_list *ret)
{
	DIR *d = opendir(directory);
	const struct dirent *e;
	ret->count = 0;
	if (!d)
		return errno == ENOENT ? 0 : -EXF_E_IO;
	while (ret->count < LEDGER_FILES_MAX && (e = readdir(d))) {
		uint64_t first;
		if (read_name(e->d_name, &first))
			ret->firsts[ret->count++] = first;
	}
	(void)closedir(d);
	qsort(ret->firsts, ret->count, sizeof(ret->firsts[0]), compare);
	return 0;
}

static int hash_line(const char *line, size_t len, char ret[SHA256_HEX])
{
	struct sha256 s;
	sha256_begin(&s);
	sha256_add(&s, line, len);
	return sha256_end(&s, ret);
}

int ledger_make(struct ledger_link *at, const char *body, size_t len, struct buf *out)
{
	char hash[SHA256_HEX];
	size_t begin = out->len;
	buf_printf(out, "{\"n\":%" PRIu64 ",", at->number + 1);
	buf_add(out, body + 1, len - 2); /* without its braces */
	buf_printf(out, PREV "%s\"", at->hash[0] ? at->hash : LEDGER_NO_HASH);
	int err = out->full ? -EXF_E_NOMEM : hash_line(out->data + begin, out->len - begin, hash);
	if (!err)
		buf_printf(out, "%s%s" END "\n", &HASH[1], hash);
	if (err || out->full) {
		buf_truncate(out, begin);
		return -EXF_E_NOMEM;
	}
	at->number++;
	memcpy(at->hash, hash, sizeof(at->hash));
	return 0;
}

/* ---- checking ---- */

static bool fail(char *why, size_t size, const char *text)
{
	(void)snprintf(why, size, "%s", text);
	return false;
}

/* "{"n":12," at its begin, without zeros before. */
static bool take_number(const char *line, size_t len, uint64_t *ret)
{
	char digits[21];
	size_t n = 0;
	if (len < 6 || memcmp(line, "{\"n\":", 5) != 0)
		return false;
	while (5 + n < len && n < sizeof(digits) - 1 && line[5 + n] >= '0' && line[5 + n] <= '9') {
		digits[n] = line[5 + n];
		n++;
	}
	digits[n] = '\0';
	return digits[0] != '0' && 5 + n < len && line[5 + n] == ',' &&
	       str_parse_u64(digits, 1, UINT64_MAX, ret) == 0;
}

bool ledger_check(const struct ledger_link *before, const char *line, size_t len,
		  struct ledger_link *ret, char *why, size_t size)
{
	char hash[SHA256_HEX];
	uint64_t number;
	if (len < TAIL_LEN + 8 || !take_number(line, len, &number))
		return fail(why, size, "it is no record");
	const char *tail = line + len - TAIL_LEN;
	const char *prev = tail + sizeof(PREV) - 1;
	const char *said = prev + HEX + sizeof(HASH) - 1;
	if (memcmp(tail, PREV, sizeof(PREV) - 1) != 0 ||
	    memcmp(prev + HEX, HASH, sizeof(HASH) - 1) != 0 ||
	    memcmp(said + HEX, END, sizeof(END) - 1) != 0)
		return fail(why, size, "it is no record");
	if (hash_line(line, (size_t)(prev + HEX + 1 - line), hash) != 0)
		return fail(why, size, "memory is exhausted");
	if (memcmp(said, hash, HEX) != 0)
		return fail(why, size, "it was altered: its hash is not that of its text");
	if (before->number && number != before->number + 1) {
		(void)snprintf(why, size,
			       "it is record %" PRIu64 " where %" PRIu64
			       " is due: records were removed, or put elsewhere",
			       number, before->number + 1);
		return false;
	}
	if (before->hash[0] && memcmp(prev, before->hash, HEX) != 0)
		return fail(why, size,
			    "it does not follow the record before it: one of them was exchanged");
	ret->number = number;
	memcpy(ret->hash, hash, sizeof(ret->hash));
	return true;
}

/* ---- one file, for the writer ---- */

/* One whole line; at is moved behind it, sound or not. */
static void take_line(struct ledger_scan *s, uint64_t first, const char *line, size_t len)
{
	char why[100];
	s->lines++;
	s->end += len + 1;
	if (s->is_broken)
		return;
	if (!ledger_check(&s->at, line, len, &s->at, why, sizeof(why)) ||
	    (s->lines == 1 && s->at.number != first)) {
		s->is_broken = true;
		(void)snprintf(s->why, sizeof(s->why), "line %" PRIu64 ": %s", s->lines,
			       s->lines == 1 && s->at.number ? "it is not what its file says" :
							       why);
	}
}

int ledger_scan(int fd, uint64_t first, struct ledger_scan *ret)
{
	char *part = malloc(2 * LEDGER_LINE);
	size_t have = 0;
	ssize_t n;
	*ret = (struct ledger_scan){ 0 };
	if (!part)
		return -EXF_E_NOMEM;
	while ((n = read(fd, part + have, 2 * LEDGER_LINE - have)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		have += (size_t)n;
		char *at = part, *end;
		while ((end = memchr(at, '\n', have - (size_t)(at - part)))) {
			take_line(ret, first, at, (size_t)(end - at));
			at = end + 1;
		}
		have -= (size_t)(at - part);
		memmove(part, at, have);
		if (have < 2 * LEDGER_LINE)
			continue;
		/* longer than any record: whatever it is, it is left as it is */
		ret->is_broken = true;
		(void)snprintf(ret->why, sizeof(ret->why), "line %" PRIu64 ": it is no record",
			       ret->lines + 1);
		have = 0;
	}
	free(part);
	ret->torn = have;
	return n < 0 ? -EXF_E_IO : 0;
}
