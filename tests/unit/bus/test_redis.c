#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cmocka.h>

#include "unit/bus/redis_server.h"

static struct redis_server server;

static int setup(void **state)
{
	(void)state;
	server_prepare(&server);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_remove(&server);
	return 0;
}

static int connect_to(const char *url, const char *username, const char *password,
		      struct redis_conn **ret, char why[256])
{
	struct redis_options o = { .url = url,
				   .username = username,
				   .password = password,
				   .timeout_ms = 200 };
	why[0] = '\0';
	return redis_connect(&o, ret, why, 256);
}

static int send_words(struct redis_conn *c, const char *a, const char *b, const char *d)
{
	const char *argv[3] = { a, b, d };
	size_t lens[3] = { strlen(a), b ? strlen(b) : 0, d ? strlen(d) : 0 };
	return redis_send(c, d ? 3 : b ? 2 : 1, argv, lens);
}

struct answers {
	size_t count;
	int64_t integer[16];
	char error[16][64];
};

static void collect(void *arg, size_t i, int64_t integer, const char *error)
{
	struct answers *a = arg;
	assert_int_equal(i, a->count);
	assert_true(i < 16);
	a->integer[i] = integer;
	snprintf(a->error[i], sizeof(a->error[i]), "%s", error ? error : "");
	a->count++;
}

static void refused_connection_says_what_to_do(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	struct redis_conn *c = NULL;
	char url[64], why[256];
	int fd = socket(AF_INET, SOCK_STREAM, 0); /* a port that is ours and does not listen */
	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%u", ntohs(a.sin_port));
	assert_int_equal(connect_to(url, NULL, NULL, &c, why), -EXF_E_IO);
	assert_non_null(strstr(why, "refused the connection"));
	assert_non_null(strstr(why, "is it running?"));
	assert_null(c);
	close(fd);
}

static void missing_socket_is_named(void **state)
{
	struct redis_conn *c = NULL;
	char why[256];
	(void)state;
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), -EXF_E_IO);
	assert_non_null(strstr(why, "no Redis socket at /tmp/exfild-test-"));
}

static void silent_server_is_given_up(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct redis_conn *c = NULL;
	char why[256];
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	(void)state;
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", server.socket);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 4), 0);
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), -EXF_E_IO);
	assert_non_null(strstr(why, "no answer within 200 ms"));
	close(fd);
}

static void answers_come_in_order(void **state)
{
	struct answers got = { 0 };
	struct redis_conn *c = NULL;
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), 0);
	assert_int_equal(send_words(c, "INCR", "n", NULL), 0);
	assert_int_equal(send_words(c, "INCR", "n", NULL), 0);
	assert_int_equal(send_words(c, "LPUSH", "n", "x"), 0);
	assert_int_equal(send_words(c, "NO-SUCH", NULL, NULL), 0);
	assert_int_equal(send_words(c, "INCR", "n", NULL), 0);
	assert_int_equal(send_words(c, "PING", NULL, NULL), 0);
	assert_int_equal(redis_pending(c), 6);
	assert_int_equal(redis_flush(c, collect, &got, why, sizeof(why)), 0);
	assert_int_equal(redis_pending(c), 0);
	assert_int_equal(got.count, 6);
	assert_int_equal(got.integer[0], 1);
	assert_int_equal(got.integer[1], 2);
	assert_int_equal(strncmp(got.error[2], "WRONGTYPE", 9), 0);
	assert_int_equal(strncmp(got.error[3], "ERR unknown", 11), 0);
	assert_int_equal(got.integer[4], 3);
	assert_int_equal(got.integer[5], -1);
	assert_string_equal(got.error[5], "");
	assert_int_equal(redis_flush(c, collect, &got, why, sizeof(why)), 0); /* nothing: nothing */
	redis_close(c);
}

static void arguments_may_hold_any_byte(void **state)
{
	const char *argv[3] = { "SET", "k", "a\0b\r\nc" };
	const size_t lens[3] = { 3, 1, 6 };
	struct redis_conn *c = NULL;
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), 0);
	assert_int_equal(redis_send(c, 3, argv, lens), 0);
	assert_int_equal(redis_flush(c, NULL, NULL, why, sizeof(why)), 0);
	assert_int_equal(server_ask(&server, NULL, "STRLEN k"), 6);
	redis_close(c);
}

