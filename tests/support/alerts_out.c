/*
 * Puts synthetic alerts into the outputs of exfild as its analysis would, for tests of delivery.
 *
 * usage: alerts_out [--set KEY=VALUE]... [--count N] [--rate N] [--session NAME] [--from N]
 *
 * Prints "ready", then "put N" for each thousand and "done N"; with --hold it stays until it is
 * ended by a signal, and takes lines on standard input: "reload KEY=VALUE" changes the sinks as a
 * reload does, "resend FROM TO", "health".  With --count 0 it only delivers what the spool holds.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/config/config.h"
#include "../../src/engine/outputs.h"

#define LOADS 64
#define SETS  32

static const char *sets[SETS];
static size_t set_count;
static volatile sig_atomic_t is_ended;

static void on_signal(int number)
{
	(void)number;
	is_ended = 1;
}

static uint64_t now_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* All that were loaded: sinks may hold on to an old one. */
static struct config *loaded[LOADS];
static size_t load_count;

static void free_loaded(void)
{
	while (load_count > 0)
		config_free(loaded[--load_count]);
}

static struct config *load(void)
{
	struct config_options o = { .sets = sets, .set_count = set_count };
	struct config *c = NULL;
	char why[512] = "too many configurations";
	if (load_count < LOADS && config_load(&o, &c, why, sizeof(why)) == 0)
		return loaded[load_count++] = c;
	(void)fprintf(stderr, "alerts_out: %s\n", why);
	exit(2);
}

/* As long as a usual alert is, and each another one. */
static void fill(struct alert *a, uint64_t sequence, const char *session)
{
	static const uint8_t here[4] = { 10, 1, 2, 3 }, there[4] = { 203, 0, 113, 9 };
	struct finding *f = &a->finding;
	finding_init(f, "dns_tunnel", "dns_tunnel", "Data in DNS names");
	f->class = FINDING_EXFIL;
	f->severity = SEVERITY_HIGH;
	f->score = 0.8;
	f->confidence = 0.9;
	f->subject.ip = ipaddr_v4(here);
	f->peer.ip = ipaddr_v4(there);
	f->subject.has_ip = f->peer.has_ip = true;
	f->subject.bytes = 100000 + sequence;
	f->start_ns = 1760000000000000000ull;
	f->end_ns = f->time_ns = f->start_ns + sequence * 1000000;
	f->count = 40;
	finding_text(f->message, sizeof(f->message),
		     "10.1.2.3 sent %llu B in names below tunnel.example to 203.0.113.9",
		     (unsigned long long)f->subject.bytes);
	finding_text(f->counterfactual, sizeof(f->counterfactual), "silent below 4 kB a day");
	finding_text(f->not_harmless, sizeof(f->not_harmless),
		     "no program of this network asks for names like these");
	finding_text(f->unseen, sizeof(f->unseen), "what the names hold");
	finding_technique(f, "T1048.003");
	for (unsigned i = 0; i < 6; i++)
		finding_feature(f, "unique_names", 120 + i, 3, 40, 0.2, 0.13,
				"%u names within an hour, none of them asked before", 120 + i);
	finding_step(f, "Look at what runs on 10.1.2.3");
	a->sequence = sequence;
	a->revision = 1;
	a->count = 1;
	a->risk_score = 60;
	a->direction = "outbound";
	(void)snprintf(a->alert_id, sizeof(a->alert_id), "%.8sa%022llx", session,
		       (unsigned long long)sequence);
	(void)snprintf(a->event_id, sizeof(a->event_id), "%.8se%022llx", session,
		       (unsigned long long)sequence);
}

static void trouble(void *arg, enum delivery_trouble what, const char *sink, uint64_t count,
		    const char *text)
{
	static const char *const names[] = { "disk", "lost", "sink", "deaf" };
	(void)arg;
	(void)fprintf(stderr, "trouble %s %s %llu %s\n", names[what], sink,
		      (unsigned long long)count, text);
}

static void beat(void *arg, struct sink_beat *ret)
{
	(void)arg;
	(void)snprintf(ret->sensor, sizeof(ret->sensor), "alerts_out");
	(void)snprintf(ret->version, sizeof(ret->version), "test");
	ret->time_ns = 1760000000000000000ull;
}

