/*
 * bus/redis_find.c - which server it is: the url's, the one that an answer named, or the master
 * that Sentinels name.
 *
 * By "Guidelines for Redis clients with support for Redis Sentinel" (redis.io): ask one Sentinel
 * after the other, connect to what it names, and believe it only when ROLE says master.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "private.h"

/* "HOST:PORT", "[v6]:PORT" or "v6:PORT" into the address of u. */
static bool take_place(const char *place, struct redis_url *u)
{
	const char *colon = strrchr(place, ':');
	uint64_t port = 0;
	if (!colon || str_parse_u64(colon + 1, 1, UINT16_MAX, &port) < 0)
		return false;
	size_t len = (size_t)(colon - place);
	if (len >= 2 && place[0] == '[' && colon[-1] == ']') {
		place++;
		len -= 2;
	}
	if (len >= sizeof(u->host))
		return false;
	if (len > 0) { /* MOVED without a host means the one that said it */
		memcpy(u->host, place, len);
		u->host[len] = '\0';
	}
	u->port = (uint16_t)port;
	u->is_unix = false;
	return u->host[0] != '\0';
}

/* The master that the Sentinel at `place` names. */
static int ask_sentinel(const struct redis_options *o, const struct redis_url *of_url,
			const char *place, struct redis_url *ret, char *why, size_t size)
{
	const char *argv[] = { "SENTINEL", "get-master-addr-by-name", o->sentinel_name };
	char texts[2][128], address[300];
	struct redis_url sentinel = { .is_tls = of_url->is_tls };
	struct redis_options plain = *o;
	struct redis_conn *c = NULL;
	plain.username = plain.password = NULL; /* the Sentinels' own are others */
	if (!take_place(place, &sentinel)) {
		(void)snprintf(why, size, "%.200s is no HOST:PORT", place);
		return -EXF_E_INVALID;
	}
	int err = redis_connect_url(&plain, &sentinel, &c, why, size);
	if (err)
		return err;
	int n = redis_ask(c, 3, argv, texts, 2);
	redis_close(c);
	*ret = *of_url;
	(void)snprintf(address, sizeof(address), "%s:%s", n == 2 ? texts[0] : "",
		       n == 2 ? texts[1] : "");
	if (n == 2 && take_place(address, ret))
		return 0;
	(void)snprintf(why, size, "the Sentinel at %.100s knows no master %.100s", place,
		       o->sentinel_name);
	return -EXF_E_IO;
}

static bool is_master(struct redis_conn *c)
{
	const char *argv[] = { "ROLE" };
	char texts[1][128];
	int n = redis_ask(c, 1, argv, texts, 1);
	/* a user without the right to ask is believed: READONLY will tell */
	return n < 1 || strcmp(texts[0], "slave") != 0;
}

static int by_sentinels(const struct redis_options *o, const struct redis_url *u,
			struct redis_conn **ret, char *why, size_t size)
{
	int err = -EXF_E_IO;
	for (size_t i = 0; i < o->sentinel_count && err; i++) {
		struct redis_url master;
		err = ask_sentinel(o, u, o->sentinels[i], &master, why, size);
		if (err)
			continue;
		err = redis_connect_url(o, &master, ret, why, size);
		if (!err && !is_master(*ret)) {
			(void)snprintf(why, size,
				       "%s is no master (yet), whatever its Sentinel "
				       "says",
				       redis_where(*ret));
			redis_close(*ret);
			*ret = NULL;
			err = -EXF_E_IO;
		}
	}
	return err;
}

int redis_connect(const struct redis_options *o, struct redis_conn **ret, char *why, size_t size)
{
	struct redis_url url = { .port = 6379 };
	bool has_url = o->url && o->url[0];
	int err = has_url ? redis_url_parse(o->url, &url, why, size) : 0;
	if (err)
		return err;
	if (o->at && o->at[0]) {
		if (!take_place(o->at, &url)) {
			(void)snprintf(why, size, "Redis names %.100s, which is no HOST:PORT",
				       o->at);
			return -EXF_E_IO;
		}
		return redis_connect_url(o, &url, ret, why, size);
	}
	if (o->sentinel_count)
		return by_sentinels(o, &url, ret, why, size);
	return redis_connect_url(o, &url, ret, why, size);
}

enum redis_error redis_error_of(const char *text)
{
	static const struct {
		const char *word;
		enum redis_error kind;
	} kinds[] = {
		{ "LOADING", REDIS_ERROR_WAIT },     { "BUSY", REDIS_ERROR_WAIT },
		{ "MASTERDOWN", REDIS_ERROR_WAIT },  { "TRYAGAIN", REDIS_ERROR_WAIT },
		{ "CLUSTERDOWN", REDIS_ERROR_WAIT }, { "OOM", REDIS_ERROR_ROOM },
		{ "MISCONF", REDIS_ERROR_ROOM },     { "READONLY", REDIS_ERROR_OTHER },
		{ "NOREPLICAS", REDIS_ERROR_WAIT },  { "NOAUTH", REDIS_ERROR_RIGHT },
		{ "WRONGPASS", REDIS_ERROR_RIGHT },  { "NOPERM", REDIS_ERROR_RIGHT },
		{ "WRONGTYPE", REDIS_ERROR_TYPE },   { "MOVED", REDIS_ERROR_MOVED },
		{ "ASK", REDIS_ERROR_ASK },          { "EXECABORT", REDIS_ERROR_ABORT },
	};
	if (!text)
		return REDIS_ERROR_NONE;
	size_t len = strcspn(text, " ");
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, text, len) == 0)
			return kinds[i].kind;
	return REDIS_ERROR_ELSE;
}

bool redis_error_place(const char *text, char *dst, size_t size)
{
	const char *last = strrchr(text, ' ');
	enum redis_error kind = redis_error_of(text);
	return (kind == REDIS_ERROR_MOVED || kind == REDIS_ERROR_ASK) && last &&
	       strchr(last, ':') && str_copy(dst, size, last + 1);
}
