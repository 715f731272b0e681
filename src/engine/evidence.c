/*
 * engine/evidence.c - a second reading finds the packets that the alerts are about.
 *
 * Packets that a detector has named by number go first in worth: they are taken whatever the size
 * limit of their alert says, as long as the file's own limit holds.
 */
#include "evidence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/hash.h"
#include "exfild/base/table.h"
#include "exfild/decode/decode.h"
#include "clock.h"

#define SUBJECTS_MAX 65536
#define CHAIN_END    UINT32_MAX

struct subject { /* what one alert is about */
	char alert_id[ALERT_ID_MAX];
	struct ipaddr a, b;
	bool has_b;
	uint32_t tunnel_key;
	uint8_t proto;
	uint64_t start_ns, end_ns;
	uint64_t packets[FINDING_PACKETS];
	uint8_t packet_count;
	uint64_t bytes;
	uint32_t next; /* of the same host, or CHAIN_END */
};

struct host { /* key: address; the chain of subjects that it has a part in */
	struct ipaddr ip;
	uint32_t first;
};

struct evidence {
	struct subject *subjects;
	uint32_t count, cap;
	struct table hosts;
	uint64_t per_alert, max, written;
};

struct evidence *evidence_new(uint64_t kb_per_alert, uint64_t max_mb)
{
	struct evidence *e = calloc(1, sizeof(*e));
	struct table_config config = { .capacity = SUBJECTS_MAX,
				       .entry_size = sizeof(struct host),
				       .key_size = sizeof(struct ipaddr),
				       .key = hash_key_fixed };
	if (!e || table_init(&e->hosts, &config)) {
		free(e);
		return NULL;
	}
	e->per_alert = kb_per_alert * 1024;
	e->max = max_mb << 20;
	return e;
}

void evidence_free(struct evidence *e)
{
	if (!e)
		return;
	table_deinit(&e->hosts);
	free(e->subjects);
	free(e);
}

static struct subject *find_alert(struct evidence *e, const struct host *h, const char *id)
{
	for (uint32_t i = h->first; i != CHAIN_END; i = e->subjects[i].next)
		if (strcmp(e->subjects[i].alert_id, id) == 0)
			return &e->subjects[i];
	return NULL;
}

static struct subject *add_subject(struct evidence *e, struct host *h)
{
	if (e->count == SUBJECTS_MAX)
		return NULL;
	if (e->count == e->cap) {
		uint32_t cap = e->cap ? e->cap * 2 : 64;
		struct subject *more = realloc(e->subjects, cap * sizeof(*more));
		if (!more)
			return NULL;
		e->subjects = more;
		e->cap = cap;
	}
	struct subject *s = &e->subjects[e->count];
	memset(s, 0, sizeof(*s));
	s->next = h->first;
	h->first = e->count++;
	return s;
}

void evidence_note(struct evidence *e, const struct alert *a)
{
	const struct finding *f = &a->finding;
	bool is_new;
	if (!f->subject.has_ip)
		return;
	struct host *h = table_get(&e->hosts, &f->subject.ip, &is_new);
	if (is_new)
		h->first = CHAIN_END;
	struct subject *s = find_alert(e, h, a->alert_id);
	if (!s && !(s = add_subject(e, h)))
		return;
	memcpy(s->alert_id, a->alert_id, sizeof(s->alert_id));
	s->a = f->subject.ip;
	s->b = f->peer.ip;
	s->has_b = f->peer.has_ip;
	s->tunnel_key = f->tunnel_key;
	s->proto = f->proto;
	s->start_ns = f->start_ns;
	s->end_ns = f->end_ns > f->time_ns ? f->end_ns : f->time_ns;
	s->packet_count = f->packet_count;
	memcpy(s->packets, f->packets, sizeof(s->packets));
}

static bool is_named(const struct subject *s, uint64_t number)
{
	for (unsigned i = 0; i < s->packet_count; i++)
		if (s->packets[i] == number)
			return true;
	return false;
}

static bool concerns(const struct evidence *e, const struct subject *s, const struct packet *p)
{
	if (is_named(s, p->number))
		return true;
	const struct ipaddr *other = ipaddr_equal(&p->src, &s->a) ? &p->dst : &p->src;
	return (!s->has_b || ipaddr_equal(other, &s->b)) && p->tunnel_key == s->tunnel_key &&
	       (!s->proto || p->proto == s->proto) && p->time_ns >= s->start_ns &&
	       p->time_ns <= s->end_ns && s->bytes < e->per_alert;
}

/* Writes the frame once for the first alert of a chain that it concerns. */
static int put_chain(struct evidence *e, const struct ipaddr *ip, const struct packet *p,
		     const struct frame *f, struct capture_writer *w, bool *ret_done)
{
	const struct host *h = table_find(&e->hosts, ip);
	for (uint32_t i = h ? h->first : CHAIN_END; i != CHAIN_END; i = e->subjects[i].next) {
		struct subject *s = &e->subjects[i];
		if (!concerns(e, s, p) || e->written + f->caplen > e->max)
			continue;
		s->bytes += f->caplen;
		e->written += f->caplen;
		*ret_done = true;
		return capture_writer_put(w, f, s->alert_id);
	}
	return 0;
}

static int put_frame(struct evidence *e, const struct packet *p, const struct frame *f,
		     struct capture_writer *w)
{
	bool done = false;
	int err = put_chain(e, &p->src, p, f, w, &done);
	if (!err && !done)
		err = put_chain(e, &p->dst, p, f, w, &done);
	return err;
}

static int second_reading(struct evidence *e, struct capture *in, struct capture_writer *w)
{
	struct decoder *d = decoder_new(&hash_key_fixed);
	struct clock_law law = { 0 };
	struct frame f;
	struct packet p;
	int err = d ? 0 : -EXF_E_NOMEM;
	while (!err && (err = capture_next(in, &f)) == 0) {
		uint64_t leap;
		uint64_t now = clock_stamp(&law, f.input, f.time_ns, &leap);
		enum decode_result got = decode_frame(d, &f, now, &p);
		if (got != DECODE_PACKET && got != DECODE_REASSEMBLED)
			continue;
		err = put_frame(e, &p, &f, w);
		if (got == DECODE_REASSEMBLED)
			block_release(p.block);
	}
	clock_deinit(&law);
	decoder_free(d);
	return err == CAPTURE_END ? 0 : err;
}

int evidence_write(struct evidence *e, const struct capture_options *inputs, const char *path,
		   char *why, size_t why_size)
{
	struct capture_writer *w;
	struct capture *in = NULL;
	int err = capture_writer_open(path, &w);
	if (err) {
		(void)snprintf(why, why_size,
			       "cannot write evidence to %s: is the folder there and writable?",
			       path);
		return err;
	}
	err = capture_open(inputs, &in, why, why_size);
	if (!err)
		err = second_reading(e, in, w);
	capture_close(in);
	int closed = capture_writer_close(w);
	if (err || closed)
		(void)snprintf(why, why_size, "evidence in %s is incomplete: writing failed", path);
	return err ? err : closed;
}