static void too_many_arguments_are_refused(void **state)
{
	const char *argv[REDIS_ARGS_MAX + 1] = { "X" };
	const size_t lens[REDIS_ARGS_MAX + 1] = { 1 };
	struct redis_conn *c = NULL;
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), 0);
	assert_int_equal(redis_send(c, REDIS_ARGS_MAX + 1, argv, lens), -EXF_E_RANGE);
	assert_int_equal(redis_send(c, 0, argv, lens), -EXF_E_RANGE);
	redis_close(c);
}

static void password_is_asked_for_and_checked(void **state)
{
	struct redis_conn *c = NULL;
	char why[256], url[300];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, "s3cret:/@");
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), -EXF_E_IO);
	assert_non_null(strstr(why, "asks for a password: set redis.password_file"));
	assert_int_equal(connect_to(server.url, NULL, "wrong", &c, why), -EXF_E_IO);
	assert_non_null(strstr(why, "does not know this user and password"));
	assert_null(strstr(why, "wrong"));
	assert_int_equal(connect_to(server.url, NULL, "s3cret:/@", &c, why), 0);
	redis_close(c);
	assert_int_equal(connect_to(server.url, "default", "s3cret:/@", &c, why), 0);
	redis_close(c);
	snprintf(url, sizeof(url), "unix://:s3cret%%3a%%2F%%40@%s", server.socket);
	assert_int_equal(connect_to(url, NULL, NULL, &c, why), 0);
	redis_close(c);
}

static void user_of_least_rights_can_log_in(void **state)
{
	struct redis_conn *c = NULL;
	struct answers got = { 0 };
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	server_ask(&server, NULL, "ACL SETUSER exfild on >pw resetkeys ~exfild:* +xadd");
	assert_int_equal(connect_to(server.url, "exfild", "pw", &c, why), 0);
	assert_int_equal(send_words(c, "GET", "exfild:x", NULL), 0);
	assert_int_equal(redis_flush(c, collect, &got, why, sizeof(why)), 0);
	assert_int_equal(strncmp(got.error[0], "NOPERM", 6), 0);
	redis_close(c);
}

static void database_is_selected(void **state)
{
	struct redis_conn *c = NULL;
	char why[256], url[300];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	snprintf(url, sizeof(url), "%s?db=3", server.url);
	assert_int_equal(connect_to(url, NULL, NULL, &c, why), 0);
	assert_int_equal(send_words(c, "SET", "k", "v"), 0);
	assert_int_equal(redis_flush(c, NULL, NULL, why, sizeof(why)), 0);
	redis_close(c);
	assert_int_equal(server_ask(&server, NULL, "DBSIZE"), 0);
	snprintf(url, sizeof(url), "%s?db=99", server.url);
	assert_int_equal(connect_to(url, NULL, NULL, &c, why), -EXF_E_IO);
	assert_non_null(strstr(why, "out of range"));
}

static void killed_server_is_an_error_and_no_signal(void **state)
{
	static char big[1 << 20];
	const char *argv[3] = { "SET", "k", big };
	const size_t lens[3] = { 3, 1, sizeof(big) };
	struct redis_conn *c = NULL;
	sigset_t mask;
	char why[256];
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	assert_int_equal(connect_to(server.url, NULL, NULL, &c, why), 0);
	server_kill(&server);
	for (int i = 0; i < 8; i++)
		assert_int_equal(redis_send(c, 3, argv, lens), 0);
	assert_int_equal(redis_flush(c, NULL, NULL, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "lost the connection to Redis at"));
	assert_int_equal(redis_pending(c), 0);
	assert_int_equal(send_words(c, "PING", NULL, NULL), -EXF_E_IO);
	redis_close(c);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
	assert_int_equal(sigismember(&mask, SIGPIPE), 0); /* as before */
	assert_int_equal(sigpending(&mask), 0);
	assert_int_equal(sigismember(&mask, SIGPIPE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(refused_connection_says_what_to_do, setup,
						teardown),
		cmocka_unit_test_setup_teardown(missing_socket_is_named, setup, teardown),
		cmocka_unit_test_setup_teardown(silent_server_is_given_up, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_come_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(arguments_may_hold_any_byte, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_arguments_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(password_is_asked_for_and_checked, setup, teardown),
		cmocka_unit_test_setup_teardown(user_of_least_rights_can_log_in, setup, teardown),
		cmocka_unit_test_setup_teardown(database_is_selected, setup, teardown),
		cmocka_unit_test_setup_teardown(killed_server_is_an_error_and_no_signal, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
