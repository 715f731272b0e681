#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "exfild/sink/sink.h"
#include "unit/alert/samples.h"
#include "unit/bus/redis_server.h"

static struct redis_server server;
static struct alert_options alert_options;
static const struct sink_type *type;

static int setup(void **state)
{
	(void)state;
	type = sink_find("redis");
	assert_non_null(type);
	alert_options = sample_options();
	server_prepare(&server);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	server_remove(&server);
	return 0;
}

static struct sink_options options(void)
{
	struct sink_options o = { .alert = &alert_options,
				  .redis_url = server.url,
				  .redis_prefix = "exfild:",
				  .redis_stream_maxlen = 1000,
				  .redis_channel = true,
				  .redis_stream = true,
				  .redis_list = true };
	return o;
}

static void *open_sink(const struct sink_options *o)
{
	char why[256] = "";
	void *sink = NULL;
	if (type->open(o, &sink, why, sizeof(why)) < 0)
		fail_msg("%s", why);
	return sink;
}

static int put(void *sink, unsigned number)
{
	struct finding f = sample_finding();
	struct alert a = sample_alert(&f);
	struct buf line;
	a.sequence = number;
	snprintf(a.event_id, sizeof(a.event_id), "%032u", number);
	buf_init(&line, 16384);
	alert_json(&a, &alert_options, &line);
	int err = type->put(sink, &a, line.data, line.len);
	buf_deinit(&line);
	return err;
}

static struct sink_health health_of(const void *sink)
{
	struct sink_health h;
	memset(&h, 0, sizeof(h));
	type->health(sink, &h);
	return h;
}

static void alert_reaches_channel_stream_and_list(void **state)
{
	char command[300], line[9000], all[20000] = "";
	struct sink_options o;
	void *sink;
	FILE *in;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	sink = open_sink(&o);
	snprintf(command, sizeof(command),
		 "exec redis-cli -s %s SUBSCRIBE exfild:alerts 2>/dev/null", server.socket);
	FILE *subscriber = popen(command, "r");
	assert_non_null(subscriber);
	for (int i = 0; i < 3; i++) /* "subscribe", the channel, 1 */
		assert_non_null(fgets(line, sizeof(line), subscriber));
	for (unsigned i = 1; i <= 3; i++)
		assert_int_equal(put(sink, i), 0);
	assert_int_equal(type->flush(sink), 0);
	struct sink_health h = health_of(sink);
	assert_int_equal(h.sent, 3);
	assert_int_equal(h.failed, 0);
	assert_int_equal(h.receivers, 1);
	assert_string_equal(h.error, "");
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 3);
	assert_int_equal(server_ask(&server, NULL, "LLEN exfild:alerts:list"), 3);
	for (int i = 0; i < 3; i++) /* "message", the channel, the JSON */
		assert_non_null(fgets(line, sizeof(line), subscriber));
	assert_int_equal(strncmp(line, "{\"@timestamp\":", 14), 0);
	assert_non_null(strstr(line, "\"sequence\":1}"));
	snprintf(command, sizeof(command), "redis-cli -s %s XREVRANGE exfild:alerts + - COUNT 1",
		 server.socket);
	in = popen(command, "r");
	while (in && fgets(line, sizeof(line), in))
		strncat(all, line, sizeof(all) - strlen(all) - 1);
	pclose(in);
	assert_non_null(
		strstr(all, "\nid\n00000000000000000000000000000003\nseverity\n73\nalert\n{"));
	assert_non_null(strstr(all, "\"sequence\":3}"));
	type->close(sink);
	server_kill(&server); /* ends the subscriber */
	pclose(subscriber);
}

static void full_batch_goes_out_by_itself(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	void *sink = open_sink(&o);
	for (unsigned i = 0; i < 63; i++)
		assert_int_equal(put(sink, i), 0);
	assert_int_equal(health_of(sink).sent, 0);
	assert_int_equal(put(sink, 63), 0);
	assert_int_equal(health_of(sink).sent, 64);
	assert_int_equal(put(sink, 64), 0);
	type->close(sink); /* sends the rest */
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 65);
}

static void only_what_is_asked_for_is_written(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	o.redis_prefix = "site7:";
	o.redis_channel = o.redis_stream = false;
	o.redis_stream_maxlen = 5;
	void *sink = open_sink(&o);
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(put(sink, i), 0);
	assert_int_equal(type->flush(sink), 0);
	assert_int_equal(server_ask(&server, NULL, "LLEN site7:alerts:list"), 5); /* capped */
	assert_int_equal(server_ask(&server, NULL, "DBSIZE"), 1);
	type->close(sink);
}

