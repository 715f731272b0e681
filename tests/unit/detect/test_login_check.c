/*
 * unit/detect/test_login_check.c - passwords that are found right, and then not used.
 */
#include "judging.h"

static struct judging j;

static int set_up(void **state)
{
	(void)state;
	judging_init(&j, "login_check");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	judging_deinit(&j);
	return 0;
}

struct attempt {
	const char *service, *target;
	enum login_outcome outcome;
	enum login_method method;
	uint64_t more; /* bytes of the client after the outcome */
	unsigned seconds;
	uint8_t flags; /* of the client's segments; 0: FIN */
};

static void log_in(struct attempt a)
{
	static uint64_t flow = 100;
	const char *to = a.target ? a.target : "10.0.0.9";
	struct event_login *l = judging_event(&j, EVENT_LOGIN, sizeof(*l), "10.0.0.5", to, 6);
	uint64_t begin_ns = j.env.now_ns;
	l->e.flow = ++flow;
	l->outcome = (uint8_t)a.outcome;
	l->method = (uint8_t)a.method;
	l->said = 1000;
	judging_str(&j, &l->service, a.service);
	judging_end(&j);
	judging_pass(&j, a.seconds * SECOND_NS + SECOND_NS / 10);
	struct event_flow *e = judging_event(&j, EVENT_FLOW_END, sizeof(*e), "10.0.0.5", to, 6);
	e->e.flow = flow;
	e->first_ns = begin_ns;
	e->last_ns = j.env.now_ns;
	e->payload[0] = 1000 + a.more;
	e->tcp_flags[0] = a.flags ? a.flags : 0x1b;
	e->tcp_flags[1] = 0x1b;
	judging_end(&j);
}

static void let_in_and_gone(void **state)
{
	static const char *const services[] = { "ssh", "ftp", "telnet" };
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		log_in((struct attempt){ .service = services[i],
					 .outcome = LOGIN_SUCCESS,
					 .method = LOGIN_PASSWORD });
		assert_int_equal(j.count, i + 1);
		assert_int_equal(j.found[i].severity, SEVERITY_MEDIUM);
		assert_string_equal(j.found[i].techniques[0], "T1110.001");
	}
	/* the same pair on the same day is told once */
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS });
	assert_int_equal(j.count, 3);
}

static void a_source_that_works_there_is_context(void **state)
{
	(void)state;
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS, .more = 500 });
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS });
	assert_int_equal(j.count, 1);
	assert_int_equal(j.found[0].severity, SEVERITY_LOW);
}

static void use_is_silent(void **state)
{
	(void)state;
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS, .more = 1 });
	log_in((struct attempt){ .service = "ftp",
				 .outcome = LOGIN_SUCCESS,
				 .more = 6 }); /* QUIT */
	log_in((struct attempt){ .service = "telnet", .outcome = LOGIN_SUCCESS, .seconds = 6 });
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS, .seconds = 600 });
	assert_int_equal(j.count, 0);
}

static void what_is_no_check_is_silent(void **state)
{
	(void)state;
	log_in((struct attempt){ .service = "ftp", .outcome = LOGIN_FAILURE });
	log_in((struct attempt){ .service = "ftp",
				 .outcome = LOGIN_SUCCESS,
				 .method = LOGIN_NONE });
	log_in((struct attempt){ .service = "imap", .outcome = LOGIN_SUCCESS });
	log_in((struct attempt){ .service = "ldap", .outcome = LOGIN_SUCCESS });
	log_in((struct attempt){ .service = "http-form", .outcome = LOGIN_SUCCESS });
	/* the capture ends, or the server closes */
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS, .flags = 0x1a });
	assert_int_equal(j.count, 0);
	j.env.one_sided = true;
	log_in((struct attempt){ .service = "ssh", .outcome = LOGIN_SUCCESS });
	assert_int_equal(j.count, 0);
}

/* A monitor that tries its password every day. */
static void a_habit_becomes_silent(void **state)
{
	(void)state;
	for (unsigned day = 0; day < 10; day++) {
		for (unsigned i = 0; i < 4; i++)
			log_in((struct attempt){ .service = "ftp", .outcome = LOGIN_SUCCESS });
		judging_pass(&j, DAY_NS);
	}
	assert_int_equal(j.count, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(let_in_and_gone),        T(a_source_that_works_there_is_context),
		T(use_is_silent),          T(what_is_no_check_is_silent),
		T(a_habit_becomes_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
