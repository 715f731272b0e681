/*
 * responder/desk.c - see desk.h.
 */
#include "desk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "book.h"
#include "kernel.h"
#include "machine.h"
#include "saved.h"

struct desk {
	enum quarantine_mode wanted, mode; /* of the configuration; in effect */
	const char *folder;
	struct book book;
	struct never never;
	struct kernel *kernel; /* ENFORCE only */
	bool is_off, forwards;
	uint64_t tick;
	uint32_t refusals; /* in this minute */
	uint64_t minute_s;
};

static void print_target(const struct quarantine_entry *e, char *dst, size_t size)
{
	char host[IPADDR_TEXT_MAX], peer[IPADDR_TEXT_MAX];
	(void)ipaddr_print(&e->host, host, sizeof(host));
	if (e->kind == QUARANTINE_PAIR)
		(void)snprintf(dst, size, "%s and %s", host,
			       ipaddr_print(&e->peer, peer, sizeof(peer)));
	else
		(void)snprintf(dst, size, "%s %s", quarantine_kind_name(e->kind), host);
}

/* An act in the ring and, for people, in the log. */
static void act(struct desk *d, enum quarantine_act_kind kind, enum quarantine_status status,
		uint32_t uid, uint64_t now_s, const struct quarantine_entry *e, const char *text)
{
	char target[2 * IPADDR_TEXT_MAX + 16] = "all";
	if (kind == QUARANTINE_ACT_REFUSED) {
		if (now_s >= d->minute_s + 60 || now_s < d->minute_s) {
			d->minute_s = now_s;
			d->refusals = 0;
		}
		if (++d->refusals > DESK_REFUSALS)
			return;
	}
	struct quarantine_act *a = book_act(&d->book, kind, status, uid, now_s, e);
	a->mode = (uint8_t)d->mode;
	if (e)
		print_target(e, target, sizeof(target));
	log_info("responder", "%s %s: %s by user %u%s%s%s%s",
		 d->mode == QUARANTINE_MODE_ENFORCE ? "quarantine" : quarantine_mode_name(d->mode),
		 quarantine_act_name(kind), target, uid, e && e->rule[0] ? ", rule " : "",
		 e ? e->rule : "", *text ? ": " : "", text);
}

static void read_never(struct desk *d)
{
	never_refresh(&d->never, "");
	if (d->kernel)
		kernel_asked(d->kernel, &d->never);
}

/* ENFORCE where it can be; else dry, and why. */
static void begin(struct desk *d, uint64_t now_s)
{
	char why[256] = "";
	d->mode = d->wanted;
	d->forwards = machine_forwards("");
	if (d->mode != QUARANTINE_MODE_ENFORCE || d->is_off) {
		kernel_sweep();
		return;
	}
	if (!d->forwards) {
		log_errorx("responder",
			   "quarantine.mode is enforce, but this machine forwards no "
			   "packets (net.ipv4.ip_forward is 0 and there is no bridge): it "
			   "stays a dry run");
		kernel_sweep();
		d->mode = QUARANTINE_MODE_DRY_RUN;
		return;
	}
	int rc = d->kernel ? 0 : kernel_open(d->book.limits.max, &d->kernel, why, sizeof(why));
	if (!rc)
		read_never(d);
	if (rc || kernel_rebuild(d->kernel, &d->book, &d->never, now_s, why, sizeof(why))) {
		log_errorx("responder",
			   "nftables refuses, so nothing can be cut off and it stays a dry run: %s",
			   why);
		d->mode = QUARANTINE_MODE_DRY_RUN;
	}
	for (size_t i = 0; i < d->book.count; i++)
		d->book.entries[i].is_enforced = d->mode == QUARANTINE_MODE_ENFORCE;
}

