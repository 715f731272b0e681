/*
 * detect/rpc_judging.h - calls of DCE-RPC before a detector.
 *
 * What: judging.h with one function a call, and what the tests of these detectors share.
 */
#ifndef EXFILD_TEST_DETECT_RPC_JUDGING_H
#define EXFILD_TEST_DETECT_RPC_JUDGING_H

#include "judging.h"

#define ATTACKER "10.0.0.5"
#define VICTIM   "10.0.0.20"

struct call {
	const char *src, *dst; /* NULL: ATTACKER, VICTIM */
	const char *interface, *operation;
	const char *object, *detail; /* NULL: none */
	uint32_t status, stub_len, answer_len;
	uint8_t auth_type;
	bool is_sealed, is_unanswered, is_fault;
};

static inline void rpc_call(struct judging *j, struct call c)
{
	struct event_rpc *e = judging_event(j, EVENT_RPC, sizeof(*e), c.src ? c.src : ATTACKER,
					    c.dst ? c.dst : VICTIM, 6);
	e->act = c.is_fault ? RPC_FAULT : RPC_CALL;
	e->e.dport = 49670;
	e->status = c.status;
	e->stub_len = c.stub_len;
	e->answer_len = c.answer_len ? c.answer_len : 4;
	e->auth_type = c.auth_type ? c.auth_type : 9;
	e->is_sealed = c.is_sealed;
	e->is_answered = !c.is_unanswered;
	judging_str(j, &e->interface, c.interface);
	judging_str(j, &e->operation, c.operation);
	if (c.object)
		judging_str(j, &e->object, c.object);
	if (c.detail)
		judging_str(j, &e->detail, c.detail);
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

/* A connection from one to the other. */
static inline void rpc_flow(struct judging *j, enum event_kind kind, const char *src,
			    const char *dst, uint16_t dport)
{
	struct event_flow *e = judging_event(j, kind, sizeof(*e), src, dst, 6);
	e->e.dport = dport;
	e->outcome = FLOW_OUTCOME_ESTABLISHED;
	e->payload[0] = e->payload[1] = 100;
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

/* The severity that the last finding has; 0: there was none. */
static inline int rpc_severity(const struct judging *j)
{
	return j->count ? (int)j->found[j->count - 1].severity : 0;
}

static inline bool rpc_technique(const struct judging *j, const char *id)
{
	const struct finding *f = &j->found[j->count - 1];
	for (unsigned i = 0; i < FINDING_TECHNIQUES && f->techniques[i]; i++)
		if (strcmp(f->techniques[i], id) == 0)
			return true;
	return false;
}

static inline int rpc_teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

static inline int rpc_setup(void **state, const char *name)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, name);
	*state = j;
	return 0;
}

#define RPC_SETUP(name)          \
 static int setup(void **state)  \
 {                               \
  return rpc_setup(state, name); \
 }

#define RPC_TEST(f) cmocka_unit_test_setup_teardown(f, setup, rpc_teardown)

#endif
