/*
 * support/intel_bench.c - what a set of many indicators costs.
 *
 * usage: intel_bench FEED MAX    reads FEED as the daemon does and prints, as "name value" lines:
 * load_s (processor time), items, bytes (by its own count), worst_bytes (what is reckoned for MAX),
 * rss_bytes (what the process grew by), lookup_ns and hit_ns (median of many batches, for a mixture
 * of questions as traffic puts them).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/str.h"
#include "exfild/intel/intel.h"

#define BATCHES 301
#define BATCH   1000

static double now_s(clockid_t clock)
{
	struct timespec t = { 0 };
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double resident(void)
{
	unsigned long long pages = 0, resident_pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f || fscanf(f, "%llu %llu", &pages, &resident_pages) != 2)
		resident_pages = 0;
	if (f)
		(void)fclose(f);
	return (double)resident_pages * (double)sysconf(_SC_PAGESIZE);
}

static uint64_t state = 88172645463325252ull;

static uint64_t random64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

struct question { /* of a mixture: addresses of both families, names, hashes */
	unsigned kind;
	struct ipaddr address;
	uint8_t hash[16];
	char name[64];
	size_t len;
};

static void make_question(struct question *q, bool is_hit)
{
	uint64_t r = random64(), n = r / 8 % 100000 * 10;
	uint8_t v6[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	memset(q, 0, sizeof(*q));
	q->kind = is_hit ? 2 : (unsigned)(r % 4);
	memcpy(v6 + 4, &r, 8);
	q->address = q->kind ? ipaddr_v6(v6) : ipaddr_v4(v6 + 4);
	memcpy(q->hash, &r, 8);
	q->len = (size_t)snprintf(q->name, sizeof(q->name),
				  is_hit ? "h%llu.malware-host.example" :
					   "www%llu.some-site.example.org",
				  (unsigned long long)n);
}

static bool ask(const struct intel *x, const struct question *q)
{
	if (q->kind < 2)
		return intel_find_address(x, &q->address) != NULL;
	if (q->kind == 2)
		return intel_find_name(x, q->name, q->len) != NULL;
	return intel_find(x, INTEL_FILE, q->hash, sizeof(q->hash)) != NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median_ns(const struct intel *x, bool is_hit, uint64_t *found)
{
	static double times[BATCHES];
	static struct question questions[BATCH];
	for (size_t i = 0; i < BATCHES; i++) {
		for (size_t k = 0; k < BATCH; k++)
			make_question(&questions[k], is_hit);
		double began = now_s(CLOCK_MONOTONIC);
		for (size_t k = 0; k < BATCH; k++)
			*found += ask(x, &questions[k]);
		times[i] = (now_s(CLOCK_MONOTONIC) - began) * 1e9 / BATCH;
	}
	qsort(times, BATCHES, sizeof(times[0]), by_value);
	return times[BATCHES / 2];
}

int main(int argc, char **argv)
{
	uint64_t max, found = 0;
	struct intel *x = NULL;
	if (argc != 3 || str_parse_u64(argv[2], 1, 20000000, &max) != 0)
		return 2;
	struct intel_source source = { .name = "bench",
				       .file = argv[1],
				       .confidence = 80,
				       .expires_s = 30 * 86400 };
	struct intel_options options = { .sources = &source,
					 .source_count = 1,
					 .max_items = (uint32_t)max,
					 .key = hash_key_random() };
	double memory = resident(), began = now_s(CLOCK_PROCESS_CPUTIME_ID);
	if (intel_build(&options, &x) != 0)
		return 1;
	printf("load_s %.3f\n", now_s(CLOCK_PROCESS_CPUTIME_ID) - began);
	printf("items %u\nbytes %zu\n", intel_count(x), intel_bytes(x));
	printf("worst_bytes %llu\n", (unsigned long long)intel_worst_case((uint32_t)max, 1));
	printf("rss_bytes %.0f\n", resident() - memory);
	printf("lookup_ns %.1f\n", median_ns(x, false, &found));
	printf("hit_ns %.1f\n", median_ns(x, true, &found));
	printf("found %llu\n", (unsigned long long)found);
	intel_drop(x);
	return 0;
}
