/*
 * evidence/vault.c - see include/exfild/evidence/vault.h
 */
#include "exfild/evidence/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/base/str.h"
#include "shelf.h"

#define RECORD_BYTES 128u /* at most, of a packet's block besides the packet */
#define IDLE_S       120  /* no packet and no end came: the end was lost */

struct writing {
	char alert_id[KEEP_ID_MAX]; /* "": free */
	struct capture_writer *writer;
	uint64_t bytes, packets, refused, touched_s;
	unsigned ends;
	struct keep_end end; /* of all givers */
	bool has_failed;
};

struct vault {
	struct vault_options o;
	struct shelf shelf;
	struct writing open[VAULT_OPEN];
	struct writing *recent; /* found last: packets of an alert come one behind the other */
	uint64_t open_bytes;    /* of all */
	uint64_t refused, now_s;
	bool has_said;
};

int vault_open(const struct vault_options *o, struct vault **ret, char *ret_why, size_t why_size)
{
	struct vault *v = calloc(1, sizeof(*v));
	if (!v)
		return -EXF_E_NOMEM;
	v->o = *o;
	int err = shelf_open(&v->shelf, o->directory, o->max_bytes, ret_why, why_size);
	if (err) {
		free(v);
		return err;
	}
	*ret = v;
	return 0;
}

/* --- one file ---------------------------------------------------------------------------- */

/* Where the last whole block ends; what comes behind is of a crash.  Block: type, length, ... */
static off_t whole_blocks(int fd, off_t size)
{
	off_t at = 0;
	uint32_t head[2];
	while (at + 12 <= size && pread(fd, head, sizeof(head), at) == (ssize_t)sizeof(head)) {
		/* written by this machine: its own byte order */
		if (head[1] < 12 || head[1] % 4 || head[1] > size - at)
			break;
		at += head[1];
	}
	return at;
}

static int open_file(const struct vault *v, const char *alert_id)
{
	char name[SHELF_NAME];
	struct stat st;
	shelf_name(alert_id, name);
	int fd = openat(v->shelf.folder, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY,
			0600);
	if (fd < 0)
		return -1;
	off_t end = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? whole_blocks(fd, st.st_size) : -1;
	if (end >= 0 && ftruncate(fd, end) == 0 && lseek(fd, end, SEEK_SET) == end)
		return fd;
	(void)close(fd);
	return -1;
}

/* Once until it works again: a full disk would fill the log as well. */
static void say_failure(struct vault *v)
{
	if (!v->has_said)
		log_errorx("evidence", "%s: %s: packets behind alerts are not kept", v->o.directory,
			   strerror(errno));
	v->has_said = true;
}

static int put_remark(const struct writing *w)
{
	char text[512], reach[40];
	const struct keep_end *e = &w->end;
	bool is_whole = !w->refused && !e->withheld && !e->lost && !e->is_short && !e->is_early;
	(void)snprintf(text, sizeof(text),
		       "exfild alert %s: %llu packets, %llu bytes%s; left out for the limit of an "
		       "alert: %llu, for want of room or time: %llu; memory reached back to %s%s%s",
		       w->alert_id, (unsigned long long)w->packets, (unsigned long long)e->bytes,
		       is_whole ? ", complete" : ", INCOMPLETE", (unsigned long long)e->withheld,
		       (unsigned long long)(e->lost + w->refused),
		       e->reach_ns ? str_time(reach, sizeof(reach), e->reach_ns) : "nothing",
		       e->is_short ? ", which is after the alert's begin" : "",
		       e->is_early ? "; ended early" : "");
	return capture_writer_note(w->writer, e->time_ns, text);
}

static void close_file(struct vault *v, struct writing *w)
{
	struct shelf_file f = { .bytes = w->bytes, .packets = w->packets, .time_s = v->now_s };
	int err = put_remark(w);
	if (capture_writer_close(w->writer) != 0 || err)
		say_failure(v);
	memcpy(f.alert_id, w->alert_id, sizeof(f.alert_id));
	v->open_bytes -= w->bytes;
	shelf_put(&v->shelf, &f);
	memset(w, 0, sizeof(*w));
}

void vault_close(struct vault *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < VAULT_OPEN; i++)
		if (v->open[i].alert_id[0])
			close_file(v, &v->open[i]);
	shelf_close(&v->shelf);
	free(v);
}

/* --- all of them ------------------------------------------------------------------------- */

static struct writing *find_open(struct vault *v, const char *alert_id)
{
	if (v->recent && strcmp(v->recent->alert_id, alert_id) == 0)
		return v->recent;
	for (size_t i = 0; i < VAULT_OPEN; i++)
		if (strcmp(v->open[i].alert_id, alert_id) == 0)
			return v->recent = &v->open[i];
	return NULL;
}

