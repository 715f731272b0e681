/*
 * engine/outputs.c - standard output always; the configured sinks live and with --publish.
 */
#include "outputs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "secret.h"

#define LIVE_WAIT_MS   3000u  /* at the end; what is left is in the spool */
#define REPLAY_WAIT_MS 30000u /* without anything being taken */

struct output {
	const struct sink_type *type;
	void *sink;     /* NULL: the delivery has it, or has one that stays */
	char *identity; /* what it was opened with */
};

struct outputs {
	const struct alert_options *alert;
	bool is_live;
	struct output list[DELIVERY_SINKS];
	size_t count;
	struct delivery *delivery; /* NULL: no sink but standard output */
	bool owns_delivery;
	const struct sink_type *direct; /* standard output, or NULL */
	void *direct_sink;
	bool direct_text, colour;
	bool has_cef;  /* a sink wants it */
	bool is_taken; /* `list` is what the delivery shall have: outputs_close() sees to it */
	struct outputs_options made_with;
	struct buf line, text, form, cef; /* form: where that is not the line's */
	char password[256];
};

/* All that decides where a sink leads; the same text, the same place. */
static char *identity_of(const char *name, const struct sink_options *o)
{
	struct buf b;
	buf_init(&b, 65536);
	if (strcmp(name, "redis") == 0) {
		buf_printf(&b, "%s\n%s\n%s\n%s\n%s\n%llu %d %d %d %d\n%s", o->redis_url,
			   o->redis_prefix, o->redis_username,
			   o->redis_password ? o->redis_password : "", o->redis_ca_file,
			   (unsigned long long)o->redis_stream_maxlen, o->redis_channel,
			   o->redis_stream, o->redis_list, o->redis_cluster,
			   o->redis_sentinel_name);
		for (size_t i = 0; i < o->redis_sentinel_count; i++)
			buf_printf(&b, "\n%s", o->redis_sentinels[i]);
	} else if (strcmp(name, "syslog") == 0) {
		buf_printf(&b, "%s %s %s", o->syslog_url, o->syslog_format, o->syslog_ca_file);
	} else if (strcmp(name, "file") == 0) {
		buf_printf(&b, "%s %llu", o->file_path, (unsigned long long)o->file_max_bytes);
	}
	buf_char(&b, '\0');
	return b.full ? NULL : b.data;
}

static void free_identity(char *identity)
{
	if (identity)
		explicit_bzero(identity, strlen(identity));
	free(identity);
}

static bool is_open(const struct outputs *out, const struct sink_type *type, const char *identity)
{
	for (size_t i = 0; out && i < out->count; i++)
		if (out->list[i].type == type && strcmp(out->list[i].identity, identity) == 0)
			return true;
	return false;
}

/* current: what stays as it is there is not opened again. */
static int open_one(struct outputs *out, const char *name, const struct sink_options *so,
		    const struct outputs *current, char *why, size_t why_size)
{
	struct output *o = &out->list[out->count];
	o->type = sink_find(name);
	if (!o->type || out->count == DELIVERY_SINKS)
		return -EXF_E_INVALID;
	o->identity = identity_of(name, so);
	if (!o->identity)
		return -EXF_E_NOMEM;
	int err = is_open(current, o->type, o->identity) ?
			  0 :
			  o->type->open(so, &o->sink, why, why_size);
	if (err)
		free_identity(o->identity);
	else
		out->count++;
	return err;
}

