/*
 * bus/redis_url.c - see redis_url.h
 */
#include "redis_url.h"

#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"

#define DEFAULT_PORT 6379
#define DB_MAX       65535

struct part {
	const char *text;
	size_t len;
};

static int refuse(char *why, size_t size, const char *sentence)
{
	snprintf(why, size, "%s", sentence);
	return -EXF_E_INVALID;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* False when it does not fit, a %XX is broken, or a NUL would come out. */
static bool decode(struct part in, char *dst, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < in.len; i++) {
		unsigned char c = (unsigned char)in.text[i];
		if (c == '%') {
			bool is_whole = in.len - i > 2;
			int high = is_whole ? hex_value(in.text[i + 1]) : -1;
			int low = is_whole ? hex_value(in.text[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		if (c == '\0' || n + 1 >= size)
			return false;
		dst[n++] = (char)c;
	}
	dst[n] = '\0';
	return true;
}

/* Takes "user:password@" off the front; a lone name without a colon is a user name. */
static bool take_credentials(struct part *rest, struct redis_url *u)
{
	size_t at = rest->len;
	for (size_t i = 0; i < rest->len && rest->text[i] != '/'; i++) {
		if (rest->text[i] == '@')
			at = i; /* the last one before the path: passwords may hold others */
	}
	if (at == rest->len)
		return true;
	const char *colon = memchr(rest->text, ':', at);
	size_t user_len = colon ? (size_t)(colon - rest->text) : at;
	struct part user = { rest->text, user_len };
	struct part password = { rest->text + at, 0 };
	if (colon)
		password = (struct part){ colon + 1, at - user_len - 1 };
	rest->text += at + 1;
	rest->len -= at + 1;
	return decode(user, u->username, sizeof(u->username)) &&
	       decode(password, u->password, sizeof(u->password));
}

static bool parse_number(struct part in, uint64_t min, uint64_t max, uint64_t *ret)
{
	char text[16];
	if (in.len == 0 || in.len >= sizeof(text))
		return false;
	memcpy(text, in.text, in.len);
	text[in.len] = '\0';
	return str_parse_u64(text, min, max, ret) == 0;
}

static int parse_unix(struct part rest, struct redis_url *u, char *why, size_t size)
{
	static const char key[] = "?db=";
	const char *query = memchr(rest.text, '?', rest.len);
	uint64_t db = 0;

	u->is_unix = true;
	if (query) {
		struct part number = { query + 4, rest.len - (size_t)(query - rest.text) };
		if (number.len < 5 || memcmp(query, key, 4) != 0)
			return refuse(why, size, "after the socket path only ?db=N may follow");
		number.len -= 4;
		if (!parse_number(number, 0, DB_MAX, &db))
			return refuse(why, size, "the database after ?db= must be a number");
		rest.len = (size_t)(query - rest.text);
	}
	u->db = (uint32_t)db;
	if (rest.len == 0 || rest.text[0] != '/')
		return refuse(why, size,
			      "a unix URL needs the full path: unix:///run/redis/redis.sock");
	if (rest.len > 107 || !decode(rest, u->host, sizeof(u->host)))
		return refuse(why, size, "the socket path is too long or broken");
	return 0;
}

static int parse_tcp(struct part rest, struct redis_url *u, char *why, size_t size)
{
	struct part host = rest, port = { NULL, 0 }, db = { NULL, 0 };
	uint64_t port_number = DEFAULT_PORT, db_number = 0;
	const char *slash = memchr(rest.text, '/', rest.len);

	if (slash) {
		host.len = (size_t)(slash - rest.text);
		db = (struct part){ slash + 1, rest.len - host.len - 1 };
	}
	const char *colon = memchr(host.text, ':', host.len);
	if (host.len && host.text[0] == '[') {
		const char *close = memchr(host.text, ']', host.len);
		if (!close)
			return refuse(why, size, "the ] after the IPv6 address is missing");
		size_t after = host.len - (size_t)(close - host.text) - 1;
		if (after && close[1] != ':')
			return refuse(why, size, "after the ] only :port may follow");
		colon = after ? close + 1 : NULL;
		port = (struct part){ colon ? colon + 1 : NULL, after ? after - 1 : 0 };
		host = (struct part){ host.text + 1, (size_t)(close - host.text) - 1 };
	} else if (colon) {
		port = (struct part){ colon + 1, host.len - (size_t)(colon - host.text) - 1 };
		host.len = (size_t)(colon - host.text);
	}
	if (colon && !parse_number(port, 1, UINT16_MAX, &port_number))
		return refuse(why, size, "the port must be a number from 1 to 65535");
	if (db.len && !parse_number(db, 0, DB_MAX, &db_number))
		return refuse(why, size, "the database after / must be a number");
	if (host.len == 0)
		return refuse(why, size, "the host is missing: redis://127.0.0.1:6379/0");
	if (!decode(host, u->host, sizeof(u->host)))
		return refuse(why, size, "the host is too long or broken");
	u->port = (uint16_t)port_number;
	u->db = (uint32_t)db_number;
	return 0;
}

int redis_url_parse(const char *text, struct redis_url *ret, char *ret_why, size_t why_size)
{
	struct redis_url u;
	memset(&u, 0, sizeof(u));
	u.is_tls = strncmp(text, "rediss://", 9) == 0;
	bool is_tcp = u.is_tls || strncmp(text, "redis://", 8) == 0;
	size_t scheme = u.is_tls ? 9 : is_tcp ? 8 : 7;

	if (!is_tcp && strncmp(text, "unix://", 7) != 0)
		return refuse(ret_why, why_size,
			      "a Redis URL starts with redis://, rediss:// or unix://, as "
			      "redis://127.0.0.1:6379/0");
	struct part rest = { text + scheme, strlen(text + scheme) };
	if (!take_credentials(&rest, &u))
		return refuse(ret_why, why_size,
			      "user or password in the Redis URL is too long or has a broken %XX");
	int err = is_tcp ? parse_tcp(rest, &u, ret_why, why_size) :
			   parse_unix(rest, &u, ret_why, why_size);
	if (err == 0)
		*ret = u;
	return err;
}

const char *redis_url_print(const struct redis_url *u, char *dst, size_t size)
{
	bool is_v6 = strchr(u->host, ':') != NULL;

	if (u->is_unix)
		snprintf(dst, size, "%s", u->host);
	else
		snprintf(dst, size, "%s%s%s:%u", is_v6 ? "[" : "", u->host, is_v6 ? "]" : "",
			 u->port);
	return dst;
}