static void server_that_comes_back_gets_everything(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	void *sink = open_sink(&o);
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(type->flush(sink), 0);
	server_kill(&server);
	assert_int_equal(put(sink, 2), 0);
	assert_int_equal(type->flush(sink), -EXF_E_IO);
	struct sink_health h = health_of(sink);
	assert_int_equal(h.sent, 1);
	assert_int_equal(h.failed, 0); /* it is still held */
	assert_non_null(strstr(h.error, "Redis"));
	assert_int_equal(put(sink, 3), 0);
	unlink(server.socket);
	server_start(&server, NULL);
	for (int i = 0; i < 200 && type->flush(sink) < 0; i++)
		server_pause(); /* it waits ten times what the failed attempt took */
	h = health_of(sink);
	assert_int_equal(h.sent, 3);
	assert_int_equal(h.failed, 0);
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"),
			 2); /* 1 died with the old one */
	type->close(sink);
}

static void restart_between_two_flushes_is_not_noticed(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	void *sink = open_sink(&o);
	server_kill(&server);
	unlink(server.socket);
	server_start(&server, NULL);
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(type->flush(sink), 0); /* one reconnect */
	assert_int_equal(health_of(sink).sent, 1);
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 1);
	type->close(sink);
}

static void what_finds_no_room_is_counted(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	void *sink = open_sink(&o);
	server_kill(&server);
	unsigned refused = 0;
	for (unsigned i = 0; i < 100; i++)
		refused += put(sink, i) < 0;
	struct sink_health h = health_of(sink);
	assert_int_equal(h.sent, 0);
	assert_int_equal(h.failed, 36);
	assert_int_equal(refused, 36); /* 64 are held */
	type->close(sink);
}

static void refused_commands_are_failures(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	server_ask(&server, NULL, "SET exfild:alerts x"); /* not a stream */
	o = options();
	void *sink = open_sink(&o);
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(type->flush(sink), 0);
	struct sink_health h = health_of(sink);
	assert_int_equal(h.sent, 0);
	assert_int_equal(h.failed, 1);
	assert_int_equal(strncmp(h.error, "Redis refused XADD: WRONGTYPE", 29), 0);
	type->close(sink);
}

static void user_of_least_rights_is_enough(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	server_ask(&server, NULL,
		   "ACL SETUSER exfild on >pw resetkeys ~exfild:* resetchannels &exfild:* -@all "
		   "+publish +xadd +rpush +ltrim");
	o = options();
	o.redis_username = "exfild";
	o.redis_password = "pw";
	void *sink = open_sink(&o);
	assert_int_equal(put(sink, 1), 0);
	assert_int_equal(type->flush(sink), 0);
	assert_int_equal(health_of(sink).sent, 1);
	server_ask(&server, NULL, "ACL SETUSER exfild -publish");
	assert_int_equal(put(sink, 2), 0);
	assert_int_equal(type->flush(sink), 0);
	struct sink_health h = health_of(sink);
	assert_int_equal(h.sent, 1);
	assert_int_equal(h.failed, 1);
	assert_int_equal(strncmp(h.error, "Redis refused PUBLISH: NOPERM", 29), 0);
	type->close(sink);
}

static void wrong_password_stops_the_start(void **state)
{
	char why[256];
	struct sink_options o;
	void *sink = NULL;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, "right");
	o = options();
	o.redis_password = "wrong";
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "does not know this user and password"));
	assert_null(sink);
}

static void a_server_that_comes_later_gets_what_waited(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	o = options();
	o.may_wait = true;
	void *sink = open_sink(&o);
	struct sink_health h = health_of(sink);
	assert_non_null(strstr(h.error, "no Redis socket"));
	assert_int_equal(put(sink, 1), 0);
	server_start(&server, NULL);
	assert_int_equal(type->flush(sink), 0);
	h = health_of(sink);
	assert_int_equal(h.sent, 1);
	assert_int_equal(h.waiting, 0);
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 1);
	type->close(sink);
}

static void impossible_options_are_refused(void **state)
{
	char why[256], prefix[300];
	struct sink_options o = options();
	void *sink = NULL;
	(void)state;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "no Redis socket"));
	o.redis_channel = o.redis_stream = o.redis_list = false;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_INVALID);
	o = options();
	o.redis_url = "";
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_INVALID);
	o.redis_url = "rediss://h";
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_UNSUPPORTED);
	memset(prefix, 'p', sizeof(prefix) - 1);
	prefix[sizeof(prefix) - 1] = '\0';
	o.redis_prefix = prefix;
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_RANGE);
	assert_null(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(alert_reaches_channel_stream_and_list, setup,
						teardown),
		cmocka_unit_test_setup_teardown(full_batch_goes_out_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_is_asked_for_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(server_that_comes_back_gets_everything, setup,
						teardown),
		cmocka_unit_test_setup_teardown(restart_between_two_flushes_is_not_noticed, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_finds_no_room_is_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(refused_commands_are_failures, setup, teardown),
		cmocka_unit_test_setup_teardown(user_of_least_rights_is_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_password_stops_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(a_server_that_comes_later_gets_what_waited, setup,
						teardown),
		cmocka_unit_test_setup_teardown(impossible_options_are_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