/* systemd says in JOURNAL_STREAM which file its journal is, as DEVICE:INODE. */
static bool is_stdout_journal(void)
{
	const char *said = getenv("JOURNAL_STREAM");
	char mine[64];
	struct stat st;
	if (!said || fstat(STDOUT_FILENO, &st) != 0)
		return false;
	(void)snprintf(mine, sizeof(mine), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(said, mine) == 0;
}

static int open_direct(struct outputs *out, const struct options *o, char *why, size_t size)
{
	bool tty = isatty(STDOUT_FILENO) == 1;
	out->direct_text = o->form == OUTPUT_TEXT || (o->form == OUTPUT_AUTO && tty);
	out->colour = tty && !getenv("NO_COLOR");
	const struct sink_options so = { .text = out->direct_text };
	out->direct = sink_find("stdout");
	int err = out->direct->open(&so, &out->direct_sink, why, size);
	if (err)
		out->direct = NULL;
	return err;
}

/* A replay writes nothing but what its command line names: it keeps them in memory. */
static int make_delivery(struct outputs *out, const struct outputs_options *o)
{
	const struct delivery_options d = {
		.directory = out->is_live ? o->config->spool.directory : NULL,
		.max_bytes = o->spool_bytes,
		.session = o->alert->session,
		.may_block = !out->is_live,
		.trouble = o->trouble,
		.beat = out->is_live ? o->beat : NULL,
		.arg = o->arg,
	};
	int err = delivery_new(&d, &out->delivery);
	out->owns_delivery = !err;
	return err;
}

static struct sink_options sink_options_of(const struct outputs *out, const struct config *c)
{
	return (struct sink_options){
		.sensor_name = out->alert->sensor_name,
		.file_path = c->sinks.file_path,
		.syslog_url = c->sinks.syslog_url,
		.syslog_format = c->sinks.syslog_format,
		.syslog_ca_file = c->sinks.syslog_ca_file,
		.file_max_bytes = c->sinks.file_max_mb * 1000000,
		.redis_url = c->redis.url,
		.redis_prefix = c->redis.prefix,
		.redis_username = c->redis.username,
		.redis_password = out->password[0] ? out->password : NULL,
		.redis_ca_file = c->redis.ca_file,
		.redis_sentinels = c->redis.sentinels,
		.redis_sentinel_count = c->redis.sentinel_count,
		.redis_sentinel_name = c->redis.sentinel_name,
		.redis_cluster = c->redis.cluster,
		.redis_stream_maxlen = c->redis.stream_maxlen,
		.redis_channel = c->redis.channel,
		.redis_stream = c->redis.stream,
		.redis_list = c->redis.list,
		.may_wait = out->is_live,
		.stop = out->delivery ? delivery_stop_flag(out->delivery) : NULL,
	};
}

struct wanted {
	const char *names[DELIVERY_SINKS];
	size_t count;
	bool has_redis, has_syslog;
};

static struct wanted wanted_of(const struct options *o, const struct config *c)
{
	struct wanted w = { .count = 0 };
	if (!o->publish && !o->is_live)
		return w;
	if (c->sinks.file_path && *c->sinks.file_path)
		w.names[w.count++] = "file";
	if (c->sinks.journal)
		w.names[w.count++] = "journal";
	w.has_redis = (c->redis.url && *c->redis.url) || c->redis.sentinel_count;
	if (w.has_redis)
		w.names[w.count++] = "redis";
	w.has_syslog = c->sinks.syslog_url && *c->sinks.syslog_url;
	if (w.has_syslog)
		w.names[w.count++] = "syslog";
	return w;
}

static int open_all(struct outputs *out, const struct outputs_options *o,
		    const struct outputs *current, char *why, size_t why_size)
{
	const struct options *options = o->options;
	const struct wanted w = wanted_of(options, o->config);
	int err = 0;
	if (options->publish && !w.count) {
		(void)snprintf(
			why, why_size,
			"--publish needs a sink: set redis.url, sinks.file.path or another of sinks "
			"in the configuration, for example --set redis.url=redis://127.0.0.1:6379/0");
		return -EXF_E_INVALID;
	}
	out->has_cef = w.has_syslog && strcmp(o->config->sinks.syslog_format, "json") != 0;
	if (w.has_redis)
		err = secret_redis_password(o->config, out->password, sizeof(out->password), why,
					    why_size);
	/* the journal has them where nobody else does */
	if (!err && !current && !options->self_test && !(w.count && is_stdout_journal()))
		err = open_direct(out, options, why, why_size);
	if (current)
		out->delivery = current->delivery;
	if (!err && w.count && !out->delivery)
		err = make_delivery(out, o);
	const struct sink_options so = sink_options_of(out, o->config);
	for (size_t i = 0; i < w.count && !err; i++)
		err = open_one(out, w.names[i], &so, current, why, why_size);
	return err;
}

int outputs_prepare(const struct outputs_options *o, const struct outputs *current,
		    struct outputs **ret, char *why, size_t why_size)
{
	struct outputs *out = calloc(1, sizeof(*out));
	if (!out)
		return -EXF_E_NOMEM;
	out->alert = o->alert;
	out->is_live = o->options->is_live;
	out->made_with = *o;
	buf_init(&out->line, ALERT_LINE_MAX + 1);
	buf_init(&out->text, RECORD_TEXT_MAX);
	buf_init(&out->form, ALERT_LINE_MAX + 1);
	buf_init(&out->cef, ALERT_LINE_MAX);
	int err = open_all(out, o, current, why, why_size);
	if (err) {
		outputs_close(out);
		return err;
	}
	*ret = out;
	return 0;
}

/* Takes over the sinks that `out` has opened. */
static int apply(struct outputs *out)
{
	struct delivery_sink list[DELIVERY_SINKS];
	for (size_t i = 0; i < out->count; i++) {
		list[i] = (struct delivery_sink){ out->list[i].type, out->list[i].sink };
		out->list[i].sink = NULL;
	}
	return out->delivery ? delivery_sinks(out->delivery, list, out->count) : 0;
}

int outputs_open(const struct outputs_options *o, struct outputs **ret, char *why, size_t why_size)
{
	int err = outputs_prepare(o, NULL, ret, why, why_size);
	if (!err)
		err = apply(*ret);
	return err;
}

/* Which identities are in effect is known at once; threads end and begin in outputs_close(). */
void outputs_take(struct outputs *out, struct outputs *fresh)
{
	for (size_t i = 0; i < fresh->count || i < out->count; i++) {
		char *identity = out->list[i].identity;
		out->list[i] = (struct output){ .type = fresh->list[i].type,
						.identity = fresh->list[i].identity };
		fresh->list[i].identity = identity;
	}
	size_t count = out->count;
	out->count = fresh->count;
	fresh->is_taken = true;
	out->has_cef = fresh->has_cef;
	for (size_t i = fresh->count; i < count; i++)
		free_identity(fresh->list[i].identity);
	if (!out->delivery) {
		out->delivery = fresh->delivery;
		out->owns_delivery = fresh->owns_delivery;
		fresh->owns_delivery = false;
	}
}

static void add_text(struct record_parts *p, enum record_text which, const char *text, size_t len)
{
	p->text[which].data = text;
	p->text[which].len = len;
}

static void add_string(struct record_parts *p, enum record_text which, const char *text)
{
	if (text)
		add_text(p, which, text, strlen(text));
}

static struct record *make_record(struct outputs *out, const struct alert *a)
{
	const struct finding *f = &a->finding;
	char source[IPADDR_TEXT_MAX] = "", destination[IPADDR_TEXT_MAX] = "";
	struct record_parts p = { .time_ns = f->time_ns,
				  .sequence = a->sequence,
				  .severity = (uint32_t)f->severity };
	if (f->subject.has_ip)
		(void)ipaddr_print(&f->subject.ip, source, sizeof(source));
	if (f->peer.has_ip)
		(void)ipaddr_print(&f->peer.ip, destination, sizeof(destination));
	const struct buf *line = &out->line;
	buf_reset(&out->text);
	buf_reset(&out->cef);
	if (out->alert->form != ALERT_ECS) {
		buf_reset(&out->form);
		alert_line(a, out->alert, &out->form);
		line = &out->form;
	}
	if (out->has_cef)
		alert_cef(a, out->alert, &out->cef);
	if (out->direct_text)
		alert_text(a, out->colour, &out->text);
	add_string(&p, RECORD_EVENT_ID, a->event_id);
	add_string(&p, RECORD_ALERT_ID, a->alert_id);
	add_string(&p, RECORD_SESSION, out->alert->session);
	add_string(&p, RECORD_RULE, f->rule);
	add_string(&p, RECORD_SOURCE, source);
	add_string(&p, RECORD_DESTINATION, f->peer.has_ip ? destination : f->domain);
	add_string(&p, RECORD_MESSAGE, f->message);
	add_text(&p, RECORD_JSON, line->data, line->len);
	add_text(&p, RECORD_CEF, out->cef.data, out->cef.len);
	add_text(&p, RECORD_TEXT, out->text.data, out->text.len);
	return record_make(&p);
}

void outputs_put(struct outputs *out, const struct alert *a)
{
	buf_reset(&out->line);
	alert_json(a, out->alert, &out->line);
	if (!out->direct && !out->count)
		return;
	struct record *r = make_record(out, a);
	if (!r) {
		log_errorx("alerts", "memory is exhausted: alert %s is lost", a->event_id);
		return;
	}
	if (out->direct)
		(void)out->direct->put(out->direct_sink, &r, 1);
	if (out->delivery)
		delivery_put(out->delivery, r);
	else
		record_drop(r);
}

bool outputs_is_safe(const struct outputs *out)
{
	return !out->delivery || delivery_is_safe(out->delivery);
}

static bool direct_is_good(const struct outputs *out)
{
	struct sink_health h = { 0 };
	if (out->direct)
		out->direct->health(out->direct_sink, &h);
	if (h.failed)
		log_errorx("stdout", "%llu alerts were not taken: %s", (unsigned long long)h.failed,
			   h.error);
	return !h.failed;
}

bool outputs_finish(struct outputs *out)
{
	bool good = direct_is_good(out);
	if (!out->delivery)
		return good;
	(void)delivery_wait(out->delivery, out->is_live ? LIVE_WAIT_MS : REPLAY_WAIT_MS);
	return delivery_stop(out->delivery) && good;
}

const struct buf *outputs_line(const struct outputs *out)
{
	return &out->line;
}

void outputs_snapshot(const struct outputs *out, struct snapshot *s)
{
	struct delivery_health list[SNAP_SINKS];
	struct delivery_stats stats = { 0 };
	s->sink_count = 0;
	if (!out->delivery)
		return;
	size_t count = delivery_health(out->delivery, list, SNAP_SINKS);
	for (size_t i = 0; i < count; i++) {
		const struct delivery_health *h = &list[i];
		struct snap_sink *to = &s->sinks[s->sink_count++];
		*to = (struct snap_sink){ .sent = h->sink.sent,
					  .failed = h->lost,
					  .waiting = h->waiting,
					  .receivers = h->sink.receivers,
					  .refusals = h->sink.refusals,
					  .connects = h->sink.connects };
		(void)snprintf(to->name, sizeof(to->name), "%s", h->name);
		(void)snprintf(to->error, sizeof(to->error), "%s", h->sink.error);
	}
	delivery_stats(out->delivery, &stats);
	s->spool = (struct snap_spool){ .is_kept = stats.has_spool,
					.is_failing = stats.is_failing,
					.depth = stats.depth,
					.bytes = stats.bytes,
					.max_bytes = stats.max_bytes,
					.memory_bytes = stats.memory_bytes,
					.lost = stats.lost,
					.errors = stats.errors };
}

int64_t outputs_resend(struct outputs *out, uint64_t from, uint64_t to)
{
	return out->delivery ? delivery_resend(out->delivery, from, to) : -EXF_E_UNSUPPORTED;
}

void outputs_session(struct outputs *out, const char *session)
{
	if (out->delivery)
		delivery_session(out->delivery, session);
}

void outputs_close(struct outputs *out)
{
	if (!out)
		return;
	if (out->is_taken && apply(out))
		log_errorx("sinks", "%s", exf_strerror(EXF_E_NOMEM));
	for (size_t i = 0; i < out->count; i++) {
		if (out->list[i].sink)
			out->list[i].type->close(out->list[i].sink);
		free_identity(out->list[i].identity);
	}
	if (out->owns_delivery)
		delivery_free(out->delivery);
	if (out->direct)
		out->direct->close(out->direct_sink);
	explicit_bzero(out->password, sizeof(out->password));
	buf_deinit(&out->line);
	buf_deinit(&out->text);
	buf_deinit(&out->form);
	buf_deinit(&out->cef);
	free(out);
}
