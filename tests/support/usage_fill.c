/*
 * support/usage_fill.c - a usage database of a large network, for tests of its reader.
 *
 * usage: usage_fill FILE HOSTS SERVICES DAYS
 *
 * Each host uses its dozen services a day, some much and most little, and ends at the same day
 * (2026-11-29).  Of the days of which hours are kept, each is spread over six hours.  The numbers
 * come from a generator of fixed seed: every run makes the same rows.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/store/usage.h"

#define END_DAY 20786u
#define A_DAY   12u
#define HOURS   6u
#define A_BATCH 4000u /* hosts */

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

static struct usage_counts amounts(uint64_t hour_s, unsigned service)
{
	uint64_t up = 500 + rnd() % 20000 * (1 + rnd() % 30), down = up * (1 + rnd() % 9);
	bool is_alerted = rnd() % 5000 == 0, is_clear = service % 11 == 3;
	return (struct usage_counts){
		.up = up,
		.down = down,
		.named = is_clear ? 0 : up + down,
		.clear = is_clear ? up + down : 0,
		.flows = 1 + rnd() % 40,
		.alerts = is_alerted,
		.score = is_alerted ? 21 + rnd() % 79 : 0,
		.first_ns = (hour_s + rnd() % 1800) * 1000000000u,
		.last_ns = (hour_s + 1800 + rnd() % 1800) * 1000000000u,
	};
}

static void put(struct usage_writer *w, uint64_t hour_s, unsigned host, unsigned service)
{
	static const char *const categories[] = { "storage", "ai", "mail", "office", "cdn", "" };
	static const char *const countries[] = { "US", "DE", "IE", "NL", "FR", "CN", "" };
	static const char *const tls[] = { "TLS 1.3", "TLS 1.3", "TLS 1.2", "TLS 1.3", "TLS 1.2" };
	char address[32], zone[32], name[48], network[48] = "";
	(void)snprintf(address, sizeof(address), "10.%u.%u.%u", 1 + host / 62500, host / 250 % 250,
		       1 + host % 250);
	(void)snprintf(zone, sizeof(zone), "zone-%u", host % 12);
	(void)snprintf(name, sizeof(name), "service-%u.example", service);
	if (service % 7 < 6)
		(void)snprintf(network, sizeof(network), "AS%u Example %u", 64500 + service % 90,
			       service % 90);
	const struct usage_host h = { zone, address, "", "" };
	const struct usage_service s = { name,
					 "",
					 categories[service % 6],
					 "",
					 (enum usage_sanction)(service % 3),
					 (enum usage_risk)(service % 4) };
	const struct usage_place p = { countries[service % 7], network,
				       service % 11 == 3   ? "" :
				       service % 101 == 50 ? "weak TLS 1.0" :
							     tls[service % 5] };
	const struct usage_row row = { .hour_s = hour_s,
				       .host = &h,
				       .service = &s,
				       .place = &p,
				       .direction = service % 9 ? USAGE_OUT : USAGE_LATERAL,
				       .counts = amounts(hour_s, service) };
	if (!usage_writer_add(w, &row))
		exit(1);
}

static void hand_over(struct usage_writer *w)
{
	if (!usage_writer_commit(w) || !usage_writer_wait(w))
		exit(1);
}

static void put_day(struct usage_writer *w, unsigned day, unsigned hosts, unsigned services)
{
	unsigned hours = END_DAY - day <= USAGE_HOURS_DAYS ? HOURS : 1;
	for (unsigned host = 0; host < hosts; host++) {
		for (unsigned i = 0; i < A_DAY; i++) {
			unsigned service = (pick(services) + host % 7) % services;
			for (unsigned k = 0; k < hours; k++)
				put(w, (uint64_t)day * 86400 + (8 + (host + 2 * k) % 12) * 3600,
				    host, service);
		}
		if (host % A_BATCH == A_BATCH - 1)
			hand_over(w);
	}
	hand_over(w);
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
	for (unsigned day = END_DAY - days; day < END_DAY; day++)
		put_day(w, day, hosts, services);
	struct usage_writer_stats stats;
	usage_writer_stats(w, &stats);
	(void)printf("%" PRIu64 " rows, %" PRIu64 " bytes, %" PRIu64 " lost\n", stats.rows,
		     stats.bytes, stats.lost);
	usage_writer_close(w);
	return stats.lost != 0;
}
