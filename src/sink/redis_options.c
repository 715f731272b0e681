/*
 * sink/redis_options.c - where the sink to Redis sends to: addresses, secrets, names of keys.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/str.h"
#include "redis_parts.h"

#define DEFAULT_MAXLEN 100000

static char *copy_of(const char *text)
{
	return text && text[0] ? strdup(text) : NULL;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void redis_sink_free(struct redis_sink *s)
{
	redis_close(s->conn);
	wipe(s->url);
	wipe(s->username);
	wipe(s->password);
	free(s->ca_file);
	free(s->sentinel_name);
	for (size_t i = 0; i < s->sentinel_count; i++)
		free(s->sentinels[i]);
	free(s->sentinels);
	free(s->sent);
	free(s);
}

/* In a Cluster all keys share one hash tag, so that one node has them and one transaction may. */
static int set_keys(struct redis_sink *s, const struct sink_options *o)
{
	const char *prefix = o->redis_prefix ? o->redis_prefix : "exfild:";
	uint64_t maxlen = o->redis_stream_maxlen ? o->redis_stream_maxlen : DEFAULT_MAXLEN;
	const char *name = o->sensor_name ? o->sensor_name : "exfild";
	size_t len = strlen(prefix);
	if (len > 150)
		return -EXF_E_RANGE;
	if (s->is_cluster && !strchr(prefix, '{') && len)
		snprintf(s->prefix, sizeof(s->prefix), "{%.*s}%s",
			 (int)(prefix[len - 1] == ':' ? len - 1 : len), prefix,
			 prefix[len - 1] == ':' ? ":" : "");
	else
		(void)str_copy(s->prefix, sizeof(s->prefix), prefix);
	(void)snprintf(s->channel, sizeof(s->channel), "%.150salerts", prefix);
	(void)snprintf(s->beat_channel, sizeof(s->beat_channel), "%.150sheartbeat", prefix);
	(void)snprintf(s->key, sizeof(s->key), "%.160salerts", s->prefix);
	(void)snprintf(s->list_key, sizeof(s->list_key), "%.160salerts:list", s->prefix);
	(void)snprintf(s->beat_key, sizeof(s->beat_key), "%.160ssensor:%.63s", s->prefix, name);
	snprintf(s->maxlen, sizeof(s->maxlen), "%" PRIu64, maxlen);
	snprintf(s->trim_from, sizeof(s->trim_from), "-%" PRIu64, maxlen);
	if (o->redis_channel)
		s->commands |= 1u << COMMAND_PUBLISH;
	if (o->redis_stream)
		s->commands |= 1u << COMMAND_XADD;
	if (o->redis_list)
		s->commands |= 1u << COMMAND_RPUSH;
	return 0;
}

int redis_sink_options(struct redis_sink *s, const struct sink_options *o)
{
	s->is_cluster = o->redis_cluster;
	s->stop = o->stop;
	s->url = copy_of(o->redis_url);
	s->username = copy_of(o->redis_username);
	s->password = copy_of(o->redis_password);
	s->ca_file = copy_of(o->redis_ca_file);
	s->sentinel_name = copy_of(o->redis_sentinel_name);
	if (o->redis_sentinel_count) {
		s->sentinels = calloc(o->redis_sentinel_count, sizeof(*s->sentinels));
		if (!s->sentinels)
			return -EXF_E_NOMEM;
	}
	for (; s->sentinel_count < o->redis_sentinel_count; s->sentinel_count++) {
		s->sentinels[s->sentinel_count] = copy_of(o->redis_sentinels[s->sentinel_count]);
		if (!s->sentinels[s->sentinel_count])
			return -EXF_E_NOMEM;
	}
	return set_keys(s, o);
}
