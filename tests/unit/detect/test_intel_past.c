/*
 * Indicators that arrive after the traffic: who is told, with which days and volume, once; what is
 * forgotten; what comes back from a state.
 */
#include <unistd.h>

#include "judging.h"

struct scene {
	struct judging j;
	struct intel *set;
};

static struct intel *set_of(const char *lines, const struct intel *before)
{
	char path[] = "/tmp/exfild-past-XXXXXX";
	struct intel *set;
	int fd = mkstemp(path);
	assert_true(fd >= 0 && write(fd, lines, strlen(lines)) == (ssize_t)strlen(lines));
	close(fd);
	struct intel_source source = { .name = "lab", .file = path, .confidence = 80 };
	struct intel_options options = { .sources = &source,
					 .source_count = 1,
					 .max_items = 1000,
					 .key = hash_key_fixed,
					 .before = before };
	assert_int_equal(intel_build(&options, &set), 0);
	assert_int_equal(intel_feed(set, 0)->broken, 0);
	(void)unlink(path);
	return set;
}

static int setup(void **state)
{
	struct scene *s = calloc(1, sizeof(*s));
	assert_non_null(s);
	judging_init(&s->j, "intel");
	s->j.env.lookback_days = 14;
	s->set = set_of("198.51.100.250\n", NULL);
	s->j.env.intel = s->set;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;
	judging_deinit(&s->j);
	intel_drop(s->set);
	free(s);
	return 0;
}

/* Other indicators take effect, and all ticks pass that looking back may need. */
static void lists(struct scene *s, const char *lines)
{
	struct intel *set = set_of(lines, NULL);
	intel_drop(s->set);
	s->j.env.intel = s->set = set;
	for (unsigned i = 0; i < 4; i++) {
		judging_pass(&s->j, s->j.detector->tick_ns);
		s->j.detector->on_tick(s->j.state, &s->j.env);
	}
}

static void talk(struct judging *j, const char *src, const char *dst, uint16_t dport, uint64_t up,
		 uint64_t down)
{
	struct event_flow *f = judging_event(j, EVENT_FLOW_END, sizeof(*f), src, dst, 6);
	f->e.dport = dport;
	f->outcome = FLOW_OUTCOME_ESTABLISHED;
	f->fresh[0] = up;
	f->fresh[1] = down;
	judging_end(j);
}

static void hello(struct judging *j, const char *dst, const char *name)
{
	struct event_tls *t = judging_event(j, EVENT_TLS, sizeof(*t), "10.0.0.5", dst, 6);
	t->e.dport = 443;
	judging_str(j, &t->sni, name);
	judging_end(j);
}

static void ask(struct judging *j, const char *name)
{
	struct event_dns *d = judging_event(j, EVENT_DNS, sizeof(*d), "10.0.0.5", "10.0.0.53", 17);
	judging_str(j, &d->name, name);
	judging_end(j);
}

static void days_and_volume_are_told_once(void **state)
{
	struct scene *s = *state;
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 4000000, 9000);
	judging_pass(&s->j, 2 * DAY_NS);
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 1000, 500);
	talk(&s->j, "10.0.0.6", "203.0.113.10", 443, 1000, 500);
	judging_pass(&s->j, DAY_NS);
	assert_int_equal(s->j.count, 0);
	lists(s, "203.0.113.9\n");
	assert_int_equal(s->j.count, 1);
	const struct finding *f = &s->j.found[0];
	assert_string_equal(f->rule, "intel:lab");
	assert_int_equal(f->severity, SEVERITY_HIGH);
	assert_int_equal(f->subject.bytes, 4001000);
	assert_int_equal(f->peer.bytes, 9500);
	assert_int_equal(f->count, 2);
	assert_true(judging_feature(f, "days")->value == 2);
	assert_true(judging_feature(f, "busiest_day_bytes")->value == 4009000);
	assert_non_null(strstr(f->message, "talked to 203.0.113.9 on 2 days from 2023-11-14 to "
					   "2023-11-16, 4 MB out"));
	assert_string_equal(f->filter, "ip.addr == 10.0.0.5 && ip.addr == 203.0.113.9");
	lists(s, "203.0.113.9\n198.51.100.7\n"); /* a later list that still has it */
	assert_int_equal(s->j.count, 1);
}

