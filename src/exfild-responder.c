/*
 * exfild-responder.c - cuts hosts off, on request: the only program of exfild that may.
 *
 * It takes limits and the list of those never to be cut off from the configuration that only root
 * may write, and from the machine; nothing that it is asked can change them.
 */
#include <getopt.h>
#include <netdb.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/config/config.h"
#include "exfild/sandbox/sandbox.h"
#include "responder/machine.h"
#include "responder/server.h"

#define PATH_SIZE 4096

static const char help_text[] =
	"usage: exfild-responder [-c FILE] [-s SOCKET] [-d FOLDER] [-u USER]\n"
	"Cuts hosts off by nftables when exfild or an administrator asks; see exfild-responder(8).\n"
	"  -c FILE    configuration, writable by root only (default /etc/exfild/exfild.yaml)\n"
	"  -s SOCKET  where it is asked (default " QUARANTINE_SOCKET ")\n"
	"  -d FOLDER  where decisions are kept (default /var/lib/exfild-responder)\n"
	"  -u USER    who exfild runs as (default exfild)\n"
	"  -h, -V     this text, the version\n";

struct settings {
	const char *config, *socket, *folder, *user;
};

/* -1: go on; else the exit status. */
static int parse(int argc, char **argv, struct settings *ret)
{
	*ret = (struct settings){ .config = "/etc/exfild/exfild.yaml",
				  .socket = QUARANTINE_SOCKET,
				  .folder = "/var/lib/exfild-responder",
				  .user = "exfild" };
	for (int c = getopt(argc, argv, "c:s:d:u:hV"); c != -1;
	     c = getopt(argc, argv, "c:s:d:u:hV")) {
		const char **to = c == 'c' ? &ret->config :
				  c == 's' ? &ret->socket :
				  c == 'd' ? &ret->folder :
				  c == 'u' ? &ret->user :
					     NULL;
		if (to) {
			*to = optarg;
		} else if (c == 'h') {
			(void)fputs(help_text, stdout);
			return 0;
		} else if (c == 'V') {
			(void)printf("exfild-responder %s\n", EXFILD_VERSION);
			return 0;
		} else {
			(void)fputs(help_text, stderr);
			return 2;
		}
	}
	if (optind == argc)
		return -1;
	(void)fprintf(stderr, "exfild-responder: what is %s? See exfild-responder -h\n",
		      argv[optind]);
	return 2;
}

/* Whoever can write the file could take names off the never-list. `place` is "FILE[:LINE:COLUMN]".
 */
static bool is_of_root(const char *place)
{
	char path[PATH_SIZE];
	struct stat st;
	size_t len = strcspn(place, ":");
	if (place[0] != '/' || len >= sizeof(path))
		return true; /* a default */
	memcpy(path, place, len);
	path[len] = '\0';
	if (stat(path, &st) == 0 && st.st_uid == 0 && !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return true;
	log_errorx("responder",
		   "%s must be root's, and writable by nobody else, since it says who is never cut "
		   "off: chown root %s && chmod go-w %s",
		   path, path, path);
	return false;
}

static bool is_trustworthy(const struct config *c, const char *path)
{
	static const char *const keys[] = { "quarantine.mode", "quarantine.ttl", "quarantine.max",
					    "quarantine.per_minute", "quarantine.never" };
	bool ok = is_of_root(path);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && ok; i++) {
		const char *place = config_place(c, keys[i]);
		ok = !place || is_of_root(place);
	}
	for (size_t i = 0; i < c->zone_count && ok; i++)
		ok = is_of_root(c->zones[i].place);
	return ok;
}

static void never_zone(struct never *n, const struct config *c, const char *zone)
{
	char why[NEVER_WHY];
	(void)snprintf(why, sizeof(why), "in the zone %.30s of quarantine.never", zone);
	for (size_t i = 0; i < c->zone_count; i++) {
		if (strcmp(c->zones[i].name, zone) != 0)
			continue;
		for (size_t k = 0; k < c->zones[i].prefix_count; k++)
			never_add(n, &c->zones[i].prefixes[k], why);
	}
}

