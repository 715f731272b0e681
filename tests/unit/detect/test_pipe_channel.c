/*
 * Agents led over a named pipe, and services that have pipes of their own.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "pipe_channel");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct talk {
	const char *client, *server, *pipe;
	uint64_t file;
	uint32_t turns;
	uint64_t written, read;
};

static void say(struct judging *j, const struct talk *t)
{
	const char *pipe = t->pipe ? t->pipe : "msagent_4f";
	struct event_smb *e =
		judging_event(j, EVENT_SMB, sizeof(*e), t->client ? t->client : "10.0.0.5",
			      t->server ? t->server : "10.0.0.9", 6);
	e->e.app = APP_SMB;
	e->act = SMB_EXCHANGE;
	e->is_pipe = true;
	e->file = t->file;
	e->turns = t->turns;
	e->written = t->written;
	e->read = t->read;
	event_log_str(j->log, &e->name, pipe, strlen(pipe), strlen(pipe));
	judging_end(j);
}

static void a_link_is_low_then_medium_then_high(void **state)
{
	struct judging *j = *state;
	say(j, &(struct talk){ .file = 1, .turns = 8, .written = 400, .read = 900 });
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_LOW);
	judging_pass(j, 100 * SECOND_NS);
	say(j, &(struct talk){ .file = 1, .turns = 16, .written = 800, .read = 1800 });
	assert_int_equal(j->count, 1);
	say(j, &(struct talk){ .file = 1, .turns = 32, .written = 1600, .read = 3600 });
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[1].subject.bytes, 1600);
	assert_string_equal(j->found[1].object, "msagent_4f");
	judging_pass(j, 300 * SECOND_NS);
	say(j, &(struct talk){ .file = 1, .turns = 64, .written = 3200, .read = 7200 });
	assert_int_equal(j->count, 3);
	assert_int_equal(j->found[2].severity, SEVERITY_HIGH);
}

static void a_pipe_that_is_opened_anew_is_added_up(void **state)
{
	struct judging *j = *state;
	for (uint64_t file = 1; file <= 12; file++)
		say(j, &(struct talk){ .file = file, .turns = 2, .written = 60, .read = 90 });
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[1].count, 24);
	assert_int_equal(j->found[1].peer.bytes, 12 * 90);
}

static void what_hardly_speaks_is_silent(void **state)
{
	struct judging *j = *state;
	say(j, &(struct talk){ .file = 1, .turns = 7, .written = 4000, .read = 9000 });
	say(j, &(struct talk){ .pipe = "tiny", .file = 2, .turns = 80, .written = 80, .read = 80 });
	say(j, &(struct talk){ .pipe = "mute", .file = 3, .turns = 80, .written = 8000 });
	assert_int_equal(j->count, 0);
}

static void services_with_a_protocol_of_their_own_are_silent(void **state)
{
	struct judging *j = *state;
	static const char *const pipes[] = { "sql\\query", "MSSQL$PAY\\sql\\query", "MsFteWds",
					     "RemCom_communicaton", "PSEXESVC-PC1-4-stdin" };
	for (unsigned i = 0; i < 5; i++)
		say(j, &(struct talk){ .pipe = pipes[i],
				       .file = i + 1,
				       .turns = 200,
				       .written = 90000,
				       .read = 90000 });
	assert_int_equal(j->count, 0);
}

static void a_pipe_of_many_hosts_is_a_service(void **state)
{
	struct judging *j = *state;
	static const char *const clients[] = { "10.0.0.20", "10.0.0.21", "10.0.0.22", "10.0.0.23" };
	for (unsigned c = 0; c < 4; c++)
		say(j, &(struct talk){ .client = clients[c],
				       .pipe = "licences",
				       .file = c + 1,
				       .turns = 12,
				       .written = 500,
				       .read = 900 });
	for (unsigned c = 0; c < 4; c++)
		say(j, &(struct talk){ .client = clients[c],
				       .pipe = "licences",
				       .file = c + 1,
				       .turns = 100,
				       .written = 5000,
				       .read = 9000 });
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
	assert_true(j->count <= 2);
}

static void one_that_asks_many_hosts_stays_low(void **state)
{
	struct judging *j = *state;
	static const char *const servers[] = { "10.0.0.20", "10.0.0.21", "10.0.0.22", "10.0.0.23" };
	for (uint32_t turns = 10; turns <= 40; turns += 10)
		for (unsigned c = 0; c < 4; c++)
			say(j, &(struct talk){ .server = servers[c],
					       .pipe = "inventory",
					       .file = c + 1,
					       .turns = turns,
					       .written = 50 * turns,
					       .read = 90 * turns });
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_link_is_low_then_medium_then_high, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_pipe_that_is_opened_anew_is_added_up, setup,
						teardown),
		cmocka_unit_test_setup_teardown(what_hardly_speaks_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(services_with_a_protocol_of_their_own_are_silent,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_pipe_of_many_hosts_is_a_service, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_asks_many_hosts_stays_low, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