int desk_open(struct desk_options *o, struct desk **ret, char *ret_why, size_t why_size)
{
	struct desk *d = calloc(1, sizeof(*d));
	if (!d || book_init(&d->book, &o->limits)) {
		(void)snprintf(ret_why, why_size, "out of memory");
		free(d);
		return -EXF_E_NOMEM;
	}
	d->folder = o->folder;
	d->wanted = o->mode;
	d->never = o->never;
	o->never = (struct never){ .entries = NULL };
	never_refresh(&d->never, "");
	d->is_off = saved_is_off(d->folder);
	if (!d->is_off && d->wanted != QUARANTINE_MODE_OFF)
		saved_read(d->folder, &d->book, &d->never, o->now_s);
	begin(d, o->now_s);
	log_info("responder",
		 "mode %s%s, %zu decisions in effect, %zu addresses and prefixes are never "
		 "cut off",
		 quarantine_mode_name(d->mode), d->is_off ? ", but all is off (break-glass)" : "",
		 d->book.count, d->never.count);
	*ret = d;
	return 0;
}

void desk_close(struct desk *d)
{
	if (!d)
		return;
	kernel_close(d->kernel);
	never_deinit(&d->never);
	book_deinit(&d->book);
	free(d);
}

enum quarantine_mode desk_mode(const struct desk *d)
{
	return d->is_off ? QUARANTINE_MODE_OFF : d->mode;
}

static void add(struct desk *d, const struct quarantine_request *r, const struct desk_asker *by,
		uint64_t now_s, struct quarantine_answer *ret)
{
	struct book_asker asker = { .uid = by->uid, .is_admin = by->is_admin };
	struct quarantine_entry *e = &ret->act.entry;
	uint64_t before = d->book.last_number;
	if (desk_mode(d) == QUARANTINE_MODE_OFF) {
		ret->status = QUARANTINE_IS_OFF;
		(void)snprintf(ret->text, sizeof(ret->text), "quarantine is off: %s",
			       d->is_off ? "exfilctl quarantine on ends the break-glass" :
					   "quarantine.mode");
	} else {
		read_never(d);
		ret->status = (uint8_t)book_add(&d->book, &d->never, r, &asker, now_s, e, ret->text,
						sizeof(ret->text));
	}
	bool is_new = d->book.last_number != before;
	if (ret->status == QUARANTINE_OK && d->mode == QUARANTINE_MODE_ENFORCE) {
		struct quarantine_entry *kept = book_find(&d->book, e->number);
		if (kernel_add(d->kernel, &d->book, kept, &d->never, now_s, ret->text,
			       sizeof(ret->text))) {
			ret->status = QUARANTINE_FAILED;
			if (is_new)
				(void)book_release(&d->book, r,
						   &(struct book_asker){ .is_admin = true }, e);
		} else {
			kept->is_enforced = 1;
			*e = *kept;
		}
	}
	if (ret->status != QUARANTINE_OK) {
		struct quarantine_entry asked = { .host = r->host,
						  .peer = r->peer,
						  .kind = r->kind };
		(void)str_copy(asked.rule, sizeof(asked.rule), r->rule);
		(void)str_copy(asked.alert, sizeof(asked.alert), r->alert);
		d->book.refused++;
		act(d, QUARANTINE_ACT_REFUSED, ret->status, by->uid, now_s, &asked, ret->text);
		return;
	}
	(void)saved_write(d->folder, &d->book);
	act(d, is_new ? QUARANTINE_ACT_ADDED : QUARANTINE_ACT_EXTENDED, QUARANTINE_OK, by->uid,
	    now_s, e, e->reason);
}

static void release(struct desk *d, const struct quarantine_request *r, const struct desk_asker *by,
		    uint64_t now_s, struct quarantine_answer *ret)
{
	struct book_asker asker = { .uid = by->uid, .is_admin = by->is_admin };
	struct quarantine_entry *e = &ret->act.entry;
	ret->status = (uint8_t)book_release(&d->book, r, &asker, e);
	if (ret->status != QUARANTINE_OK) {
		(void)snprintf(ret->text, sizeof(ret->text), "%s",
			       ret->status == QUARANTINE_UNKNOWN ?
				       "nothing of that kind is cut off there" :
				       "an administrator cut it off, and has to release it");
		return;
	}
	if (d->kernel)
		kernel_release(d->kernel, &d->book, &d->never, now_s);
	(void)saved_write(d->folder, &d->book);
	act(d, QUARANTINE_ACT_RELEASED, QUARANTINE_OK, by->uid, now_s, e, r->reason);
}

