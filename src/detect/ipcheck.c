/*
 * detect/ipcheck.c - who has asked lately for its own address as the outside sees it.
 */
#include "ipcheck.h"

#include "text.h"

#define LATELY_NS (600ull * 1000000000ull)

struct asker {
	struct ipaddr client;
	uint64_t asked_ns; /* steady */
};

int ipcheck_init(struct ipcheck *c, const struct detect_env *env)
{
	struct table_config config = { .capacity = env->max_hosts / 4 ? env->max_hosts / 4 : 1,
				       .entry_size = sizeof(struct asker),
				       .key_size = sizeof(struct ipaddr),
				       .key = env->key };
	return table_init(&c->clients, &config);
}

void ipcheck_deinit(struct ipcheck *c)
{
	table_deinit(&c->clients);
}

static const struct event_str *name_of(const struct event *e)
{
	if (e->kind == EVENT_DNS) {
		const struct event_dns *d = (const struct event_dns *)e;
		return d->is_response ? NULL : &d->name;
	}
	if (e->kind == EVENT_TLS) {
		const struct event_tls *t = (const struct event_tls *)e;
		return t->is_server ? NULL : &t->sni;
	}
	if (e->kind == EVENT_HTTP) {
		const struct event_http *h = (const struct event_http *)e;
		return h->is_response ? NULL : &h->host;
	}
	return NULL;
}

void ipcheck_event(struct ipcheck *c, const struct detect_env *env, const struct event *e)
{
	const struct event_str *name = name_of(e);
	bool is_new;
	if (!name || !name->len)
		return;
	const struct service *s = context_service_by_name(
		env->context, (const char *)event_str_data(e, name), text_host_len(e, name));
	if (!s || s->class != SERVICE_IP_CHECK)
		return;
	struct asker *a = table_get(&c->clients, &e->src, &is_new);
	if (a)
		a->asked_ns = env->steady_ns;
}

bool ipcheck_asked(const struct ipcheck *c, const struct detect_env *env,
		   const struct ipaddr *client)
{
	const struct asker *a = table_find(&c->clients, client);
	return a && env->steady_ns - a->asked_ns <= LATELY_NS;
}

size_t ipcheck_worst_case(const struct ipcheck *c)
{
	return table_worst_case(c->clients.stats.capacity, sizeof(struct asker));
}
