/*
 * engine/outputs.c - standard output always; the configured sinks with --publish.
 */
#include "outputs.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/sink/sink.h"

#define SINKS_MAX 8

struct output {
	const struct sink_type *type;
	void *sink;     /* NULL: it is, or stays, with the outputs that these were made for */
	char *identity; /* what it was opened with */
};

struct outputs {
	const struct alert_options *alert;
	struct output list[SINKS_MAX];
	size_t count;
	struct buf line;
	char password[256];
};

/* The password that the service manager hands over (LoadCredential=redis-password:...), which the
 * daemon's user cannot read where it lies; "" without one.  It is another file than the configured
 * one, or the same from where it can be read. */
static bool take_credential(char *dst, size_t size)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char path[4096];
	int n = folder ? snprintf(path, sizeof(path), "%s/redis-password", folder) : 0;
	FILE *in = n > 0 && (size_t)n < sizeof(path) ? fopen(path, "re") : NULL;
	if (!in)
		return false;
	if (fgets(dst, (int)size, in))
		dst[strcspn(dst, "\r\n")] = '\0';
	(void)fclose(in);
	return dst[0] != '\0';
}

/* The first line of the file, without its end. */
static int read_password(const char *path, char *dst, size_t size, char *why, size_t why_size)
{
	if (take_credential(dst, size) || !path || !*path)
		return 0;
	FILE *in = fopen(path, "re");
	if (!in || !fgets(dst, (int)size, in)) {
		(void)snprintf(why, why_size,
			       "cannot read redis.password_file %s: "
			       "give a readable file that holds the password in one line",
			       path);
		if (in)
			(void)fclose(in);
		return -EXF_E_IO;
	}
	dst[strcspn(dst, "\r\n")] = '\0';
	(void)fclose(in);
	return 0;
}

/* All that decides where a sink leads; the same text, the same place. */
static char *identity_of(const char *name, const struct sink_options *o)
{
	char *text = NULL;
	int len;
	if (strcmp(name, "redis") == 0)
		len = asprintf(&text, "%s\n%s\n%s\n%s\n%llu %d %d %d", o->redis_url,
			       o->redis_prefix, o->redis_username,
			       o->redis_password ? o->redis_password : "",
			       (unsigned long long)o->redis_stream_maxlen, o->redis_channel,
			       o->redis_stream, o->redis_list);
	else
		len = asprintf(&text, "%s", strcmp(name, "file") == 0 ? o->file_path : "");
	return len < 0 ? NULL : text;
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
	if (!o->type || out->count == SINKS_MAX)
		return -EXF_E_INVALID;
	o->identity = identity_of(name, so);
	if (!o->identity)
		return -EXF_E_NOMEM;
	int err = is_open(current, o->type, o->identity) ?
			  0 :
			  o->type->open(so, &o->sink, why, why_size);
	if (err)
		free(o->identity);
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

static int open_all(struct outputs *out, const struct options *o, const struct config *config,
		    const struct outputs *current, char *why, size_t why_size)
{
	bool tty = isatty(STDOUT_FILENO) == 1;
	struct sink_options so = {
		.alert = out->alert,
		.text = o->form == OUTPUT_TEXT || (o->form == OUTPUT_AUTO && tty),
		.colour = tty && !getenv("NO_COLOR"),
		.file_path = config->sinks.file_path,
		.redis_url = config->redis.url,
		.redis_prefix = config->redis.prefix,
		.redis_username = config->redis.username,
		.redis_stream_maxlen = config->redis.stream_maxlen,
		.redis_channel = config->redis.channel,
		.redis_stream = config->redis.stream,
		.redis_list = config->redis.list,
		.may_wait = o->is_live,
	};
	bool wanted = o->publish || o->is_live;
	bool has_redis = wanted && so.redis_url && *so.redis_url;
	bool has_file = wanted && so.file_path && *so.file_path;
	int err = has_redis ? read_password(config->redis.password_file, out->password,
					    sizeof(out->password), why, why_size) :
			      0;
	so.redis_password = out->password[0] ? out->password : NULL;
	/* the journal has them where nobody else does */
	if (!err && !o->self_test && !((has_redis || has_file) && is_stdout_journal()))
		err = open_one(out, "stdout", &so, current, why, why_size);
	if (!err && has_file)
		err = open_one(out, "file", &so, current, why, why_size);
	if (!err && has_redis)
		err = open_one(out, "redis", &so, current, why, why_size);
	if (!err && o->publish && !has_redis && !has_file) {
		(void)snprintf(
			why, why_size,
			"--publish needs a sink: set redis.url or sinks.file.path "
			"in the configuration, for example --set redis.url=redis://127.0.0.1:6379/0");
		err = -EXF_E_INVALID;
	}
	return err;
}

int outputs_prepare(const struct options *o, const struct config *config,
		    const struct alert_options *alert, const struct outputs *current,
		    struct outputs **ret, char *why, size_t why_size)
{
	struct outputs *out = calloc(1, sizeof(*out));
	if (!out)
		return -EXF_E_NOMEM;
	out->alert = alert;
	buf_init(&out->line, ALERT_LINE_MAX + 1);
	int err = open_all(out, o, config, current, why, why_size);
	if (err) {
		outputs_close(out);
		return err;
	}
	*ret = out;
	return 0;
}

int outputs_open(const struct options *o, const struct config *config,
		 const struct alert_options *alert, struct outputs **ret, char *why,
		 size_t why_size)
{
	return outputs_prepare(o, config, alert, NULL, ret, why, why_size);
}

static void move_sink(struct output *from, struct output *to)
{
	if (to->sink || from->type != to->type || strcmp(from->identity, to->identity) != 0)
		return;
	to->sink = from->sink;
	from->sink = NULL;
}

void outputs_take(struct outputs *out, struct outputs *fresh)
{
	struct outputs old = *out;
	for (size_t i = 0; i < fresh->count; i++)
		for (size_t k = 0; k < old.count; k++)
			move_sink(&old.list[k], &fresh->list[i]);
	memcpy(out->list, fresh->list, sizeof(out->list));
	out->count = fresh->count;
	memcpy(fresh->list, old.list, sizeof(fresh->list));
	fresh->count = old.count;
}

void outputs_put(struct outputs *out, const struct alert *a)
{
	buf_reset(&out->line);
	alert_json(a, out->alert, &out->line);
	for (size_t i = 0; i < out->count; i++)
		(void)out->list[i].type->put(out->list[i].sink, a, out->line.data, out->line.len);
}

void outputs_flush(struct outputs *out)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->list[i].sink)
			(void)out->list[i].type->flush(out->list[i].sink);
}

