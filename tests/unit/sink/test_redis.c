#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/bus/redis_server.h"
#include "unit/sink/sink_samples.h"

static struct redis_server server;
static const struct sink_type *type;

static int setup(void **state)
{
	(void)state;
	type = sink_find("redis");
	assert_non_null(type);
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
	struct sink_options o = { .redis_url = server.url,
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
	assert_int_equal(sample_put(type, sink, 1, 3), 3);
	struct sink_health h = sample_health(type, sink);
	assert_int_equal(h.sent, 3);
	assert_int_equal(h.refusals, 0);
	assert_int_equal(h.receivers, 1);
	assert_string_equal(h.error, "");
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 3);
	assert_int_equal(server_ask(&server, NULL, "LLEN exfild:alerts:list"), 3);
	for (int i = 0; i < 3; i++) /* "message", the channel, the JSON */
		assert_non_null(fgets(line, sizeof(line), subscriber));
	assert_int_equal(strncmp(line, "{\"@timestamp\":", 14), 0);
	assert_non_null(strstr(line, "\"sequence\":1}}"));
	snprintf(command, sizeof(command), "redis-cli -s %s XREVRANGE exfild:alerts + - COUNT 1",
		 server.socket);
	in = popen(command, "r");
	while (in && fgets(line, sizeof(line), in))
		strncat(all, line, sizeof(all) - strlen(all) - 1);
	pclose(in);
	assert_non_null(
		strstr(all, "\nid\n00000000000000000000000000000003\nseverity\n73\nalert\n{"));
	assert_non_null(strstr(all, "\"sequence\":3}}"));
	type->close(sink);
	server_kill(&server); /* ends the subscriber */
	pclose(subscriber);
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
	assert_int_equal(sample_put(type, sink, 1, 12), 12);
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
	assert_int_equal(sample_put(type, sink, 1, 1), 1);
	server_kill(&server);
	assert_int_equal(sample_put(type, sink, 2, 3), 0);
	struct sink_health h = sample_health(type, sink);
	assert_int_equal(h.sent, 1);
	assert_non_null(strstr(h.error, "Redis"));
	unlink(server.socket);
	server_start(&server, NULL);
	assert_int_equal(sample_put(type, sink, 2, 3), 2);
	h = sample_health(type, sink);
	assert_int_equal(h.sent, 3);
	assert_string_equal(h.error, "");
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"),
			 2); /* 1 died with the old one */
	type->close(sink);
}

/* Of a transaction of which one command is refused when it is queued nothing happens. */
static void no_room_holds_everything(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	void *sink = open_sink(&o);
	server_ask(&server, NULL, "CONFIG SET maxmemory 1");
	assert_int_equal(sample_put(type, sink, 1, 3), 0);
	struct sink_health h = sample_health(type, sink);
	assert_int_equal(h.sent, 0);
	assert_true(h.refusals > 0);
	assert_non_null(strstr(h.error, "OOM"));
	server_ask(&server, NULL, "CONFIG SET maxmemory 0");
	assert_int_equal(server_ask(&server, NULL, "DBSIZE"), 0);
	assert_int_equal(sample_put(type, sink, 1, 3), 3);
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 3);
	type->close(sink);
}

/* What the others have had is not repeated while one key is something else. */
static void a_key_of_another_type_holds_its_own_only(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	server_ask(&server, NULL, "SET exfild:alerts x"); /* not a stream */
	o = options();
	void *sink = open_sink(&o);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sample_put(type, sink, 1, 2), 0);
	struct sink_health h = sample_health(type, sink);
	assert_int_equal(strncmp(h.error, "Redis refused XADD: WRONGTYPE", 29), 0);
	assert_int_equal(server_ask(&server, NULL, "LLEN exfild:alerts:list"), 2);
	server_ask(&server, NULL, "DEL exfild:alerts");
	assert_int_equal(sample_put(type, sink, 1, 2), 2);
	assert_int_equal(server_ask(&server, NULL, "XLEN exfild:alerts"), 2);
	assert_int_equal(server_ask(&server, NULL, "LLEN exfild:alerts:list"), 2);
	type->close(sink);
}

