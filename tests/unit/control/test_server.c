/*
 * Holds the server: every command, hostile clients, followers, the metrics port, exfilctl's views.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "exfild/base/log.h"
#include "exfild/control/client.h"
#include "exfild/control/drill.h"
#include "exfild/control/metrics.h"
#include "places.h"
#include "samples.h"

static char folder[64], path[100];
static struct board *board;
static struct control *control;
static pthread_t answerer;
static volatile bool ended, mute;
static int reloads;
static struct drills *drills;

static int reload(void *arg, struct control_reload *ret)
{
	(void)arg;
	if (reloads++ == 0) {
		snprintf(ret->changed, sizeof(ret->changed), "alerts.merge, exceptions");
		snprintf(ret->restart, sizeof(ret->restart), "sensor.name");
		return 0;
	}
	snprintf(ret->why, sizeof(ret->why), "%s/x.yaml:3:1: line 3 is broken", EXFILD_SOURCE_DIR);
	return -1;
}

static int evidence(void *arg, const char *alert_id, struct control_evidence *ret)
{
	(void)arg;
	ret->is_kept = strcmp(alert_id, "never") != 0;
	if (strcmp(alert_id, "abc123") != 0)
		return -1;
	snprintf(ret->path, sizeof(ret->path), "/var/evidence/%s.pcapng", alert_id);
	ret->bytes = 4711;
	ret->packets = 12;
	return 0;
}

/* What the analysis thread does. */
static void *answer(void *arg)
{
	(void)arg;
	while (!ended) {
		if (!mute && board_is_asked(board)) {
			sample_lists(board_lists_begin(board));
			board_lists_done(board);
		}
		usleep(1000);
	}
	return NULL;
}

static void quiet(void *arg, enum log_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)line;
}

