/*
 * control/lists.c - the commands hosts, flows and top.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"

#define LIST_DEFAULT 20

enum order { ORDER_SENT, ORDER_RECEIVED, ORDER_FLOWS, ORDER_LATEST };

static int order_of(struct call *c, enum order *ret)
{
	static const char *const names[] = { "sent", "received", "flows", "latest" };
	*ret = ORDER_SENT;
	if (!*c->request->sort)
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i], c->request->sort) == 0) {
			*ret = (enum order)i;
			return 0;
		}
	}
	return command_fail(c, "bad_argument", "sort is sent, received, flows or latest", "");
}

static uint64_t talker_weight(const struct snap_talker *t, enum order order)
{
	return order == ORDER_SENT     ? t->sent :
	       order == ORDER_RECEIVED ? t->received :
	       order == ORDER_FLOWS    ? t->flows :
					 t->last_ns;
}

static uint64_t flow_weight(const struct snap_flow *f, enum order order)
{
	return order == ORDER_RECEIVED ? f->received : order == ORDER_LATEST ? f->last_ns : f->sent;
}

struct ranked {
	uint64_t weight;
	uint32_t index;
};

static int ranked_cmp(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static bool has_text(const char *text, const char *filter)
{
	return strstr(text, filter) != NULL;
}

static bool talker_matches(const struct snap_talker *t, const char *filter)
{
	char text[IPADDR_TEXT_MAX] = "";
	if (t->has_address)
		(void)ipaddr_print(&t->address, text, sizeof(text));
	return has_text(text, filter) || has_text(t->name, filter);
}

static void put_roles(struct json *out, uint32_t roles)
{
	static const char *const names[] = { "resolver", "proxy", "nat", "server", "gateway" };
	json_open_array(out, "roles");
	for (uint32_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (roles & 1u << i)
			json_string(out, NULL, names[i]);
	json_close_array(out);
}

static void put_talker(struct json *out, const struct snap_talker *t)
{
	json_open_object(out, NULL);
	if (t->has_address)
		json_ip(out, "address", &t->address);
	json_string(out, "name", t->name);
	json_uint(out, "sent", t->sent);
	json_uint(out, "received", t->received);
	json_uint(out, "flows", t->flows);
	put_roles(out, t->roles);
	if (t->last_ns)
		json_time(out, "last", t->last_ns);
	json_close_object(out);
}

static void put_talkers(struct call *c, const char *key, const struct snap_talker *list,
			uint32_t count, enum order order)
{
	struct ranked ranked[SNAP_TALKERS] = { { 0 } };
	uint32_t found = 0, limit = c->request->limit ? c->request->limit : LIST_DEFAULT;
	for (uint32_t i = 0; i < count; i++)
		if (talker_matches(&list[i], c->request->filter))
			ranked[found++] = (struct ranked){ talker_weight(&list[i], order), i };
	qsort(ranked, found, sizeof(ranked[0]), ranked_cmp);
	json_open_array(c->out, key);
	for (uint32_t i = 0; i < found && i < limit; i++)
		put_talker(c->out, &list[ranked[i].index]);
	json_close_array(c->out);
}

int command_hosts(struct call *c)
{
	enum order order;
	int err = order_of(c, &order);
	if (err)
		return err;
	json_uint(c->out, "total", c->lists->host_total);
	put_talkers(c, "hosts", c->lists->hosts, c->lists->host_count, order);
	return 0;
}

int command_top(struct call *c)
{
	const struct snapshot *s = c->snapshot;
	enum order order;
	int err = order_of(c, &order);
	if (err)
		return err;
	json_double(c->out, "packets_per_s", s->packets_per_s);
	json_double(c->out, "bytes_per_s", s->bytes_per_s);
	json_uint(c->out, "flows", c->lists->flow_total);
	json_uint(c->out, "drops", s->drops);
	json_uint(c->out, "alerts", s->emitted);
	put_talkers(c, "hosts", c->lists->hosts, c->lists->host_count, order);
	put_talkers(c, "destinations", c->lists->destinations, c->lists->destination_count, order);
	put_talkers(c, "services", c->lists->services, c->lists->service_count, order);
	return 0;
}

static const char *transport(uint8_t proto, char *dst, size_t size)
{
	switch (proto) {
	case 1:
		return "icmp";
	case 6:
		return "tcp";
	case 17:
		return "udp";
	case 58:
		return "icmpv6";
	case 132:
		return "sctp";
	default:
		(void)snprintf(dst, size, "%u", proto);
		return dst;
	}
}

static bool flow_matches(const struct snap_flow *f, const char *filter)
{
	char text[IPADDR_TEXT_MAX];
	return has_text(ipaddr_print(&f->src, text, sizeof(text)), filter) ||
	       has_text(ipaddr_print(&f->dst, text, sizeof(text)), filter) ||
	       has_text(f->app, filter);
}

static void put_flow(struct json *out, const struct snap_flow *f)
{
	char text[8];
	json_open_object(out, NULL);
	json_ip(out, "source", &f->src);
	json_uint(out, "source_port", f->sport);
	json_ip(out, "destination", &f->dst);
	json_uint(out, "destination_port", f->dport);
	json_string(out, "transport", transport(f->proto, text, sizeof(text)));
	json_string(out, "protocol", f->app);
	json_uint(out, "sent", f->sent);
	json_uint(out, "received", f->received);
	json_time(out, "first", f->first_ns);
	json_time(out, "last", f->last_ns);
	json_close_object(out);
}

int command_flows(struct call *c)
{
	struct ranked ranked[SNAP_FLOWS];
	uint32_t found = 0, limit = c->request->limit ? c->request->limit : LIST_DEFAULT;
	enum order order;
	int err = order_of(c, &order);
	if (err)
		return err;
	if (order == ORDER_FLOWS)
		return command_fail(c, "bad_argument",
				    "flows are sorted by sent, received or latest", "");
	for (uint32_t i = 0; i < c->lists->flow_count; i++)
		if (flow_matches(&c->lists->flows[i], c->request->filter))
			ranked[found++] =
				(struct ranked){ flow_weight(&c->lists->flows[i], order), i };
	qsort(ranked, found, sizeof(ranked[0]), ranked_cmp);
	json_uint(c->out, "total", c->lists->flow_total);
	json_open_array(c->out, "flows");
	for (uint32_t i = 0; i < found && i < limit; i++)
		put_flow(c->out, &c->lists->flows[ranked[i].index]);
	json_close_array(c->out);
	return 0;
}