/* The host of "redis://user:secret@host:port/0" or "host:port"; the rest is nobody's business. */
static bool redis_host(const char *url, char *dst, size_t size)
{
	const char *scheme = strstr(url, "://"), *at = scheme ? scheme + 3 : url;
	size_t len = strcspn(at, "/?");
	const char *user = memchr(at, '@', len);
	if (strncmp(url, "unix", 4) == 0)
		return false;
	if (user) {
		len -= (size_t)(user + 1 - at);
		at = user + 1;
	}
	if (*at == '[') {
		at++;
		len = strcspn(at, "]");
	} else {
		size_t port = strcspn(at, ":");
		len = port < len ? port : len;
	}
	if (!len || len >= size)
		return false;
	memcpy(dst, at, len);
	dst[len] = '\0';
	return true;
}

static void never_redis(struct never *n, const char *url)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char host[256];
	if (!redis_host(url, host, sizeof(host)))
		return;
	if (getaddrinfo(host, NULL, &hints, &list) != 0) {
		log_warnx(
			"responder",
			"%s of redis has no address now, so it is not on the list of those never cut "
			"off: add it to quarantine.never",
			host);
		return;
	}
	for (const struct addrinfo *a = list; a; a = a->ai_next) {
		struct prefix p = { .bits = 128 };
		if (machine_address(a->ai_addr, &p.addr))
			never_add(n, &p, "a server of redis");
	}
	freeaddrinfo(list);
}

static void fill_never(struct never *n, const struct config *c)
{
	for (size_t i = 0; i < c->quarantine.never_count; i++) {
		const struct config_peer *p = &c->quarantine.never[i];
		if (p->kind == CONFIG_PEER_PREFIX)
			never_add(n, &p->prefix, "in quarantine.never");
		else if (p->kind == CONFIG_PEER_ZONE)
			never_zone(n, c, p->name);
	}
	if (c->redis.url[0])
		never_redis(n, c->redis.url);
	for (size_t i = 0; i < c->redis.sentinel_count; i++)
		never_redis(n, c->redis.sentinels[i]);
}

static enum quarantine_mode mode_of(const struct config *c)
{
	for (unsigned mode = 0; mode <= QUARANTINE_MODE_ENFORCE; mode++)
		if (strcmp(c->quarantine.mode, quarantine_mode_name(mode)) == 0)
			return (enum quarantine_mode)mode;
	return QUARANTINE_MODE_DRY_RUN;
}

static struct desk *open_desk(const struct settings *s)
{
	char why[1024] = "";
	struct config *c = NULL;
	struct config_options options = { .path = s->config };
	struct desk *desk = NULL;
	if (config_load(&options, &c, why, sizeof(why))) {
		log_errorx("responder", "%s", why);
		return NULL;
	}
	struct desk_options o = { .mode = mode_of(c),
				  .limits = { .max = (uint32_t)c->quarantine.max,
					      .per_minute = (uint32_t)c->quarantine.per_minute,
					      .ttl_s = c->quarantine.ttl_s },
				  .folder = s->folder };
	if (is_trustworthy(c, s->config) && never_init(&o.never) == 0) {
		fill_never(&o.never, c);
		/* now: names of redis may have taken a while */
		o.now_s = (uint64_t)time(NULL);
		if (desk_open(&o, &desk, why, sizeof(why)))
			log_errorx("responder", "%s", why);
		never_deinit(&o.never);
	}
	config_free(c);
	return desk;
}

static int run(const struct settings *s)
{
	char why[256] = "";
	struct server_options server = { .has_daemon = false };
	const struct passwd *daemon = getpwnam(s->user);
	struct sandbox_responder limits = { .folder = s->folder };
	server.has_daemon = daemon != NULL;
	server.daemon = daemon ? daemon->pw_uid : 0;
	peer_rules_find(&server.rules);
	server.desk = open_desk(s);
	if (!server.desk)
		return 1;
	int listener = server_listen(s->socket), status = 1;
	if (listener < 0)
		log_error("responder", "%s", s->socket);
	else if (sandbox_enter_responder(&limits, why, sizeof(why)))
		log_errorx("responder", "it could not give up what it does not need: %s", why);
	else
		status = server_run(listener, &server) ? 1 : 0;
	if (listener >= 0)
		(void)unlink(s->socket);
	desk_close(server.desk);
	return status;
}

int main(int argc, char **argv)
{
	struct settings s;
	(void)signal(SIGPIPE, SIG_IGN);
	int status = parse(argc, argv, &s);
	return status >= 0 ? status : run(&s);
}