/*
 * The address is another machine's: what was decided about the one before ends.  The daemon is not
 * believed where an administrator has decided.
 */
static void moved(struct desk *d, const struct quarantine_request *r, const struct desk_asker *by,
		  uint64_t now_s, struct quarantine_answer *ret)
{
	struct book_asker asker = { .uid = by->uid, .is_admin = by->is_admin };
	struct quarantine_entry *e = &ret->act.entry;
	bool has_changed = false;
	while (book_move(&d->book, &r->host, &asker, e)) {
		act(d, QUARANTINE_ACT_RELEASED, QUARANTINE_OK, by->uid, now_s, e, r->reason);
		has_changed = true;
	}
	if (has_changed && d->kernel)
		kernel_release(d->kernel, &d->book, &d->never, now_s);
	if (has_changed)
		(void)saved_write(d->folder, &d->book);
}

static void all_off(struct desk *d, uint32_t uid, uint64_t now_s)
{
	d->is_off = true;
	book_clear(&d->book);
	if (d->kernel)
		kernel_remove(d->kernel);
	(void)saved_write(d->folder, &d->book);
	act(d, QUARANTINE_ACT_OFF, QUARANTINE_OK, uid, now_s, NULL, "nothing is cut off any more");
}

static void all_on(struct desk *d, uint32_t uid, uint64_t now_s)
{
	d->is_off = false;
	d->book.restored = 0;
	begin(d, now_s);
	act(d, QUARANTINE_ACT_ON, QUARANTINE_OK, uid, now_s, NULL, quarantine_mode_name(d->mode));
}

/* The break-glass, on disk first: it holds over a restart that follows at once. */
static void turn(struct desk *d, bool is_off, const struct desk_asker *by, uint64_t now_s,
		 struct quarantine_answer *ret)
{
	if (!saved_set_off(d->folder, is_off)) {
		ret->status = QUARANTINE_FAILED;
		(void)snprintf(ret->text, sizeof(ret->text), "%s/%s: %s", d->folder, SAVED_OFF,
			       strerror(errno));
		if (!is_off)
			return;
	}
	/* off works although the disk does not, until the next start */
	if (is_off)
		all_off(d, by->uid, now_s);
	else
		all_on(d, by->uid, now_s);
}

static void list(const struct desk *d, uint64_t index, struct quarantine_answer *ret)
{
	const struct quarantine_entry *e =
		index < SIZE_MAX ? book_at(&d->book, (size_t)index) : NULL;
	ret->status = e ? QUARANTINE_OK : QUARANTINE_NO_MORE;
	if (e)
		ret->act.entry = *e;
}

static void acts(const struct desk *d, uint64_t index, struct quarantine_answer *ret)
{
	const struct quarantine_act *a = book_act_from(&d->book, index);
	ret->status = a ? QUARANTINE_OK : QUARANTINE_NO_MORE;
	if (a)
		ret->act = *a;
}

static bool may(const struct desk_asker *by, unsigned op)
{
	switch (op) {
	case QUARANTINE_LIST:
	case QUARANTINE_ACTS:
	case QUARANTINE_STATUS:
		return by->may_read || by->is_daemon || by->is_admin;
	case QUARANTINE_OFF:
	case QUARANTINE_ON:
		return by->is_admin;
	default:
		return by->is_daemon || by->is_admin;
	}
}

static void protect(struct desk *d, const struct quarantine_request *r,
		    struct quarantine_answer *ret)
{
	if (never_protect(&d->never, &r->host, r->reason))
		return;
	ret->status = QUARANTINE_FULL;
	(void)snprintf(ret->text, sizeof(ret->text), "%d roles are known already", NEVER_LEARNT);
}

