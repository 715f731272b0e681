/*
 * inspect/ftp_data.c - FTP's data connections: the files that they carry.
 */
#include "ftp_data.h"

#include <string.h>

#include "exfild/base/sketch.h"
#include "exfild/event/ends.h"
#include "content/magic.h"
#include "content/scan.h"

void ftp_data_announce(struct inspection *in, const struct ftp_announced *place,
		       const uint8_t *name, uint32_t len)
{
	struct ftp_shard *s = in->shard_state;
	struct ftp_announced *a = &s->announced[s->next];
	if (!place->port)
		return;
	s->next = (s->next + 1) % FTP_ANNOUNCED;
	s->count += a->port == 0;
	a->client = in->flow->key.addr[in->flow->client];
	a->server = in->flow->key.addr[!in->flow->client];
	a->port = place->port;
	a->is_passive = place->is_passive;
	a->is_part = place->is_part;
	a->name_len = (uint8_t)(len < FTP_NAME ? len : FTP_NAME);
	if (a->name_len)
		memcpy(a->name, name, a->name_len);
}

static bool is_between(const struct ftp_announced *a, const struct ipaddr *x,
		       const struct ipaddr *y)
{
	return (ipaddr_equal(&a->client, x) && ipaddr_equal(&a->server, y)) ||
	       (ipaddr_equal(&a->client, y) && ipaddr_equal(&a->server, x));
}

bool ftp_data_expects(const void *shard_state, const struct packet *p)
{
	const struct ftp_shard *s = shard_state;
	for (unsigned i = 0; s->count && i < FTP_ANNOUNCED; i++) {
		const struct ftp_announced *a = &s->announced[i];
		if (a->port && (a->port == p->sport || a->port == p->dport) &&
		    is_between(a, &p->src, &p->dst))
			return true;
	}
	return false;
}

bool ftp_data_begin(struct inspection *in, struct ftp_data *d)
{
	struct ftp_shard *s = in->shard_state;
	const struct flow_key *k = &in->flow->key;
	for (unsigned i = 0; s->count && i < FTP_ANNOUNCED; i++) {
		struct ftp_announced *a = &s->announced[i];
		if (!a->port || (a->port != k->port[0] && a->port != k->port[1]) ||
		    !is_between(a, &k->addr[0], &k->addr[1]))
			continue;
		memset(d, 0, sizeof(*d));
		d->is_passive = a->is_passive;
		d->is_part = a->is_part;
		d->name_len = a->name_len;
		memcpy(d->name, a->name, a->name_len);
		a->port = 0;
		s->count--;
		return true;
	}
	return false;
}

static void turn(const struct ftp_data *d, struct event *e)
{
	if (e->app == APP_UNKNOWN)
		e->app = APP_FTP;
	if (!d->is_passive) { /* FTP's server has opened it: src is the client all the same */
		event_swap_ends(e);
		e->from_server = !e->from_server;
	}
}

static void put_names(struct inspection *in, const struct ftp_data *d, struct event_str *carrier,
		      struct event_str *name)
{
	event_log_str(in->log, carrier, "ftp", 3, 3);
	if (d->name_len)
		event_log_str(in->log, name, d->name, d->name_len, d->name_len);
	event_log_commit(in->log);
}

static void put_file(struct inspection *in, struct ftp_data *d, bool is_end)
{
	struct event_file *e = inspect_event(in, EVENT_FILE, sizeof(*e));
	turn(d, &e->e);
	e->type = (uint8_t)file_type_of(d->first, d->kept);
	e->is_end = is_end;
	e->is_complete = is_end;
	e->entropy = d->kept >= MAGIC_NOISE_MIN ? (float)entropy_bytes(d->first, d->kept) : 0;
	e->size = UINT64_MAX;
	e->seen = d->seen;
	put_names(in, d, &e->carrier, &e->name);
}

/* The file is what comes between the connection's begin and its end. */
static void put_sum(struct inspection *in, struct ftp_data *d)
{
	const struct flow *f = in->flow;
	bool is_ended =
		(f->flags & (d->side ? FLOW_FIN_SEEN1 : FLOW_FIN_SEEN0)) && !f->hole[d->side];
	struct event_file_hash *e = filesums_end(in, &d->sum, is_ended);
	if (!e)
		return;
	turn(d, &e->e);
	put_names(in, d, &e->carrier, &e->name);
}

static struct scan_source source_of(const struct ftp_data *d)
{
	return (struct scan_source){ .carrier = "ftp",
				     .app = APP_FTP,
				     .is_reversed = !d->is_passive };
}

void ftp_data_take(struct inspection *in, struct ftp_data *d, const uint8_t *data, uint32_t len)
{
	if (d->seen && in->side != d->side)
		return; /* a file goes one way */
	d->side = (uint8_t)in->side;
	if (!d->seen && !d->is_part &&
	    (in->flow->flags & (in->side ? FLOW_SYN_SEEN1 : FLOW_SYN_SEEN0)))
		filesums_begin(in, &d->sum);
	filesums_take(in, &d->sum, data, len);
	uint32_t room = (uint32_t)FTP_FIRST - d->kept, n = len < room ? len : room;
	bool was_short = d->kept < FTP_FIRST;
	if (n)
		memcpy(d->first + d->kept, data, n);
	d->kept = (uint16_t)(d->kept + n);
	d->seen += len;
	if (was_short && d->kept == FTP_FIRST)
		put_file(in, d, false);
	const struct scan_source source = source_of(d);
	scan_take(in, &source, data, len);
}

void ftp_data_gap(struct inspection *in, struct ftp_data *d, uint32_t missing)
{
	if (!d->seen || in->side != d->side)
		return;
	const struct scan_source source = source_of(d);
	scan_end(in, &source);
	filesums_break(in, &d->sum);
	if (missing != UINT32_MAX)
		d->seen += missing;
}

void ftp_data_end(struct inspection *in, struct ftp_data *d)
{
	if (!d->seen || in->side != d->side)
		return;
	const struct scan_source source = source_of(d);
	scan_end(in, &source);
	put_file(in, d, true);
	put_sum(in, d);
}
