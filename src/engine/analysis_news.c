/*
 * engine/analysis_news.c - what other threads tell the analysis plane, and when it takes it in.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exfild/base/log.h"
#include "analysis_parts.h"
#include "orders.h"

void analysis_tell_inside(struct analysis *a, const struct prefix *list, size_t count)
{
	struct news *n = &a->news;
	struct prefix *copy = malloc((count ? count : 1) * sizeof(*copy));
	if (!copy)
		return;
	if (count)
		memcpy(copy, list, count * sizeof(*copy));
	pthread_mutex_lock(&n->lock);
	free(n->inside);
	n->inside = copy;
	n->inside_count = count;
	n->has_inside = true;
	atomic_store(&n->waiting, true);
	pthread_mutex_unlock(&n->lock);
}

void analysis_tell_drops(struct analysis *a, uint64_t start_ns, uint64_t end_ns, uint64_t count)
{
	struct news *n = &a->news;
	pthread_mutex_lock(&n->lock);
	drops_add(&n->drops, start_ns, end_ns, count);
	atomic_store(&n->waiting, true);
	pthread_mutex_unlock(&n->lock);
}

bool analysis_tell_identity(struct analysis *a, const struct identity *i)
{
	struct news *n = &a->news;
	pthread_mutex_lock(&n->lock);
	bool has_room = n->identity_count < NEWS_IDENTITIES;
	if (has_room)
		n->identities[n->identity_count++] = *i;
	atomic_store(&n->waiting, true);
	pthread_mutex_unlock(&n->lock);
	return has_room;
}

static struct sensor_note *find_note(struct news *n, enum sensor_what what, const char *object)
{
	for (size_t i = 0; i < n->note_count; i++)
		if (n->notes[i].what == what &&
		    strncmp(n->notes[i].object, object, SENSOR_OBJECT - 1) == 0)
			return &n->notes[i];
	return NULL;
}

/* One of the same thing, or a new one; where these are taken, the one of all others. */
static struct sensor_note *place_for(struct news *n, enum sensor_what what, const char *object)
{
	struct sensor_note *note = find_note(n, what, object);
	bool is_full = n->note_count >= NEWS_NOTES;
	if (!note && is_full)
		note = find_note(n, what, "others");
	if (note)
		return note;
	note = &n->notes[n->note_count++]; /* behind NEWS_NOTES: "others" of each kind */
	*note = (struct sensor_note){ .what = what };
	(void)snprintf(note->object, sizeof(note->object), "%s", is_full ? "others" : object);
	return note;
}

void analysis_tell_sensor(struct analysis *a, enum sensor_what what, const char *object,
			  uint64_t count, uint64_t total, const char *fmt, ...)
{
	struct news *n = &a->news;
	va_list ap;
	pthread_mutex_lock(&n->lock);
	struct sensor_note *note = place_for(n, what, object);
	note->count += count;
	note->total += total;
	va_start(ap, fmt);
	(void)vsnprintf(note->text, sizeof(note->text), fmt, ap);
	va_end(ap);
	atomic_store(&n->waiting, true);
	pthread_mutex_unlock(&n->lock);
}

/* As events, so that they are in --events and signatures see them. */
static void show_notes(struct analysis *a, const struct sensor_note *notes, size_t count)
{
	if (!count)
		return;
	event_log_reset(a->own_events);
	for (size_t i = 0; i < count; i++)
		sensor_event(a->own_events, 0, a->env.now_ns, &notes[i]);
	for (const struct event *e = event_log_next(a->own_events, NULL); e;
	     e = event_log_next(a->own_events, e))
		analysis_event(a, e);
}

static void take_drops(struct analysis *a, struct news *n)
{
	for (size_t i = 0; i < n->drops.count; i++)
		drops_add(&a->drops, n->drops.list[i].start_ns, n->drops.list[i].end_ns,
			  n->drops.list[i].count);
	n->drops.count = 0;
}

static void take_identities(struct analysis *a, struct news *n)
{
	for (size_t i = 0; i < n->identity_count; i++)
		(void)context_identity(a->context, &n->identities[i]);
	n->identity_count = 0;
}

static void take_change(struct analysis *a, struct news *n)
{
	if (!n->change)
		return;
	analysis_take_change(a, n->change);
	n->change = NULL;
	pthread_cond_broadcast(&n->taken);
}

bool analysis_change(struct analysis *a, struct analysis_change *c, unsigned patience_s)
{
	struct news *n = &a->news;
	struct timespec end = { 0 };
	(void)clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += (time_t)patience_s;
	pthread_mutex_lock(&n->lock);
	n->change = n->has_ended ? NULL : c;
	bool is_waiting = n->change != NULL;
	atomic_store(&n->waiting, true);
	while (n->change && !n->has_ended && pthread_cond_timedwait(&n->taken, &n->lock, &end) == 0)
		;
	bool is_taken = is_waiting && !n->change;
	n->change = NULL;
	pthread_mutex_unlock(&n->lock);
	return is_taken;
}

void analysis_end_news(struct analysis *a)
{
	analysis_take_news(a);
	pthread_mutex_lock(&a->news.lock);
	a->news.has_ended = true;
	pthread_cond_broadcast(&a->news.taken);
	pthread_mutex_unlock(&a->news.lock);
}

/* What exfild tells of itself waits until there is a time for it. */
void analysis_take_news(struct analysis *a)
{
	struct news *n = &a->news;
	struct sensor_note notes[NEWS_NOTES + SENSOR__COUNT];
	char text[512];
	if (!atomic_load_explicit(&n->waiting, memory_order_acquire))
		return;
	pthread_mutex_lock(&n->lock);
	take_drops(a, n);
	take_identities(a, n);
	size_t count = a->env.now_ns ? n->note_count : 0;
	memcpy(notes, n->notes, count * sizeof(notes[0]));
	n->note_count -= count;
	atomic_store(&n->waiting, n->note_count > 0);
	bool has_changed =
		n->has_inside && context_set_inside(a->context, n->inside, n->inside_count);
	n->has_inside = false;
	take_change(a, n);
	if (n->order) {
		order_take(a, n->order);
		n->order = NULL;
		pthread_cond_broadcast(&n->taken);
	}
	pthread_mutex_unlock(&n->lock);
	if (has_changed) {
		context_describe_inside(a->context, text, sizeof(text));
		log_info("inside", "%s", text);
	}
	show_notes(a, notes, count);
}
