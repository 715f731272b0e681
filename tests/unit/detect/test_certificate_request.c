/*
 * Requests for certificates in the way of tools, and those of Windows and of people.
 */
#include "rpc_judging.h"

RPC_SETUP("certificate_request")

static void ask(struct judging *j, const char *interface, uint16_t opnum, uint8_t transport,
		uint8_t level)
{
	struct event_rpc *e = judging_event(j, EVENT_RPC, sizeof(*e), ATTACKER, VICTIM, 6);
	e->act = RPC_CALL;
	e->transport = transport;
	e->opnum = opnum;
	e->auth_type = level ? 10 : 0;
	e->auth_level = level;
	e->is_sealed = level == 6;
	judging_str(j, &e->interface, interface);
	judging_str(j, &e->operation, "CertServerRequest");
	judging_end(j);
	judging_pass(j, 3600 * SECOND_NS);
}

static void post(struct judging *j, const char *uri, uint32_t head_marks)
{
	struct event_http_body *e =
		judging_event(j, EVENT_HTTP_BODY, sizeof(*e), ATTACKER, VICTIM, 6);
	e->head_marks = head_marks;
	judging_str(j, &e->method, "POST");
	judging_str(j, &e->uri, uri);
	judging_end(j);
	judging_pass(j, 3600 * SECOND_NS);
}

static void the_old_interface_is_told(void **state)
{
	struct judging *j = *state;
	ask(j, "ICertPassage", 0, RPC_PIPE, 6);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
	assert_true(rpc_technique(j, "T1649"));
	ask(j, "ICertPassage", 0, RPC_TCP, 2);
	assert_int_equal(rpc_severity(j), SEVERITY_HIGH);
	assert_true(rpc_technique(j, "T1557.001"));
}

static void the_form_without_its_page_is_told(void **state)
{
	struct judging *j = *state;
	post(j, "/certsrv/certfnsh.asp", HTTP_HAS_ACCEPT);
	assert_int_equal(rpc_severity(j), SEVERITY_MEDIUM);
}

static void windows_and_people_are_silent(void **state)
{
	struct judging *j = *state;
	ask(j, "ICertRequestD", 3, RPC_TCP, 6);
	ask(j, "ICertPassage", 1, RPC_TCP, 6);
	post(j, "/certsrv/certfnsh.asp", HTTP_HAS_REFERRER | HTTP_HAS_LANGUAGE);
	post(j, "/certsrv/certrqxt.asp", 0);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RPC_TEST(the_old_interface_is_told),
		RPC_TEST(the_form_without_its_page_is_told),
		RPC_TEST(windows_and_people_are_silent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
