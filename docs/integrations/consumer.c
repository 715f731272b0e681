/*
 * A consumer group on exfild's stream with hiredis: cc consumer.c -o consumer $(pkg-config --cflags --libs hiredis)
 *
 * usage: consumer SOCKET|HOST [GROUP] [NAME] [IDLE_MS]
 *
 * At least once: an alert is acknowledged when it has been handled, here printed.  What a dead
 * consumer of the group had taken and not acknowledged is taken over after IDLE_MS (60000).  A
 * second copy has the same field id: whoever handles alerts drops it by that.  A signal ends it.
 */
#include <hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STREAM "exfild:alerts"

static volatile sig_atomic_t is_over;

static void on_signal(int number)
{
	(void)number;
	is_over = 1;
}

/* The value of a field of an entry's list of fields. */
static const char *field_of(const redisReply *fields, const char *name)
{
	for (size_t i = 0; i + 1 < fields->elements; i += 2)
		if (strcmp(fields->element[i]->str, name) == 0)
			return fields->element[i + 1]->str;
	return "";
}

static void acknowledge(redisContext *c, const char *group, const char *entry)
{
	redisReply *r = redisCommand(c, "XACK %s %s %s", STREAM, group, entry);
	if (r)
		freeReplyObject(r);
}

/* Entries as [[ID, [name, value, ...]], ...]. */
static void handle_all(redisContext *c, const char *group, const redisReply *list)
{
	for (size_t i = 0; i < list->elements; i++) {
		const redisReply *entry = list->element[i];
		if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
		    entry->element[1]->type != REDIS_REPLY_ARRAY)
			continue; /* trimmed meanwhile */
		printf("%s\n", field_of(entry->element[1], "alert"));
		fflush(stdout);
		acknowledge(c, group, entry->element[0]->str);
	}
}

int main(int argc, char **argv)
{
	const char *where = argc > 1 ? argv[1] : "127.0.0.1", *group = argc > 2 ? argv[2] : "siem";
	const char *name = argc > 3 ? argv[3] : "consumer-c", *idle = argc > 4 ? argv[4] : "60000";
	redisContext *c = where[0] == '/' ? redisConnectUnix(where) : redisConnect(where, 6379);
	redisReply *r;
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (!c || c->err) {
		fprintf(stderr, "consumer: %s\n", c ? c->errstr : "no memory");
		return 1;
	}
	r = redisCommand(c, "XGROUP CREATE %s %s 0 MKSTREAM", STREAM, group);
	if (r)
		freeReplyObject(r); /* BUSYGROUP: it is there */
	while (!is_over && !c->err) {
		r = redisCommand(c, "XAUTOCLAIM %s %s %s %s 0-0 COUNT 100", STREAM, group, name, idle);
		if (r && r->type == REDIS_REPLY_ARRAY && r->elements >= 2)
			handle_all(c, group, r->element[1]);
		if (r)
			freeReplyObject(r);
		r = redisCommand(c, "XREADGROUP GROUP %s %s COUNT 100 BLOCK 500 STREAMS %s >", group, name,
				 STREAM);
		if (r && r->type == REDIS_REPLY_ARRAY && r->elements == 1)
			handle_all(c, group, r->element[0]->element[1]);
		if (r)
			freeReplyObject(r);
	}
	redisFree(c);
	return 0;
}
