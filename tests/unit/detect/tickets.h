/*
 * detect/tickets.h - Kerberos events for the detectors' tests.
 */
#ifndef EXFILD_TEST_DETECT_TICKETS_H
#define EXFILD_TEST_DETECT_TICKETS_H

#include "judging.h"

struct ticket {
	const char *client, *cname, *sname, *realm; /* defaults: 10.0.0.5, alice, krbtgt/X, X */
	uint8_t message, request;
	uint32_t error, options;
	const int *etypes;               /* 0 ends; NULL: Windows' list */
	int preauth, tgt, ticket, reply; /* 0: none */
	int sname_type, cname_type;      /* 0: ordinary */
	uint8_t pac;
};

static const int rc4_only[] = { 23, 0 };
static const int rc4_first[] = { 23, 16, 3, 18, 0 };
static const int windows_list[] = { 18, 17, 23, 24, -135, 0 };

static inline int16_t etype_or_none(int etype)
{
	return etype ? (int16_t)etype : KERBEROS_NO_ETYPE;
}

static inline void ticket(struct judging *j, const struct ticket *t)
{
	const int *list = t->etypes ? t->etypes : windows_list;
	struct event_kerberos *e = judging_event(j, EVENT_KERBEROS, sizeof(*e),
						 t->client ? t->client : "10.0.0.5", "10.0.0.2", 6);
	e->e.dport = 88;
	e->message = t->message;
	e->request = t->request;
	e->error = t->error;
	e->options = t->options ? t->options : 0x40810010;
	e->pac = t->pac;
	e->cname_type = (int16_t)(t->cname_type ? t->cname_type : 1);
	e->sname_type = (int16_t)(t->sname_type ? t->sname_type : 2);
	e->preauth_etype = etype_or_none(t->preauth);
	e->has_preauth = t->preauth != 0;
	e->tgt_etype = etype_or_none(t->tgt);
	e->ticket_etype = etype_or_none(t->ticket);
	e->reply_etype = etype_or_none(t->reply);
	for (unsigned i = 0; i < KERBEROS_ETYPES; i++)
		e->etypes[i] = KERBEROS_NO_ETYPE;
	for (; list[e->etype_count]; e->etype_count++)
		e->etypes[e->etype_count] = (int16_t)list[e->etype_count];
	judging_str(j, &e->cname, t->cname ? t->cname : "alice");
	judging_str(j, &e->realm, t->realm ? t->realm : "EXAMPLE.ORG");
	judging_str(j, &e->sname, t->sname ? t->sname : "krbtgt/EXAMPLE.ORG");
	judging_end(j);
	judging_pass(j, SECOND_NS);
}

/* A request of a ticket-granting ticket and its answer, with a proof. */
static inline void log_in(struct judging *j, const char *client, const int *etypes)
{
	int first = etypes ? etypes[0] : 18;
	ticket(j, &(struct ticket){ .client = client,
				    .message = 10,
				    .request = 10,
				    .etypes = etypes });
	ticket(j, &(struct ticket){ .client = client,
				    .message = 30,
				    .request = 10,
				    .error = 25,
				    .etypes = etypes });
	ticket(j, &(struct ticket){ .client = client,
				    .message = 11,
				    .request = 10,
				    .etypes = etypes,
				    .preauth = first,
				    .ticket = 18,
				    .reply = first });
}

#define DETECTOR_TEST(name_)              \
 static int setup(void **state)           \
 {                                        \
  struct judging *j = malloc(sizeof(*j)); \
  judging_init(j, name_);                 \
  *state = j;                             \
  return 0;                               \
 }                                        \
 static int teardown(void **state)        \
 {                                        \
  judging_deinit(*state);                 \
  free(*state);                           \
  return 0;                               \
 }                                        \
 struct judging_needs_a_semicolon
#define CASE(test_) cmocka_unit_test_setup_teardown(test_, setup, teardown)

#endif
