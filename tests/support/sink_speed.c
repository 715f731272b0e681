/*
 * The Redis sink alone: records of a given size through put(), as the delivery calls it.
 *
 * usage: sink_speed --url URL [--count N] [--size BYTES] [--batch N] [--channel] [--list]
 *
 * Prints "N in S s, C s of processor": XADD for each, and what the options add.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/sink/sink.h"

#define BATCH_MAX 4096

static double seconds_now(clockid_t clock)
{
	struct timespec t = { 0 };
	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct record *make(uint64_t number, char *json, size_t size)
{
	char id[40];
	(void)snprintf(id, sizeof(id), "%032llx", (unsigned long long)number);
	struct record_parts p = { .time_ns = number, .sequence = number, .severity = 73 };
	for (unsigned i = 0; i < RECORD__COUNT; i++)
		p.text[i].data = "";
	p.text[RECORD_EVENT_ID].data = id;
	p.text[RECORD_EVENT_ID].len = strlen(id);
	p.text[RECORD_JSON].data = json;
	p.text[RECORD_JSON].len = size;
	struct record *r = record_make(&p);
	if (!r)
		exit(1);
	r->number = number;
	return r;
}

/* Seconds inside put(); the records are made before. */
static double send_all(void *sink, uint64_t count, size_t batch, size_t size)
{
	const struct sink_type *type = sink_find("redis");
	struct record *list[BATCH_MAX];
	char *json = malloc(size + 1);
	double spent_s = 0;
	if (!json)
		exit(1);
	memset(json, 'x', size);
	for (uint64_t n = 1; n <= count;) {
		size_t k = 0;
		for (; k < batch && n <= count; k++, n++)
			list[k] = make(n, json, size);
		double began_s = seconds_now(CLOCK_MONOTONIC);
		if (type->put(sink, list, k) != k) {
			struct sink_health h;
			type->health(sink, &h);
			(void)fprintf(stderr, "sink_speed: %s\n", h.error);
			exit(1);
		}
		spent_s += seconds_now(CLOCK_MONOTONIC) - began_s;
		for (size_t i = 0; i < k; i++)
			record_drop(list[i]);
	}
	free(json);
	return spent_s;
}

int main(int argc, char **argv)
{
	struct sink_options o = { .redis_stream = true, .sensor_name = "speed" };
	const struct sink_type *type = sink_find("redis");
	uint64_t count = 50000;
	size_t size = 2800, batch = 512;
	char why[256];
	void *sink;
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		if (strcmp(argv[i], "--url") == 0)
			o.redis_url = value;
		else if (strcmp(argv[i], "--count") == 0)
			count = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--size") == 0)
			size = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--batch") == 0)
			batch = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--channel") == 0)
			o.redis_channel = true;
		else if (strcmp(argv[i], "--list") == 0)
			o.redis_list = true;
	}
	if (batch == 0 || batch > BATCH_MAX || type->open(&o, &sink, why, sizeof(why))) {
		(void)fprintf(stderr, "sink_speed: %s\n", why);
		return 1;
	}
	double spent_s = send_all(sink, count, batch, size);
	(void)printf("%llu in %.4f s, %.4f s of processor\n", (unsigned long long)count, spent_s,
		     seconds_now(CLOCK_PROCESS_CPUTIME_ID));
	type->close(sink);
	return 0;
}