static void carry_out(struct desk *d, const struct quarantine_request *r,
		      const struct desk_asker *by, uint64_t now_s, struct quarantine_answer *ret)
{
	switch (r->op) {
	case QUARANTINE_ADD:
		add(d, r, by, now_s, ret);
		break;
	case QUARANTINE_RELEASE:
		release(d, r, by, now_s, ret);
		break;
	case QUARANTINE_MOVED:
		moved(d, r, by, now_s, ret);
		break;
	case QUARANTINE_LIST:
		list(d, r->index, ret);
		break;
	case QUARANTINE_ACTS:
		acts(d, r->index, ret);
		break;
	case QUARANTINE_PROTECT:
		protect(d, r, ret);
		break;
	case QUARANTINE_OFF:
	case QUARANTINE_ON:
		turn(d, r->op == QUARANTINE_OFF, by, now_s, ret);
		break;
	default: /* STATUS: every answer has it */
		break;
	}
}

void desk_answer(struct desk *d, const void *data, size_t len, const struct desk_asker *by,
		 uint64_t now_s, struct quarantine_answer *ret)
{
	struct quarantine_request r;
	memset(ret, 0, sizeof(*ret));
	ret->magic = QUARANTINE_MAGIC;
	ret->version = QUARANTINE_VERSION;
	if (!quarantine_is_request(data, len)) {
		ret->status = QUARANTINE_MALFORMED;
		(void)snprintf(ret->text, sizeof(ret->text), "that is no request of version %d",
			       QUARANTINE_VERSION);
		d->book.refused++;
	} else {
		memcpy(&r, data, sizeof(r));
		if (may(by, r.op)) {
			carry_out(d, &r, by, now_s, ret);
		} else {
			ret->status = QUARANTINE_FORBIDDEN;
			(void)snprintf(ret->text, sizeof(ret->text), "user %u may not do that",
				       by->uid);
		}
	}
	ret->mode = (uint8_t)desk_mode(d);
	ret->forwards = d->forwards;
	ret->entries = (uint32_t)d->book.count;
	ret->max = d->book.limits.max;
	ret->per_minute = d->book.limits.per_minute;
	ret->protected_count = (uint32_t)d->never.count;
	ret->added = d->book.added;
	ret->refused = d->book.refused;
	ret->released = d->book.released;
	ret->expired = d->book.expired;
	ret->restored = d->book.restored;
	ret->last_act = d->book.last_act;
}

/* Someone took our rules away: once it may be a mistake, twice somebody means it. */
static void watch(struct desk *d, uint64_t now_s)
{
	char why[256] = "";
	if (d->mode != QUARANTINE_MODE_ENFORCE || d->is_off)
		return;
	kernel_edge(d->kernel, &d->book, now_s);
	kernel_asked(d->kernel, NULL);
	if (kernel_is_whole(d->kernel, &d->book))
		return;
	if (d->book.restored++ == 0 &&
	    kernel_rebuild(d->kernel, &d->book, &d->never, now_s, why, sizeof(why)) == 0) {
		act(d, QUARANTINE_ACT_RESTORED, QUARANTINE_OK, 0, now_s, NULL,
		    "someone changed our rules; they are back, once");
		return;
	}
	d->mode = QUARANTINE_MODE_STOPPED;
	act(d, QUARANTINE_ACT_STOPPED, QUARANTINE_FAILED, 0, now_s, NULL,
	    *why ? why : "our rules were changed again: nothing is cut off until quarantine on");
}

void desk_tick(struct desk *d, uint64_t now_s)
{
	struct quarantine_entry e;
	bool changed = false;
	/* in the kernel it has ended by itself */
	while (book_expire(&d->book, now_s, &e)) {
		act(d, QUARANTINE_ACT_EXPIRED, QUARANTINE_OK, 0, now_s, &e, "");
		changed = true;
	}
	if (changed)
		(void)saved_write(d->folder, &d->book);
	bool is_off = saved_is_off(d->folder);
	if (is_off && !d->is_off)
		all_off(d, 0, now_s);
	else if (!is_off && d->is_off)
		all_on(d, 0, now_s);
	if (++d->tick % 2 == 0)
		watch(d, now_s);
}