static void say_health(const struct outputs *out)
{
	struct snapshot *s = calloc(1, sizeof(*s));
	if (!s)
		return;
	outputs_snapshot(out, s);
	for (uint32_t i = 0; i < s->sink_count; i++)
		(void)printf("sink %s sent %llu waiting %llu lost %llu refusals %llu: %s\n",
			     s->sinks[i].name, (unsigned long long)s->sinks[i].sent,
			     (unsigned long long)s->sinks[i].waiting,
			     (unsigned long long)s->sinks[i].failed,
			     (unsigned long long)s->sinks[i].refusals, s->sinks[i].error);
	(void)printf("spool depth %llu bytes %llu memory %llu failing %d\n",
		     (unsigned long long)s->spool.depth, (unsigned long long)s->spool.bytes,
		     (unsigned long long)s->spool.memory_bytes, s->spool.is_failing);
	free(s);
}

static void obey(struct outputs *out, struct outputs_options *o, char *line)
{
	unsigned long long from, to;
	char why[512];
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "reload ", 7) == 0 && set_count < SETS) {
		struct outputs *fresh = NULL;
		sets[set_count++] = strdup(line + 7);
		o->config = load();
		int err = outputs_prepare(o, out, &fresh, why, sizeof(why));
		if (!err) {
			outputs_take(out, fresh);
			outputs_close(fresh);
		}
		(void)printf("reload %s\n", err ? why : "done");
	} else if (sscanf(line, "resend %llu %llu", &from, &to) == 2) {
		(void)printf("resend %lld\n", (long long)outputs_resend(out, from, to));
	} else if (strcmp(line, "health") == 0) {
		say_health(out);
	}
}

static void listen_to(struct outputs *out, struct outputs_options *o, int wait_ms)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[512];
	if (poll(&p, 1, wait_ms) == 1 && fgets(line, sizeof(line), stdin))
		obey(out, o, line);
}

static void pace(uint64_t began_ns, uint64_t done, uint64_t rate)
{
	uint64_t due_ns = rate ? began_ns + done * 1000000000ull / rate : 0, at_ns = now_ns();
	if (due_ns > at_ns + 1000000) {
		const struct timespec t = { .tv_sec = (time_t)((due_ns - at_ns) / 1000000000ull),
					    .tv_nsec = (long)((due_ns - at_ns) % 1000000000ull) };
		(void)nanosleep(&t, NULL);
	}
}

int main(int argc, char **argv)
{
	struct options options = { .is_live = true, .self_test = true };
	struct alert_options alert = { .sensor_name = "sensor", .mode = "live", .session = "s1" };
	struct alert a;
	struct outputs *out = NULL;
	char why[512] = "";
	uint64_t count = 1000, rate = 0, from = 1;
	bool hold = false;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--set") == 0 && set_count < SETS)
			sets[set_count++] = argv[++i];
		else if (strcmp(argv[i], "--count") == 0)
			count = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--rate") == 0)
			rate = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--from") == 0)
			from = strtoull(argv[++i], NULL, 10);
		else if (strcmp(argv[i], "--session") == 0)
			alert.session = argv[++i];
		else if (strcmp(argv[i], "--hold") == 0)
			hold = true;
	}
	(void)signal(SIGTERM, on_signal);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	struct outputs_options o = { .options = &options,
				     .config = load(),
				     .alert = &alert,
				     .spool_bytes = 1ull << 30,
				     .trouble = trouble,
				     .beat = beat };
	o.spool_bytes = o.config->limits.disk_mb * 1000000;
	if (outputs_open(&o, &out, why, sizeof(why))) {
		(void)fprintf(stderr, "alerts_out: %s\n", why);
		free_loaded();
		return 1;
	}
	(void)printf("ready\n");
	memset(&a, 0, sizeof(a));
	uint64_t began_ns = now_ns();
	for (uint64_t i = 0; i < count && !is_ended; i++) {
		fill(&a, from + i, alert.session);
		outputs_put(out, &a);
		if ((i + 1) % 1000 == 0)
			(void)printf("put %llu\n", (unsigned long long)(i + 1));
		pace(began_ns, i, rate);
		if (rate)
			listen_to(out, &o, 0);
	}
	(void)printf("done %llu in %.3f s\n", (unsigned long long)count,
		     (double)(now_ns() - began_ns) / 1e9);
	while (hold && !is_ended)
		listen_to(out, &o, 100);
	bool good = outputs_finish(out);
	(void)printf("end %d in %.3f s\n", good, (double)(now_ns() - began_ns) / 1e9);
	outputs_close(out);
	free_loaded();
	return good ? 0 : 3;
}
