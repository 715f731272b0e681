/*
 * Which interfaces are watched.  Each has a place, which it keeps while it is gone: the reader's
 * counters go by it.
 */
#include "exfild/capture/follow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "network.h"
#include "pick.h"

#define RETRY_NS 1000000000ull /* between two tries to open an interface */

struct place {
	char name[SOCKETS_NAME];
	unsigned index; /* of the interface while it is open */
	bool is_open;
	bool is_said; /* that it cannot be opened */
	uint64_t opened;
};

struct follow {
	struct follow_options options;
	struct live_interface named[LIVE_INTERFACES];
	char names[LIVE_INTERFACES][SOCKETS_NAME];
	char *filter;
	struct split_key split;
	struct network *network;
	struct pick pick;
	uint64_t generation;
	struct place places[LIVE_INTERFACES];
	size_t place_count;
	uint64_t retry_ns; /* monotonic */
	bool is_wanted;    /* somebody reads */
};

static uint64_t monotonic_ns(void)
{
	struct timespec t = { 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

static struct place *place_of(struct follow *f, const char *name)
{
	for (size_t i = 0; i < f->place_count; i++)
		if (strcmp(f->places[i].name, name) == 0)
			return &f->places[i];
	if (f->place_count == LIVE_INTERFACES)
		return NULL;
	struct place *p = &f->places[f->place_count];
	str_copy(p->name, sizeof(p->name), name);
	f->place_count++;
	return p;
}

static void close_place(struct follow *f, struct place *p, const char *why)
{
	if (!p->is_open)
		return;
	f->options.closed(f->options.arg, (size_t)(p - f->places));
	p->is_open = false;
	log_warnx("capture", "%s: closed: %s", p->name, why);
}

static int open_place(struct follow *f, struct place *p, const char *extra_filter, char *why,
		      size_t size)
{
	struct sockets s;
	size_t shares = (f->pick.count ? f->pick.count : 1) * f->options.workers;
	struct sockets_options o = {
		.name = p->name,
		.workers = f->options.workers,
		.ring_bytes = f->options.buffer_bytes / shares,
		.filter = f->filter,
		.extra_filter = extra_filter,
		.split = f->split,
	};
	int err = sockets_open(&o, &s, why, size);
	if (err)
		return err;
	unsigned index = s.index;
	if (!f->options.opened(f->options.arg, (size_t)(p - f->places), p->name, &s)) {
		(void)snprintf(why, size, "%s: nobody takes its packets now", p->name);
		return -EXF_E_IO;
	}
	p->is_open = true;
	p->index = index;
	p->opened++;
	log_info("capture", "%s: listening%s", p->name, p->opened > 1 ? " again" : "");
	return 0;
}

/* Closes what is gone or was made anew. */
static void check_place(struct follow *f, struct place *p)
{
	unsigned index = p->is_open ? network_index(f->network, p->name) : 0;
	if (!p->is_open || index == p->index)
		return;
	close_place(f, p,
		    index ? "it was made anew" : "it is gone; it is opened again when it returns");
	p->is_said = true; /* that it is gone has been said */
}

/* Opens what is to be watched and is there; closes what is not any more. */
static void look_after(struct follow *f)
{
	char why[512];
	for (size_t i = 0; i < f->place_count; i++)
		if (!pick_find(&f->pick, f->places[i].name))
			close_place(f, &f->places[i], "it is not to be watched any more");
	for (size_t i = 0; i < f->pick.count; i++) {
		const struct picked *picked = &f->pick.list[i];
		struct place *p = place_of(f, picked->name);
		if (!p)
			continue;
		check_place(f, p);
		if (p->is_open)
			continue;
		int err = open_place(f, p, picked->filter, why, sizeof(why));
		if (err && !p->is_said)
			log_warnx("capture", "%s", why);
		p->is_said = err != 0;
	}
}

static void pick(struct follow *f)
{
	pick_make(&f->pick, network_state(f->network), f->named, f->options.interface_count);
	f->generation++;
}

void follow_turn(struct follow *f)
{
	uint64_t now_ns = monotonic_ns();
	bool changed = network_read(f->network);
	if (changed)
		pick(f);
	if (f->is_wanted && (changed || now_ns >= f->retry_ns))
		look_after(f);
	if (now_ns >= f->retry_ns)
		f->retry_ns = now_ns + RETRY_NS;
}

void follow_forget(struct follow *f)
{
	for (size_t i = 0; i < f->place_count; i++)
		f->places[i].is_open = false;
	f->is_wanted = false;
}

int follow_open(struct follow *f, const struct split_key *split, bool must, char *ret_why,
		size_t why_size)
{
	follow_forget(f);
	f->is_wanted = true;
	f->split = *split;
	f->retry_ns = monotonic_ns() + RETRY_NS;
	if (!must) {
		look_after(f);
		return 0;
	}
	if (f->pick.count == 0) {
		(void)snprintf(ret_why, why_size,
			       "no interface to watch: none is up; name one with -i, for example "
			       "-i eth1");
		return -EXF_E_INVALID;
	}
	for (size_t i = 0; i < f->pick.count; i++) {
		struct place *p = place_of(f, f->pick.list[i].name);
		int err = p ? open_place(f, p, f->pick.list[i].filter, ret_why, why_size) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* --- life -------------------------------------------------------------------------------- */

static int copy_options(struct follow *f, const struct follow_options *o, char *why, size_t size)
{
	f->options = *o;
	f->options.workers = o->workers < 1            ? 1 :
			     o->workers > LIVE_WORKERS ? LIVE_WORKERS :
							 o->workers;
	if (o->interface_count > LIVE_INTERFACES) {
		(void)snprintf(why, size, "at most %d interfaces can be watched", LIVE_INTERFACES);
		return -EXF_E_LIMIT;
	}
	for (size_t i = 0; i < o->interface_count; i++) {
		if (strlen(o->interfaces[i].name) >= SOCKETS_NAME) {
			(void)snprintf(why, size,
				       "%s is no name of an interface: at most %d characters",
				       o->interfaces[i].name, SOCKETS_NAME - 1);
			return -EXF_E_INVALID;
		}
		str_copy(f->names[i], SOCKETS_NAME, o->interfaces[i].name);
		f->named[i] = (struct live_interface){ f->names[i], o->interfaces[i].side };
	}
	f->filter = o->filter && *o->filter ? strdup(o->filter) : NULL;
	return o->filter && *o->filter && !f->filter ? -EXF_E_NOMEM : 0;
}

int follow_new(const struct follow_options *o, struct follow **ret, char *ret_why, size_t why_size)
{
	struct follow *f = calloc(1, sizeof(*f));
	if (!f)
		return -EXF_E_NOMEM;
	int err = copy_options(f, o, ret_why, why_size);
	if (!err)
		err = network_open(&f->network, ret_why, why_size);
	if (err) {
		follow_free(f);
		return err;
	}
	pick(f);
	*ret = f;
	return 0;
}

void follow_free(struct follow *f)
{
	if (!f)
		return;
	pick_deinit(&f->pick);
	network_close(f->network);
	free(f->filter);
	free(f);
}

/* --- what is told ------------------------------------------------------------------------ */

int follow_fd(const struct follow *f)
{
	return network_fd(f->network);
}

uint64_t follow_generation(const struct follow *f)
{
	return f->generation;
}

const struct prefix *follow_inside(const struct follow *f, size_t *ret_count)
{
	*ret_count = f->pick.inside_count;
	return f->pick.inside;
}

size_t follow_own(const struct follow *f, struct ipaddr *ret, size_t most)
{
	const struct network_state *s = network_state(f->network);
	size_t count = s->address_count < most ? s->address_count : most;
	for (size_t i = 0; i < count; i++)
		ret[i] = s->addresses[i].address;
	return count;
}
