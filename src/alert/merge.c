/*
 * alert/merge.c - see merge.h
 *
 * A detector may report again what it has reported before, grown (a sum of the day), or report
 * something new.  The time spans tell: where the later one starts after what is known has ended,
 * counts and bytes are added; where the spans overlap, the larger is kept, so that nothing counts
 * twice and the alert says at least what was seen.  Packets that a busy gateway read late share one
 * time: a finding that says it stands for itself is counted whatever its span.
 */
#include "merge.h"

#include <math.h>
#include <string.h>

static uint64_t add_capped(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t join(uint64_t a, uint64_t b, bool is_new)
{
	if (is_new)
		return add_capped(a, b);
	return a > b ? a : b;
}

static void set_times(struct finding *f)
{
	if (f->start_ns == 0)
		f->start_ns = f->time_ns;
	if (f->end_ns < f->start_ns)
		f->end_ns = f->start_ns > f->time_ns ? f->start_ns : f->time_ns;
	if (f->count == 0)
		f->count = 1;
}

/* Over how much the sentence stands. */
static void note_words(struct alert *a, const struct finding *f)
{
	a->words_events = f->count;
	a->words_sent = f->subject.bytes;
	a->words_received = f->peer.bytes;
}

void merge_first(struct alert *a, const struct finding *f, enum severity severity)
{
	a->finding = *f;
	a->finding.severity = severity;
	a->count = 1;
	set_times(&a->finding);
	note_words(a, &a->finding);
}

/* Totals that came as an update speak of all that the words were about. */
static void take_words(struct finding *f, const struct finding *late)
{
	memcpy(f->message, late->message, sizeof(f->message));
	memcpy(f->unseen, late->unseen, sizeof(f->unseen));
	memcpy(f->filter, late->filter, sizeof(f->filter));
	memcpy(f->next_steps, late->next_steps, sizeof(f->next_steps));
	f->step_count = late->step_count;
}

static bool has_packet(const struct finding *f, uint64_t number)
{
	for (unsigned i = 0; i < f->packet_count; i++) {
		if (f->packets[i] == number)
			return true;
	}
	return false;
}

static void join_packets(struct finding *f, const struct finding *other)
{
	for (unsigned i = 0; i < other->packet_count && f->packet_count < FINDING_PACKETS; i++) {
		if (!has_packet(f, other->packets[i]))
			f->packets[f->packet_count++] = other->packets[i];
	}
	for (unsigned i = 1; i < f->packet_count; i++) { /* few, and nearly sorted */
		uint64_t number = f->packets[i];
		unsigned at = i;
		for (; at > 0 && f->packets[at - 1] > number; at--)
			f->packets[at] = f->packets[at - 1];
		f->packets[at] = number;
	}
}

static void join_end(struct finding_end *end, const struct finding_end *other, bool is_new)
{
	end->bytes = join(end->bytes, other->bytes, is_new);
	end->packets = join(end->packets, other->packets, is_new);
	if (other->port != end->port)
		end->port = 0; /* many */
	if (!end->has_mac && other->has_mac) {
		memcpy(end->mac, other->mac, sizeof(end->mac));
		end->has_mac = true;
	}
}

static void join_related(struct finding *f, const struct finding *other)
{
	for (unsigned i = 0; i < other->related_count; i++)
		finding_related(f, &other->related[i]);
	if (other->peer.has_ip && !(f->peer.has_ip && ipaddr_equal(&f->peer.ip, &other->peer.ip)))
		finding_related(f, &other->peer.ip);
}

void merge_add(struct alert *a, const struct finding *f, enum severity severity)
{
	struct finding late = *f;
	struct finding *known = &a->finding;

	late.severity = f->is_update ? known->severity : severity;
	late.is_update = false;
	set_times(&late);
	if (late.peer.has_ip && known->peer.has_ip && !ipaddr_equal(&late.peer.ip, &known->peer.ip))
		a->has_several_peers = true;
	bool is_stronger = late.severity > known->severity ||
			   (late.severity == known->severity && !(late.score < known->score));
	/* the same start: the same sum, grown, though what was known had no length */
	bool is_new =
		!f->is_update && late.start_ns >= known->end_ns && late.start_ns > known->start_ns;
	if (f->is_update && !f->counterfactual[0])
		is_stronger = false; /* it brings no proof */
	if (is_stronger || f->is_update)
		note_words(a, &late);
	if (f->is_update && !is_stronger)
		take_words(known, &late);
	if (is_stronger) { /* late gives the words: from here on it is what is joined in */
		struct finding swap = *known;
		*known = late;
		late = swap;
	}
	known->start_ns = known->start_ns < late.start_ns ? known->start_ns : late.start_ns;
	known->end_ns = known->end_ns > late.end_ns ? known->end_ns : late.end_ns;
	known->time_ns = known->time_ns > late.time_ns ? known->time_ns : late.time_ns;
	known->count = join(known->count, late.count, is_new || f->is_single);
	known->llr = fmax(known->llr, late.llr);
	known->confidence = fmax(known->confidence, late.confidence);
	join_end(&known->subject, &late.subject, is_new);
	join_end(&known->peer, &late.peer, is_new);
	join_packets(known, &late);
	join_related(known, &late);
	for (unsigned i = 0; i < FINDING_TECHNIQUES && late.techniques[i]; i++)
		finding_technique(known, late.techniques[i]);
	if (!f->is_update)
		a->count = add_capped(a->count, 1);
}