/* A free place, or that of the file to which nothing came for longest. */
static struct writing *free_place(struct vault *v)
{
	struct writing *oldest = &v->open[0];
	for (size_t i = 0; i < VAULT_OPEN; i++) {
		if (!v->open[i].alert_id[0])
			return &v->open[i];
		if (v->open[i].touched_s < oldest->touched_s)
			oldest = &v->open[i];
	}
	close_file(v, oldest);
	return oldest;
}

static struct writing *begin(struct vault *v, const char *alert_id)
{
	struct writing *w = free_place(v);
	int fd = open_file(v, alert_id);
	if (fd < 0 || capture_writer_open_fd(fd, &w->writer) != 0) {
		say_failure(v);
		if (fd >= 0)
			(void)close(fd);
		return NULL;
	}
	memcpy(w->alert_id, alert_id, strlen(alert_id) + 1);
	w->bytes = shelf_take(&v->shelf, alert_id) + RECORD_BYTES; /* and the section's head */
	v->open_bytes += w->bytes;
	return w;
}

static struct writing *place_for(struct vault *v, const char *alert_id, uint64_t now_s)
{
	v->now_s = now_s;
	struct writing *w = alert_id[0] ? find_open(v, alert_id) : NULL;
	if (!w && shelf_is_id(alert_id))
		w = begin(v, alert_id);
	if (w)
		w->touched_s = now_s;
	return w;
}

void vault_packet(struct vault *v, const char *alert_id, const struct frame *f, uint64_t now_s)
{
	struct writing *w = place_for(v, alert_id, now_s);
	uint64_t bytes = f->caplen + RECORD_BYTES;
	if (!w || !shelf_room(&v->shelf, v->open_bytes + bytes) ||
	    capture_writer_put(w->writer, f, alert_id) != 0) {
		v->refused++;
		if (w)
			w->refused++;
		return;
	}
	w->packets++;
	w->bytes += bytes;
	v->open_bytes += bytes;
}

static void add_end(struct keep_end *sum, const struct keep_end *e)
{
	sum->packets += e->packets;
	sum->bytes += e->bytes;
	sum->withheld += e->withheld;
	sum->lost += e->lost;
	if (e->reach_ns && (!sum->reach_ns || e->reach_ns < sum->reach_ns))
		sum->reach_ns = e->reach_ns;
	sum->is_short |= e->is_short;
	sum->is_early |= e->is_early;
	sum->time_ns = e->time_ns > sum->time_ns ? e->time_ns : sum->time_ns;
}

void vault_end(struct vault *v, const char *alert_id, const struct keep_end *end, uint64_t now_s)
{
	struct writing *w = place_for(v, alert_id, now_s);
	if (!w)
		return;
	add_end(&w->end, end);
	if (++w->ends >= v->o.givers)
		close_file(v, w);
}

void vault_turn(struct vault *v, uint64_t now_s)
{
	bool is_good = true;
	v->now_s = now_s;
	for (size_t i = 0; i < VAULT_OPEN; i++) {
		struct writing *w = &v->open[i];
		if (!w->alert_id[0])
			continue;
		if (capture_writer_flush(w->writer) != 0 && !w->has_failed) {
			w->has_failed = true;
			say_failure(v);
		}
		is_good &= !w->has_failed;
		if (now_s > w->touched_s + IDLE_S)
			close_file(v, w);
	}
	if (is_good)
		v->has_said = false;
	if (now_s > v->o.keep_s)
		shelf_expire(&v->shelf, now_s - v->o.keep_s);
}

bool vault_find(const struct vault *v, const char *alert_id, struct vault_found *ret)
{
	*ret = (struct vault_found){ 0 };
	if (!shelf_is_id(alert_id))
		return false;
	for (size_t i = 0; i < VAULT_OPEN; i++) {
		const struct writing *w = &v->open[i];
		if (strcmp(w->alert_id, alert_id) == 0) {
			*ret = (struct vault_found){ .is_open = true,
						     .bytes = w->bytes,
						     .packets = w->packets,
						     .end = w->end };
			return true;
		}
	}
	const struct shelf_file *f = shelf_find(&v->shelf, alert_id);
	if (!f)
		return false;
	ret->bytes = f->bytes;
	ret->packets = f->packets;
	return true;
}

void vault_counts(const struct vault *v, struct vault_counts *ret)
{
	size_t open = 0;
	for (size_t i = 0; i < VAULT_OPEN; i++)
		open += v->open[i].alert_id[0] != 0;
	*ret = (struct vault_counts){ .files = v->shelf.count + open,
				      .bytes = v->shelf.bytes + v->open_bytes,
				      .max_bytes = v->o.max_bytes,
				      .removed = v->shelf.removed,
				      .refused = v->refused,
				      .is_failing = v->has_said };
}
