/*
 * engine/intake_kinds.c - see intake_kinds.h.
 */
#include "intake_kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "exfild/context/identity.h"
#include "exfild/inbox/order.h"
#include "exfild/responder/request.h"

static bool wants_intel(const struct config *c)
{
	return c->redis.signed_intel;
}

static int take_intel(const struct intake_job *i, const struct redis_text *body, char *why,
		      size_t size)
{
	struct order_intel *m = malloc(sizeof(*m));
	struct intel_change list[2 * ORDER_VALUES];
	size_t count = 0;
	int err = m ? order_parse_intel(body->data, body->len, m, why, size) : -EXF_E_NOMEM;
	if (!err) {
		for (size_t n = 0; n < m->add_count; n++)
			list[count++] = (struct intel_change){ true, m->add[n], m->reason };
		for (size_t n = 0; n < m->remove_count; n++)
			list[count++] = (struct intel_change){ false, m->remove[n], m->reason };
		size_t done = reload_intel_list(i->o->reload, list, count, why, size);
		log_info("messages", "intel: %zu of %zu indicators changed%s%s", done, count,
			 m->reason[0] ? ": " : "", m->reason);
		err = done < count ? -EXF_E_UNSUPPORTED : 0;
	}
	free(m);
	return err;
}

static bool wants_identity(const struct config *c)
{
	return c->redis.signed_identity;
}

/* The analysis takes what waits every tenth of a second; a burst waits for it. */
static bool tell_identity(const struct intake_job *i, const struct identity *id)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000000l };
	for (unsigned tries = 0; tries < 100 && !atomic_load(i->stop); tries++) {
		if (analysis_tell_identity(i->o->analysis, id))
			return true;
		(void)nanosleep(&pause, NULL);
	}
	return false;
}

static int take_identity(const struct intake_job *i, const struct redis_text *body, char *why,
			 size_t size)
{
	struct identity id;
	size_t column;
	char text[140];
	int err = identity_parse_json(body->data, body->len, &id, &column, text, sizeof(text));
	if (err)
		(void)snprintf(why, size, "column %zu: %s", column, text);
	else if (!tell_identity(i, &id))
		err = -EXF_E_LIMIT;
	return err;
}

static bool wants_quarantine(const struct config *c)
{
	return c->redis.signed_quarantine;
}

static void make_request(const struct order_quarantine *q, struct quarantine_request *r)
{
	quarantine_prepare(r, q->is_release ? QUARANTINE_RELEASE : QUARANTINE_ADD);
	for (unsigned kind = 0; kind < QUARANTINE_KIND__COUNT; kind++)
		if (strcmp(q->kind, quarantine_kind_name(kind)) == 0)
			r->kind = (uint8_t)kind;
	r->host = q->host;
	r->peer = q->peer;
	r->ttl_s = q->ttl_s;
	r->flags = q->is_shared ? QUARANTINE_SHARED_RIGHT : 0;
	(void)str_copy(r->rule, sizeof(r->rule), "message:quarantine");
	(void)str_copy(r->reason, sizeof(r->reason), q->reason);
}

/* As the user that exfild runs as: with its caps, and no more right than a policy's request. */
static int take_quarantine(const struct intake_job *i, const struct redis_text *body, char *why,
			   size_t size)
{
	struct order_quarantine q;
	struct quarantine_request r;
	struct quarantine_answer a;
	int err = order_parse_quarantine(body->data, body->len, &q, why, size);
	if (err)
		return err;
	if (strcmp(i->o->config->quarantine.mode, "off") == 0) {
		(void)snprintf(why, size, "quarantine.mode is off");
		return -EXF_E_UNSUPPORTED;
	}
	make_request(&q, &r);
	int fd = quarantine_connect(i->o->config->quarantine.socket);
	err = fd < 0 ? -EXF_E_IO : quarantine_call(fd, &r, &a);
	if (fd >= 0)
		(void)close(fd);
	if (err) {
		(void)snprintf(why, size, "exfild-responder cannot be asked: nobody is cut off");
		return -EXF_E_IO;
	}
	if (a.status == QUARANTINE_OK)
		return 0;
	a.text[sizeof(a.text) - 1] = '\0';
	(void)snprintf(why, size, "%s%s%s", quarantine_status_name(a.status), a.text[0] ? ": " : "",
		       a.text);
	return -EXF_E_UNSUPPORTED;
}

const struct intake_kind intake_kinds[] = {
	{ "quarantine:requests", wants_quarantine, take_quarantine },
	{ "intel", wants_intel, take_intel },
	{ "identity", wants_identity, take_identity },
	{ .name = NULL },
};
_Static_assert(sizeof(intake_kinds) / sizeof(intake_kinds[0]) - 1 <= REDIS_STREAMS,
	       "each kind has its place");