static void names_used_and_asked_are_looked_at(void **state)
{
	struct scene *s = *state;
	hello(&s->j, "203.0.113.20", "Drop.Evil.example");
	talk(&s->j, "10.0.0.5", "203.0.113.20", 443, 70000, 4000);
	ask(&s->j, "gone.example.");
	ask(&s->j, "good.example");
	lists(s, "*.evil.example\ngone.example\n");
	assert_int_equal(s->j.count, 2);
	const struct finding *used = &s->j.found[0], *asked = &s->j.found[1];
	assert_string_equal(used->domain, "drop.evil.example");
	assert_string_equal(used->object, "evil.example");
	assert_int_equal(used->severity, SEVERITY_HIGH);
	assert_int_equal(used->subject.bytes, 70000);
	assert_non_null(strstr(used->message, "talked to drop.evil.example (evil.example)"));
	assert_int_equal(asked->severity, SEVERITY_LOW);
	assert_false(asked->peer.has_ip);
	assert_non_null(strstr(asked->message, "asked for gone.example on 2023-11-14"));
	assert_string_equal(asked->filter, "ip.addr == 10.0.0.5");
}

/* It began before the indicator was known, and nothing was said when it began. */
static void a_connection_that_is_open_is_told_at_its_next_step(void **state)
{
	struct scene *s = *state;
	lists(s, "203.0.113.9\n");
	struct event_flow *f =
		judging_event(&s->j, EVENT_FLOW_PROGRESS, sizeof(*f), "10.0.0.5", "203.0.113.9", 6);
	f->outcome = FLOW_OUTCOME_ESTABLISHED;
	f->is_interim = 2;
	f->fresh[0] = 900;
	f->earlier[0] = 100;
	judging_end(&s->j);
	assert_int_equal(s->j.count, 1);
	assert_int_equal(s->j.found[0].subject.bytes, 1000);
}

static void what_today_has_told_is_not_told_again(void **state)
{
	struct scene *s = *state;
	lists(s, "203.0.113.9\nbad.example\n");
	ask(&s->j, "bad.example");
	struct event_flow *f =
		judging_event(&s->j, EVENT_FLOW_PROGRESS, sizeof(*f), "10.0.0.5", "203.0.113.9", 6);
	f->outcome = FLOW_OUTCOME_ESTABLISHED;
	f->is_interim = 1;
	judging_end(&s->j);
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 1000, 100);
	unsigned told = s->j.count; /* by the traffic itself */
	lists(s, "203.0.113.9\nbad.example\n198.51.100.7\n");
	assert_int_equal(told, 2);
	assert_int_equal(s->j.count, told);
}

static void ports_and_networks_count(void **state)
{
	struct scene *s = *state;
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 100, 100);
	talk(&s->j, "10.0.0.6", "192.0.2.77", 22, 100, 100);
	lists(s, "203.0.113.9:8443\n192.0.2.0/24\n");
	assert_int_equal(s->j.count, 1);
	assert_non_null(strstr(s->j.found[0].message, "talked to 192.0.2.77 (192.0.2.0/24)"));
	talk(&s->j, "10.0.0.8", "203.0.113.11", 8443, 100, 100);
	lists(s, "203.0.113.11:8443\n");
	assert_int_equal(s->j.count, 2);
}

