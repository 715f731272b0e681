/*
 * store/usage_pack.c - rows that wait for the disk, or for their tables (usage_fresh.h): numbers as
 * 7 bits a byte, texts with their NUL.
 */
#include <string.h>

#include "usage_file.h"

#define NUMBERS 13u /* of a row */
#define TEXTS   11u

#define HOUR_MAX (UINT16_MAX * 24u) /* days of packs have 16 bits */

static void pack_number(struct buf *b, uint64_t n)
{
	for (; n >= 0x80; n >>= 7)
		buf_char(b, (char)(n | 0x80));
	buf_char(b, (char)n);
}

static bool take_number(const char **at, const char *stop, uint64_t *ret)
{
	uint64_t n = 0;
	for (unsigned shift = 0; *at < stop && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*(*at)++;
		n |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = n;
			return true;
		}
	}
	return false;
}

bool usage_pack(struct buf *b, const struct usage_row *row)
{
	const struct usage_counts *n = &row->counts;
	size_t before = b->len;
	const uint64_t numbers[NUMBERS] = {
		row->hour_s / 3600,
		(uint64_t)row->direction,
		n->up,
		n->down,
		n->clear,
		n->named,
		n->opaque,
		n->flows,
		n->alerts,
		n->verdicts,
		n->first_ns,
		n->last_ns - n->first_ns,
		n->score,
	};
	const char *const texts[TEXTS] = { row->host->zone,        row->host->address,
					   row->host->user,        row->host->name,
					   row->service->name,     row->service->title,
					   row->service->category, row->service->tenant,
					   row->place->country,    row->place->as,
					   row->place->tls };
	for (size_t i = 0; i < NUMBERS; i++)
		pack_number(b, numbers[i]);
	pack_number(b, (uint64_t)row->service->sanction);
	pack_number(b, (uint64_t)row->service->risk);
	for (size_t i = 0; i < TEXTS; i++)
		buf_add(b, texts[i], strlen(texts[i]) + 1);
	if (b->full) {
		buf_truncate(b, before);
		return false;
	}
	return true;
}

static bool take_texts(const char **at, const char *stop, struct usage_packed *ret)
{
	const char **const texts[TEXTS] = { &ret->host.zone,        &ret->host.address,
					    &ret->host.user,        &ret->host.name,
					    &ret->service.name,     &ret->service.title,
					    &ret->service.category, &ret->service.tenant,
					    &ret->place.country,    &ret->place.as,
					    &ret->place.tls };
	for (size_t i = 0; i < TEXTS; i++) {
		const char *end = memchr(*at, '\0', (size_t)(stop - *at));
		if (!end)
			return false;
		*texts[i] = *at;
		*at = end + 1;
	}
	return true;
}

bool usage_unpack(const char **at, const char *stop, struct usage_packed *ret)
{
	struct usage_row *row = &ret->row;
	struct usage_counts *n = &row->counts;
	uint64_t hour, direction, sanction, risk;
	*ret = (struct usage_packed){
		.row = { .host = &ret->host, .service = &ret->service, .place = &ret->place }
	};
	uint64_t *const numbers[] = { &hour,      &direction,   &n->up,       &n->down,
				      &n->clear,  &n->named,    &n->opaque,   &n->flows,
				      &n->alerts, &n->verdicts, &n->first_ns, &n->last_ns,
				      &n->score,  &sanction,    &risk };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!take_number(at, stop, numbers[i]))
			return false;
	if (hour > HOUR_MAX || direction >= USAGE_DIRECTION__COUNT ||
	    sanction >= USAGE_SANCTION__COUNT || risk >= USAGE_RISK__COUNT)
		return false;
	n->last_ns += n->first_ns;
	row->hour_s = hour * 3600;
	row->direction = (enum usage_direction)direction;
	ret->service.sanction = (enum usage_sanction)sanction;
	ret->service.risk = (enum usage_risk)risk;
	return take_texts(at, stop, ret);
}