/* docs/integrations/REDIS.md has this line. */
#define LEAST                                                                                \
 "ACL SETUSER exfild on >pw resetkeys ~exfild:* resetchannels &exfild:* -@all +multi +exec " \
 "+publish +xadd +rpush +ltrim +hset +expire"

static void user_of_least_rights_is_enough(void **state)
{
	struct sink_options o;
	struct sink_beat b = { .sensor = "gw", .sequence = 7 };
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	server_ask(&server, NULL, LEAST);
	o = options();
	o.redis_username = "exfild";
	o.redis_password = "pw";
	void *sink = open_sink(&o);
	assert_int_equal(sample_put(type, sink, 1, 1), 1);
	assert_true(type->beat(sink, &b));
	assert_int_equal(sample_health(type, sink).refusals, 0);
	server_ask(&server, NULL, "ACL SETUSER exfild -publish");
	assert_int_equal(sample_put(type, sink, 2, 2), 0);
	struct sink_health h = sample_health(type, sink);
	assert_int_equal(h.sent, 1);
	assert_int_equal(strncmp(h.error, "Redis refused PUBLISH: NOPERM", 29), 0);
	server_ask(&server, NULL, "ACL SETUSER exfild +publish");
	assert_int_equal(sample_put(type, sink, 2, 2), 1);
	type->close(sink);
}

static void a_heartbeat_tells_silence_from_peace(void **state)
{
	struct sink_options o;
	struct sink_beat b = { .sensor = "gw", .version = "1", .sequence = 7, .spool_depth = 3 };
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	o.sensor_name = "gw";
	void *sink = open_sink(&o);
	assert_true(type->beat(sink, &b));
	assert_int_equal(server_ask(&server, NULL, "HLEN exfild:sensor:gw"), 12);
	assert_int_equal(server_ask(&server, NULL, "HSTRLEN exfild:sensor:gw sequence"), 1);
	assert_true(server_ask(&server, NULL, "TTL exfild:sensor:gw") > 30);
	server_kill(&server);
	assert_false(type->beat(sink, &b));
	type->close(sink);
}

static void in_a_cluster_all_keys_share_a_tag(void **state)
{
	struct sink_options o;
	(void)state;
	if (!server_is_installed())
		skip();
	server_start(&server, NULL);
	o = options();
	o.redis_cluster = true;
	void *sink = open_sink(&o);
	assert_int_equal(sample_put(type, sink, 1, 1), 1);
	assert_int_equal(server_ask(&server, NULL, "XLEN {exfild}:alerts"), 1);
	assert_int_equal(server_ask(&server, NULL, "LLEN {exfild}:alerts:list"), 1);
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
	assert_int_equal(sample_put(type, sink, 1, 1), 0);
	assert_non_null(strstr(sample_health(type, sink).error, "no Redis socket"));
	server_start(&server, NULL);
	assert_int_equal(sample_put(type, sink, 1, 1), 1);
	assert_int_equal(sample_health(type, sink).sent, 1);
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
	o.redis_url = "redis://";
	assert_int_equal(type->open(&o, &sink, why, sizeof(why)), -EXF_E_INVALID);
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
		cmocka_unit_test_setup_teardown(only_what_is_asked_for_is_written, setup, teardown),
		cmocka_unit_test_setup_teardown(server_that_comes_back_gets_everything, setup,
						teardown),
		cmocka_unit_test_setup_teardown(no_room_holds_everything, setup, teardown),
		cmocka_unit_test_setup_teardown(a_key_of_another_type_holds_its_own_only, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_heartbeat_tells_silence_from_peace, setup,
						teardown),
		cmocka_unit_test_setup_teardown(in_a_cluster_all_keys_share_a_tag, setup, teardown),
		cmocka_unit_test_setup_teardown(user_of_least_rights_is_enough, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_password_stops_the_start, setup, teardown),
		cmocka_unit_test_setup_teardown(a_server_that_comes_later_gets_what_waited, setup,
						teardown),
		cmocka_unit_test_setup_teardown(impossible_options_are_refused, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
