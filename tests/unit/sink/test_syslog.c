/*
 * Holds the sinks that speak to log daemons: syslog by UDP, TCP and a socket, and the journal.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/sink/sink_samples.h"

static int listen_at(int type, char *url, size_t size, const char *scheme)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, type, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 4), 0);
	snprintf(url, size, "%s://127.0.0.1:%u", scheme, ntohs(a.sin_port));
	return fd;
}

static void *open_sink(const char *name, const struct sink_options *o)
{
	char why[200] = "";
	void *sink = NULL;
	if (sink_find(name)->open(o, &sink, why, sizeof(why)))
		fail_msg("%s", why);
	return sink;
}

static void udp_sends_a_message_of_rfc_5424(void **state)
{
	const struct sink_type *type = sink_find("syslog");
	char url[64], text[4000];
	int fd = listen_at(SOCK_DGRAM, url, sizeof(url), "udp");
	struct sink_options o = { .syslog_url = url,
				  .syslog_format = "json",
				  .sensor_name = "gw 1" };
	void *sink = open_sink("syslog", &o);
	(void)state;
	assert_int_equal(sample_put(type, sink, 1, 2), 2);
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text,
			    "<131>1 2026-11-23T19:00:00.000000Z gw_1 exfild - dns_tunnel [meta "
			    "sequenceId=\"1\"] "
			    "{\"@timestamp\":\"x\",\"event\":{\"sequence\":1}}");
	assert_int_equal(sample_health(type, sink).sent, 2);
	type->close(sink);
	close(fd);
}

static void tcp_counts_octets_and_comes_back(void **state)
{
	const struct sink_type *type = sink_find("syslog");
	char url[64], text[4000];
	int fd = listen_at(SOCK_STREAM, url, sizeof(url), "tcp");
	struct sink_options o = { .syslog_url = url, .syslog_format = "json" };
	void *sink = open_sink("syslog", &o);
	size_t len;
	int used = 0;
	(void)state;
	assert_int_equal(sample_put(type, sink, 1, 3), 3);
	int peer = accept(fd, NULL, NULL);
	ssize_t n = recv(peer, text, sizeof(text) - 1, 0);
	assert_true(n > 0);
	text[n] = '\0';
	const char *at = text;
	for (unsigned i = 1; i <= 3; i++) { /* "LEN MESSAGE" one after the other */
		char want[40];
		assert_int_equal(sscanf(at, "%zu %n", &len, &used), 1);
		at += used;
		snprintf(want, sizeof(want), "sequenceId=\"%u\"", i);
		assert_int_equal(strncmp(at, "<131>1 ", 7), 0);
		assert_non_null(strstr(at, want));
		at += len;
	}
	assert_int_equal(*at, '\0');
	close(peer); /* the other end restarts */
	struct pollfd p = { .fd = -1 };
	poll(&p, 1, 50);
	assert_int_equal(sample_put(type, sink, 4, 4), 1);
	peer = accept(fd, NULL, NULL);
	n = recv(peer, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	assert_non_null(strstr(text, "sequenceId=\"4\""));
	assert_int_equal(sample_health(type, sink).connects, 2);
	close(peer);
	close(fd);
	poll(&p, 1, 50);
	assert_int_equal(sample_put(type, sink, 5, 5), 0);
	assert_non_null(strstr(sample_health(type, sink).error, "refused"));
	type->close(sink);
}

static int datagrams_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void the_journal_gets_fields(void **state)
{
	const struct sink_type *type = sink_find("journal");
	char folder[] = "/tmp/exfild-test-XXXXXX", path[64], data[8000];
	struct sink_options o = { .journal_socket = path };
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	void *sink = open_sink("journal", &o);
	assert_int_equal(sample_put(type, sink, 1, 1), 0);
	assert_non_null(strstr(sample_health(type, sink).error, "cannot reach the journal"));
	int fd = datagrams_at(path);
	assert_int_equal(sample_put(type, sink, 1, 1), 1);
	ssize_t n = recv(fd, data, sizeof(data), 0);
	assert_true(n > 0);
	unsigned fields = 0;
	for (ssize_t at = 0; at < n; fields++) { /* NAME \n length bytes \n */
		char *end = memchr(data + at, '\n', (size_t)(n - at));
		assert_non_null(end);
		*end = '\0';
		const unsigned char *len = (const unsigned char *)end + 1;
		size_t size = len[0] | (size_t)len[1] << 8;
		if (strcmp(data + at, "EXFILD_RULE") == 0)
			assert_memory_equal(end + 9, "dns_tunnel", 10);
		if (strcmp(data + at, "PRIORITY") == 0)
			assert_memory_equal(end + 9, "3", 1);
		at = end + 9 + size - data;
		assert_int_equal(data[at++], '\n');
	}
	assert_int_equal(fields, 12);
	type->close(sink);
	close(fd);
	unlink(path);
	rmdir(folder);
}

static void a_socket_takes_cef_and_bad_urls_are_refused(void **state)
{
	static const char *const bads[] = { "",          "http://h", "udp://",      "tcp://h:0",
					    "tcp://h:x", "unix://x", "udp://[::1:5" };
	const struct sink_type *type = sink_find("syslog");
	char folder[] = "/tmp/exfild-test-XXXXXX", path[64], url[80], text[4000], why[200];
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/log", folder);
	snprintf(url, sizeof(url), "unix://%s", path);
	int fd = datagrams_at(path);
	struct sink_options o = { .syslog_url = url, .syslog_format = "cef" };
	void *sink = open_sink("syslog", &o);
	assert_int_equal(sample_put(type, sink, 1, 1), 1);
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	assert_non_null(strstr(text, "] CEF:0|exfild|"));
	type->close(sink);
	close(fd);
	unlink(path);
	rmdir(folder);
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		o.syslog_url = bads[i];
		assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_sends_a_message_of_rfc_5424),
		cmocka_unit_test(tcp_counts_octets_and_comes_back),
		cmocka_unit_test(the_journal_gets_fields),
		cmocka_unit_test(a_socket_takes_cef_and_bad_urls_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
