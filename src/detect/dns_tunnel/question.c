/*
 * detect/dns_tunnel/question.c - see question.h.
 */
#include "question.h"

#include <ctype.h>
#include <string.h>

#include "marks.h"

#define TYPE_A    1
#define TYPE_AAAA 28

/* Addresses are chosen by balancers: only other answers bring data that was meant for the asker. */
static bool carries_data(const struct event_dns *e)
{
	return e->rdata_len && e->first_answer_type != TYPE_A && e->first_answer_type != TYPE_AAAA;
}

bool question_wanted(const struct event_dns *e)
{
	return e->transport == DNS_PLAIN && e->name.len && e->opcode == 0 &&
	       (!e->is_response || carries_data(e));
}

/*
 * A top-level domain is letters, or xn--.  Names without one (dnscat2 without a domain, raw data)
 * belong together by the server that is asked.
 */
static bool has_real_suffix(const char *name, size_t len)
{
	size_t start = len;
	while (start > 0 && name[start - 1] != '.')
		start--;
	size_t n = len - start;
	if (n >= 4 && strncmp(name + start, "xn--", 4) == 0)
		return true;
	if (n == 0 || n > 18)
		return false;
	for (size_t i = start; i < len; i++)
		if (name[i] < 'a' || name[i] > 'z')
			return false;
	return true;
}

/* Where the registered domain begins; q->domain gets its text. */
static size_t split_name(struct question *q, const struct detect_env *env, const struct event *e)
{
	const char *registered = q->lower;
	size_t registered_len = q->len;
	if (!has_real_suffix(q->lower, q->len) && memchr(q->lower, '.', q->len)) {
		char server[IPADDR_TEXT_MAX];
		finding_text(q->domain, DOMAIN_TEXT, "(no domain) at %s",
			     ipaddr_print(&e->dst, server, sizeof(server)));
		return q->len;
	}
	size_t sub =
		context_registered(env->context, q->lower, q->len, &registered, &registered_len);
	size_t n = registered_len < DOMAIN_TEXT - 1 ? registered_len : DOMAIN_TEXT - 1;
	for (size_t i = 0; i < n; i++)
		q->domain[i] = isprint((unsigned char)registered[i]) ? registered[i] : '?';
	q->domain[n] = '\0';
	return sub;
}

void question_read(struct question *q, const struct detect_env *env, const struct event_dns *e)
{
	q->e = e;
	q->seq = e->e.seq;
	q->n = e->e.n;
	q->wire = (const char *)event_str_data(&e->e, &e->name);
	q->len = e->name.len;
	for (size_t i = 0; i < q->len; i++)
		q->lower[i] = (char)tolower((unsigned char)q->wire[i]);
	q->sub = split_name(q, env, &e->e);
	q->key = (struct pair_key){ .client = e->e.src, .tunnel_key = e->e.tunnel_key };
	q->key.domain_hash = hash_bytes(&env->sketch_key, q->domain, strlen(q->domain));
	q->key_hash = hash_words(&env->sketch_key, &q->key, sizeof(q->key) / 8);
	if (e->is_response)
		return;
	q->hash = hash_bytes(&env->sketch_key, q->lower, q->len);
	q->marks = dns_marks(q->wire, q->len, q->sub, e->qtype);
}