bool outputs_report(const struct outputs *out)
{
	bool good = true;
	for (size_t i = 0; i < out->count; i++) {
		struct sink_health h = { 0 };
		if (out->list[i].sink)
			out->list[i].type->health(out->list[i].sink, &h);
		uint64_t lost = h.failed + h.waiting; /* after the last flush */
		if (lost)
			log_errorx(out->list[i].type->name, "%llu alerts were not taken: %s",
				   (unsigned long long)lost, h.error);
		good = good && !lost;
	}
	return good;
}

const struct buf *outputs_line(const struct outputs *out)
{
	return &out->line;
}

size_t outputs_health(const struct outputs *out, struct snap_sink *list, size_t most)
{
	size_t count = 0;
	for (size_t i = 0; i < out->count && count < most; i++) {
		struct sink_health h = { 0 };
		struct snap_sink *to = &list[count];
		if (strcmp(out->list[i].type->name, "stdout") == 0)
			continue;
		out->list[i].type->health(out->list[i].sink, &h);
		*to = (struct snap_sink){ .sent = h.sent,
					  .failed = h.failed,
					  .waiting = h.waiting,
					  .receivers = h.receivers };
		(void)snprintf(to->name, sizeof(to->name), "%s", out->list[i].type->name);
		(void)snprintf(to->error, sizeof(to->error), "%s", h.error);
		count++;
	}
	return count;
}

void outputs_close(struct outputs *out)
{
	if (!out)
		return;
	for (size_t i = 0; i < out->count; i++) {
		out->list[i].type->close(out->list[i].sink);
		explicit_bzero(out->list[i].identity, strlen(out->list[i].identity));
		free(out->list[i].identity);
	}
	explicit_bzero(out->password, sizeof(out->password));
	buf_deinit(&out->line);
	free(out);
}
