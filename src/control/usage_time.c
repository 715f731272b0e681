/*
 * control/usage_time.c - times in words.
 *
 * "now" is the end of what the database knows, in packet time: the same words mean the same of a
 * copy that is looked at a month later.  Days, weeks (from Monday) and months are UTC.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/str.h"
#include "usage.h"

#define DAY_S     86400u
#define WEEKS_MAX 10000u

static uint64_t month_begin(uint64_t day_s)
{
	time_t t = (time_t)day_s;
	struct tm tm;
	if (!gmtime_r(&t, &tm))
		return day_s;
	return day_s - (uint64_t)(tm.tm_mday - 1) * DAY_S;
}

/* 1970-01-01 was a Thursday. */
static uint64_t week_begin(uint64_t day_s)
{
	uint64_t back = (day_s / DAY_S + 3) % 7 * DAY_S;
	return day_s > back ? day_s - back : 0;
}

/* "7d", "2w", "36h": before the end. */
static bool span(const char *words, uint64_t *ret_s)
{
	size_t len = strlen(words);
	if (len > 1 && words[len - 1] == 'w') {
		char *rest;
		unsigned long weeks = strtoul(words, &rest, 10);
		*ret_s = (uint64_t)weeks * 7 * DAY_S;
		return words[0] >= '0' && words[0] <= '9' && rest == words + len - 1 &&
		       weeks < WEEKS_MAX;
	}
	/* without a unit it would be taken for a time since 1970 */
	return len > 1 && strchr("smhd", words[len - 1]) && str_parse_duration(words, ret_s) == 0;
}

bool usage_time(const char *words, uint64_t end_s, uint64_t *ret_s)
{
	/* the end of a whole day belongs to that day */
	uint64_t today = (end_s ? end_s - 1 : 0) / DAY_S * DAY_S, ns, s;
	const struct {
		const char *word;
		uint64_t at;
	} known[] = {
		{ "now", end_s },
		{ "today", today },
		{ "yesterday", today >= DAY_S ? today - DAY_S : 0 },
		{ "week", week_begin(today) },
		{ "month", month_begin(today) },
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].word, words) == 0) {
			*ret_s = known[i].at;
			return true;
		}
	if (span(words, &s)) {
		*ret_s = end_s > s ? end_s - s : 0;
		return true;
	}
	if (strchr(words, '-') == NULL || str_parse_time(words, &ns))
		return false;
	*ret_s = ns / 1000000000u;
	return true;
}

const char *usage_time_text(char *dst, size_t size, uint64_t time_s)
{
	char text[32];
	(void)str_time(text, sizeof(text), time_s * 1000000000u);
	text[10] = ' ';
	text[16] = '\0';
	(void)str_copy(dst, size, text);
	return dst;
}