static int setup(void **state)
{
	char why[300];
	(void)state;
	log_set_sink(quiet, NULL);
	snprintf(folder, sizeof(folder), "/tmp/exfild-test-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/control.sock", folder);
	board = board_new();
	sample_publish(board);
	drills = drills_new();
	struct control_options o = { .socket_path = path,
				     .listen = "127.0.0.1:0",
				     .board = board,
				     .drills = drills,
				     .reload = reload,
				     .evidence = evidence };
	assert_int_equal(control_start(&o, &control, why, sizeof(why)), 0);
	ended = mute = false;
	reloads = 0;
	assert_int_equal(pthread_create(&answerer, NULL, answer, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ended = true;
	pthread_join(answerer, NULL);
	control_stop(control);
	drills_free(drills);
	board_free(board);
	assert_int_not_equal(access(path, F_OK), 0);
	rmdir(folder);
	return 0;
}

static int dial(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(a.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static char *read_line(int fd)
{
	static char line[1 << 20];
	size_t n = 0;
	while (n < sizeof(line) - 1 && recv(fd, line + n, 1, 0) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	return line;
}

static char *ask(int fd, const char *text)
{
	assert_true(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
	return read_line(fd);
}

static char *command(int fd, const char *name, const char *args)
{
	char text[512];
	snprintf(text, sizeof(text), "{\"v\":1,\"id\":3,\"command\":\"%s\",\"args\":{%s}}\n", name,
		 args);
	return ask(fd, text);
}

static void test_commands(void **state)
{
	static const struct {
		const char *name, *args, *expect;
	} cases[] = {
		{ "status", "", "\"packets\":1000" },
		{ "stats", "", "\"ipv4_short\":3" },
		{ "status", "",
		  "\"learning\":{\"done\":false,\"left_s\":259200,\"hosts\":4,\"destinations\":9}" },
		{ "doctor", "",
		  "\"check\":\"learning\",\"state\":\"unknown\",\"text\":\"3 d left until" },
		{ "doctor", "", "\"check\":\"drops\",\"state\":\"ok\"" },
		{ "doctor", "", "\"check\":\"evidence\",\"state\":\"ok\",\"text\":\"3 files, " },
		{ "doctor", "",
		  "\"check\":\"usage\",\"state\":\"ok\",\"text\":\"40 records, 5 MB" },
		{ "doctor", "", "\"check\":\"ledger\",\"state\":\"ok\",\"text\":\"7 records, 0 B" },
		{ "status", "",
		  "\"usage\":{\"kept\":true,\"failing\":false,\"written\":40,\"lost\":0," },
		{ "status", "", "\"geo\":\"Country of 2026-11-03\"" },
		{ "top", "", "\"dropbox\"" },
		{ "hosts", "\"sort\":\"received\"", "\"address\":\"10.1.2.3\"" },
		{ "hosts", "\"filter\":\"172.\"", "\"hosts\":[]" },
		{ "hosts", "\"sort\":\"beauty\"", "\"code\":\"bad_argument\"" },
		{ "flows", "\"limit\":5,\"filter\":\"tls\"", "\"destination_port\":443" },
		{ "flows", "\"sort\":\"flows\"", "\"code\":\"bad_argument\"" },
		{ "alerts", "", "\"alerts\":[]" },
		{ "alerts", "\"minimum\":\"loud\"", "\"code\":\"bad_argument\"" },
		{ "reload", "",
		  "\"changed\":[\"alerts.merge\",\"exceptions\"],\"restart\":[\"sensor.name\"]" },
		{ "reload", "", "line 3 is broken" },
		{ "evidence", "\"alert\":\"abc123\"",
		  "\"path\":\"/var/evidence/abc123.pcapng\",\"complete\":true,\"bytes\":4711,"
		  "\"packets\":12" },
		{ "evidence", "\"alert\":\"abc124\"", "not_found" },
		{ "evidence", "\"alert\":\"never\"", "not_kept" },
		{ "evidence", "", "bad_argument" },
		{ "drill", "\"kind\":\"dns\",\"to\":\"192.0.2.1\"",
		  "-$i.exfild-drill.example.com" },
		{ "drill", "\"kind\":\"dns\",\"to\":\"192.0.2.1\"",
		  "dig +short +tries=1 +time=2 @192.0.2.1 " },
		{ "drill", "\"kind\":\"http\"", "'http://example.com/exfild-drill/" },
		{ "drill", "\"kind\":\"http\",\"to\":\"2001:db8::1\"",
		  "'http://[2001:db8::1]/exfild-drill/" },
		{ "drill", "\"kind\":\"icmp\"", "ping -c 3 -s 15 -p " },
		{ "drill", "", "\"code\":\"bad_argument\"" },
		{ "drill", "\"kind\":\"smoke\"", "\"code\":\"bad_argument\"" },
		{ "drill", "\"kind\":\"dns\",\"to\":\"a;id\"", "no address and no host name" },
		{ "drill", "\"kind\":\"icmp\",\"to\":\"-f\"", "no address and no host name" },
		{ "dance", "", "\"code\":\"unknown_command\"" },
	};
	int fd = dial();
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *line = command(fd, cases[i].name, cases[i].args);
		if (!strstr(line, cases[i].expect) || !strstr(line, "\"id\":3"))
			fail_msg("%s %s: %s", cases[i].name, cases[i].args, line);
		assert_null(strchr(line, '\033'));
	}
	/* one packet, many requests */
	char many[2000] = "";
	for (int i = 0; i < 10; i++)
		strcat(many, "{\"v\":1,\"id\":1,\"command\":\"hosts\"}\n");
	ask(fd, many);
	for (int i = 1; i < 10; i++)
		assert_non_null(strstr(read_line(fd), "\"ok\":true"));
	close(fd);
}

static void test_hostile(void **state)
{
	(void)state;
	int fd = dial();
	assert_non_null(strstr(ask(fd, "\n"), "bad_request"));
	assert_non_null(strstr(ask(fd, "{{{{{{{{{{{{{{\n"), "too_deep"));
	assert_non_null(strstr(ask(fd, "\xff\xfe\n"), "bad_request"));
	/* a line without end is told so, and cut */
	char big[CONTROL_REQUEST_MAX + 100];
	memset(big, 'a', sizeof(big));
	send(fd, big, sizeof(big), MSG_NOSIGNAL);
	assert_non_null(strstr(read_line(fd), "too_long"));
	assert_string_equal(read_line(fd), "");
	close(fd);
	/* a client that asks and never reads is not read from either */
	fd = dial();
	size_t sent = 0;
	for (int i = 0; i < 100000; i++) {
		ssize_t n = send(fd, "{\"v\":1,\"command\":\"stats\"}\n", 26,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n <= 0 && errno == EAGAIN)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	assert_true(sent < 2000000);
	/* the others are served all the same */
	int other = dial();
	assert_non_null(strstr(command(other, "status", ""), "\"ok\":true"));
	close(other);
	close(fd);
	/* asks its last and shuts its end: the answer still comes */
	fd = dial();
	send(fd, "{\"v\":1,\"command\":\"flows\"}\n", 26, MSG_NOSIGNAL);
	shutdown(fd, SHUT_WR);
	assert_non_null(strstr(read_line(fd), "\"ok\":true"));
	close(fd);
	/* leaves while lists are made for it */
	fd = dial();
	send(fd, "{\"v\":1,\"command\":\"flows\"}\n", 26, MSG_NOSIGNAL);
	close(fd);
	usleep(200000);
}

static void test_silent_analysis(void **state)
{
	(void)state;
	mute = true;
	int fd = dial();
	assert_non_null(strstr(command(fd, "flows", ""), "\"code\":\"busy\""));
	mute = false;
	assert_non_null(strstr(command(fd, "flows", ""), "\"ok\":true"));
	close(fd);
}

static void test_too_many(void **state)
{
	int fds[CONTROL_CLIENTS + 1];
	(void)state;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		fds[i] = dial();
		assert_non_null(strstr(command(fds[i], "status", ""), "\"ok\":true"));
	}
	fds[CONTROL_CLIENTS] = dial();
	assert_non_null(strstr(read_line(fds[CONTROL_CLIENTS]), "too_many_clients"));
	for (size_t i = 0; i <= CONTROL_CLIENTS; i++)
		close(fds[i]);
	for (int tries = 0;; tries++) {
		usleep(20000);
		int fd = dial();
		bool good = strstr(command(fd, "status", ""), "\"ok\":true") != NULL;
		close(fd);
		if (good)
			break;
		assert_true(tries < 50);
	}
}

static void test_follow(void **state)
{
	(void)state;
	board_alert(board, "{\"a\":1}", 7, 73);
	board_alert(board, "{\"a\":2}", 7, 21);
	int fd = dial();
	const char *line = command(fd, "alerts", "\"follow\":true,\"minimum\":\"high\"");
	assert_non_null(strstr(line, "\"alerts\":[{\"a\":1}]"));
	board_alert(board, "{\"a\":3}", 7, 21);
	board_alert(board, "{\"a\":4}", 7, 99);
	assert_string_equal(read_line(fd), "{\"v\":1,\"id\":3,\"alert\":{\"a\":4}}");
	for (int i = 0; i < BOARD_ALERTS + 50; i++)
		board_alert(board, "{\"a\":5}", 7, 73);
	line = read_line(fd);
	assert_true(strstr(line, "\"lost\"") || strstr(line, "{\"a\":5}"));
	close(fd);
	fd = dial();
	line = command(fd, "alerts", "\"limit\":3");
	assert_non_null(strstr(line, "\"alerts\":[{\"a\":5},{\"a\":5},{\"a\":5}]"));
	close(fd);
}

static void test_second_daemon(void **state)
{
	char why[300];
	struct control *second = NULL;
	struct control_options o = { .socket_path = path, .board = board };
	(void)state;
	assert_int_not_equal(control_start(&o, &second, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "in use"));
	/* one that was left behind is taken over */
	char stale[128];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(stale, sizeof(stale), "%s/stale.sock", folder);
	strcpy(a.sun_path, stale);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	o.socket_path = stale;
	assert_int_equal(control_start(&o, &second, why, sizeof(why)), 0);
	struct stat st;
	assert_int_equal(stat(stale, &st), 0);
	assert_int_equal(st.st_mode & 0007, 0);
	control_stop(second);
	/* no socket at all is somebody's file */
	FILE *f = fopen(stale, "w");
	fclose(f);
	assert_int_not_equal(control_start(&o, &second, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "no socket"));
	unlink(stale);
	o.socket_path = "/nonexistent/folder/sock";
	assert_int_not_equal(control_start(&o, &second, why, sizeof(why)), 0);
	o.socket_path = NULL;
	o.listen = "127.0.0.1:1x";
	assert_int_not_equal(control_start(&o, &second, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "metrics"));
}

static int client(const char *name, const char *a, const char *b)
{
	static char program[] = "exfilctl", option[] = "-s", words[3][32];
	const char *given[3] = { name, a, b };
	char *argv[7] = { program, option, path };
	int argc = 3;
	for (; argc < 6 && given[argc - 3]; argc++) {
		snprintf(words[argc - 3], sizeof(words[0]), "%s", given[argc - 3]);
		argv[argc] = words[argc - 3];
	}
	optind = 0;
	return client_run(argc, argv);
}

static void test_client(void **state)
{
	static const char hostile[] =
		"{\"@timestamp\":\"2026-01-01T00:00:00Z\",\"message\":\"x\\u001b[2J\"}";
	static const char *const names[] = { "status", "doctor", "stats", "top",
					     "hosts",  "flows",  "alerts" };
	(void)state;
	board_alert(board, hostile, strlen(hostile), 73);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(client(names[i], NULL, NULL), CLIENT_DONE);
		assert_int_equal(client(names[i], "--json", NULL), CLIENT_DONE);
	}
	assert_int_equal(client("top", "--once", NULL), CLIENT_DONE);
	assert_int_equal(client("reload", NULL, NULL), CLIENT_DONE);
	assert_int_equal(client("reload", NULL, NULL), CLIENT_FAILED);
	assert_int_equal(client("usage", NULL, NULL), CLIENT_USAGE);
	assert_int_equal(client("hosts", "--limit", "9999"), CLIENT_USAGE);
	assert_int_equal(client("hosts", "--sort", "beauty"), CLIENT_FAILED);
	assert_int_equal(client("hosts", "-f", NULL), CLIENT_USAGE);
	assert_int_equal(client("evidence", NULL, NULL), CLIENT_USAGE);
	assert_int_equal(client("evidence", "abc123", "more"), CLIENT_USAGE);
	assert_int_equal(client("evidence", "abc123", NULL), CLIENT_DONE);
	assert_int_equal(client("evidence", "abc124", NULL), CLIENT_FAILED);
	assert_int_equal(client("drill", NULL, NULL), CLIENT_USAGE);
	assert_int_equal(client("drill", "dns", "icmp"), CLIENT_USAGE);
	assert_int_equal(client("drill", "smoke", NULL), CLIENT_FAILED);
	assert_int_equal(client("drill", "http", "--json"), CLIENT_DONE);
	assert_int_equal(client("drill", "dns", "--wait=1"), CLIENT_SICK);
	struct snapshot *s = board_begin(board);
	s->drops = 7;
	s->one_sided = true;
	board_done(board);
	assert_int_equal(client("doctor", NULL, NULL), CLIENT_SICK);
	assert_int_equal(client("doctor", "--json", NULL), CLIENT_SICK);
	snprintf(path + strlen(path), 4, "x");
	assert_int_equal(client("status", NULL, NULL), CLIENT_FAILED);
	path[strlen(path) - 1] = '\0';
}

static void test_metrics(void **state)
{
	struct snapshot s;
	struct buf out;
	(void)state;
	sample_snapshot(&s);
	snprintf(s.links[0].name, sizeof(s.links[0].name), "e\"\\\nth");
	s.ledger.lost = 2;
	buf_init(&out, 1 << 20);
	metrics_print(&s, s.published_ns, &out);
	assert_non_null(strstr(out.data, "\nexfild_packets_total 1000\n"));
	assert_non_null(strstr(out.data, "exfild_table_capacity{table=\"flows\"} 1024\n"));
	assert_non_null(strstr(out.data, "exfild_interface_up{interface=\"eth\"} 1\n"));
	assert_null(strstr(out.data, "10.1.2.3"));
	assert_non_null(strstr(out.data, "exfild_book_kept{book=\"usage\"} 1\n"));
	assert_non_null(strstr(out.data, "exfild_book_lost_total{book=\"ledger\"} 2\n"));
	s.usage.is_failing = true;
	s.ledger.is_wanted = false;
	buf_reset(&out);
	metrics_print(&s, s.published_ns, &out);
	assert_non_null(strstr(out.data, "exfild_book_kept{book=\"usage\"} 0\n"));
	assert_null(strstr(out.data, "book=\"ledger\""));
	buf_reset(&out);
	assert_true(metrics_health(&s, s.published_ns, &out));
	assert_false(metrics_health(&s, s.published_ns + 60000000000ull, &out));
	s.published_ns = 0;
	assert_false(metrics_health(&s, 1, &out));
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent_analysis, setup, teardown),
		cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_second_daemon, setup, teardown),
		cmocka_unit_test_setup_teardown(test_client, setup, teardown),
		cmocka_unit_test(test_metrics),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
