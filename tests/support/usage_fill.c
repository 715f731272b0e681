/*
 * support/usage_fill.c - a usage database of a large network, for tests of its reader.
 *
 * usage: usage_fill FILE HOSTS SERVICES DAYS
 *
 * Each host uses its dozen services a day, some much and most little, and ends at the same day
 * (2026-11-29).  The numbers come from a generator of fixed seed: every run makes the same rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/store/usage.h"

#define END_DAY 20786u
#define A_DAY   12u

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* The first ones often: the square of an even chance. */
static unsigned pick(unsigned most)
{
	uint64_t a = rnd() % 65536, b = rnd() % 65536;
	return (unsigned)(a * b % (65536ull * 65536) * most >> 32);
}

static void put(struct usage_writer *w, unsigned day, unsigned host, unsigned service)
{
	static const char *const categories[] = { "storage", "ai", "mail", "office", "cdn", "" };
	static const char *const countries[] = { "US", "DE", "IE", "NL", "FR", "CN", "" };
	char address[32], zone[32], name[48];
	uint64_t hour_s = (uint64_t)day * 86400 + (8 + host % 10) * 3600;
	uint64_t up = 500 + rnd() % 20000 * (1 + rnd() % 30), down = up * (1 + rnd() % 9);
	(void)snprintf(address, sizeof(address), "10.%u.%u.%u", 1 + host / 62500, host / 250 % 250,
		       1 + host % 250);
	(void)snprintf(zone, sizeof(zone), "zone-%u", host % 12);
	(void)snprintf(name, sizeof(name), "service-%u.example", service);
	const struct usage_host h = { zone, address, "", "" };
	const struct usage_service s = { name, "", categories[service % 6], "",
					 (enum usage_sanction)(service % 3) };
	const struct usage_place p = { countries[service % 7], "" };
	const struct usage_row row = {
		.hour_s = hour_s,
		.host = &h,
		.service = &s,
		.place = &p,
		.direction = service % 9 ? USAGE_OUT : USAGE_LATERAL,
		.counts = { .up = up,
			    .down = down,
			    .named = up + down,
			    .flows = 1 + rnd() % 40,
			    .first_ns = hour_s * 1000000000u,
			    .last_ns = (hour_s + 3599) * 1000000000u },
	};
	if (!usage_writer_add(w, &row))
		exit(1);
}

int main(int argc, char **argv)
{
	char why[512];
	struct usage_writer *w;
	if (argc != 5) {
		(void)fprintf(stderr, "usage: usage_fill FILE HOSTS SERVICES DAYS\n");
		return 2;
	}
	unsigned hosts = (unsigned)strtoul(argv[2], NULL, 10);
	unsigned services = (unsigned)strtoul(argv[3], NULL, 10);
	unsigned days = (unsigned)strtoul(argv[4], NULL, 10);
	const struct usage_writer_options o = { .path = argv[1],
						.max_bytes = 16ull << 30,
						.keep_days = days,
						.is_background = true }; /* as live: with packs */
	if (usage_writer_open(&o, &w, why, sizeof(why))) {
		(void)fprintf(stderr, "usage_fill: %s\n", why);
		return 1;
	}
	if (!usage_writer_wait(w))
		return 1;
	for (unsigned day = END_DAY - days; day < END_DAY; day++) {
		for (unsigned host = 0; host < hosts; host++)
			for (unsigned i = 0; i < A_DAY; i++)
				put(w, day, host, (pick(services) + host % 7) % services);
		if (!usage_writer_commit(w) || !usage_writer_wait(w))
			return 1;
	}
	struct usage_writer_stats stats;
	usage_writer_stats(w, &stats);
	(void)printf("%" PRIu64 " rows, %" PRIu64 " bytes, %" PRIu64 " lost\n", stats.rows,
		     stats.bytes, stats.lost);
	usage_writer_close(w);
	return stats.lost != 0;
}