static void who_came_in_is_told_and_inside_is_not(void **state)
{
	struct scene *s = *state;
	talk(&s->j, "203.0.113.9", "10.0.0.5", 22, 100, 5000);
	talk(&s->j, "10.0.0.5", "10.0.0.9", 445, 100, 5000);
	struct event_flow *f =
		judging_event(&s->j, EVENT_FLOW_END, sizeof(*f), "203.0.113.10", "10.0.0.5", 6);
	f->outcome = FLOW_OUTCOME_REFUSED; /* the noise of scanners */
	judging_end(&s->j);
	lists(s, "203.0.113.9\n203.0.113.10\n10.0.0.9\n");
	assert_int_equal(s->j.count, 1);
	assert_non_null(strstr(s->j.found[0].message, "10.0.0.5 was reached by 203.0.113.9"));
	assert_int_equal(s->j.found[0].subject.bytes, 100);
}

static void the_old_is_forgotten(void **state)
{
	struct scene *s = *state;
	struct detector_counters c;
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 100, 100);
	judging_pass(&s->j, 15 * DAY_NS);
	lists(s, "203.0.113.9\n");
	assert_int_equal(s->j.count, 0);
	s->j.detector->counters(s->j.state, &c);
	assert_int_equal(c.entries, 0);
}

static void nothing_is_kept_where_nobody_will_ask(void **state)
{
	struct scene *s = *state;
	s->j.env.lookback_days = 0;
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 100, 100);
	lists(s, "203.0.113.9\n");
	assert_int_equal(s->j.count, 0);
}

/* A flood of names pushes out what is like it, not what has been talked to on several days. */
static void a_flood_of_names_leaves_what_was_proven(void **state)
{
	struct scene *s = *state;
	char name[64];
	struct detector_counters c;
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 100, 100);
	judging_pass(&s->j, DAY_NS);
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 100, 100);
	for (unsigned i = 0; i < 3 * s->j.env.max_pairs; i++) {
		(void)snprintf(name, sizeof(name), "n%u.flood.example", i);
		ask(&s->j, name);
	}
	s->j.detector->counters(s->j.state, &c);
	assert_true(c.evictions > 0 && c.entries <= s->j.env.max_pairs);
	lists(s, "203.0.113.9\n");
	assert_int_equal(s->j.count, 1);
}

static void a_state_comes_back_and_is_looked_at(void **state)
{
	struct scene *s = *state;
	struct keep_list list = { .count = 0 }, again = { .count = 0 };
	struct judging other;
	struct buf out;
	talk(&s->j, "10.0.0.5", "203.0.113.9", 443, 4000, 100);
	s->j.detector->keep(s->j.state, &list);
	judging_init(&other, "intel");
	other.env.lookback_days = 14;
	other.detector->keep(other.state, &again);
	buf_init(&out, KEEP_ENTRY_MAX);
	for (uint32_t i = 0; i < keep_slots(&list.parts[0]); i++)
		if (keep_save(&list.parts[0], i, &out)) {
			assert_int_equal(keep_load(&again.parts[0], out.data, out.len), 0);
			for (size_t n = 0; n < out.len; n++) /* cut at every length */
				assert_int_not_equal(keep_load(&again.parts[0], out.data, n), 0);
		}
	buf_deinit(&out);
	struct intel *set = set_of("203.0.113.9\n", NULL);
	other.env.intel = set;
	other.detector->on_end(other.state, &other.env);
	assert_int_equal(other.count, 1);
	assert_int_equal(other.found[0].subject.bytes, 4000);
	judging_deinit(&other);
	intel_drop(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(days_and_volume_are_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(names_used_and_asked_are_looked_at, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_connection_that_is_open_is_told_at_its_next_step,
						setup, teardown),
		cmocka_unit_test_setup_teardown(what_today_has_told_is_not_told_again, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ports_and_networks_count, setup, teardown),
		cmocka_unit_test_setup_teardown(who_came_in_is_told_and_inside_is_not, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_old_is_forgotten, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_is_kept_where_nobody_will_ask, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_names_leaves_what_was_proven, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_state_comes_back_and_is_looked_at, setup,
						teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
