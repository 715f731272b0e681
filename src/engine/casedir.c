/*
 * engine/casedir.c - see casedir.h.
 *
 * Wall time and the command line stand in case.json alone: everything else is the same for the same
 * captures, configuration and version, so that two people can compare what they have.
 */
#include "casedir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exfild/base/json.h"
#include "exfild/base/log.h"
#include "exfild/base/sha256.h"
#include "exfild/classify/classify.h"

#define FOLDER_MODE 0750 /* it names hosts, what they did, and holds what they sent */
#define FILE_MODE   0640
#define TEXT_MAX    (256u << 20)

enum case_file {
	CASE_ALERTS,
	CASE_CASE,
	CASE_CONFIGURATION,
	CASE_EVENTS,
	CASE_EVIDENCE,
	CASE_REPORT,
	CASE__COUNT
};

static const char *const names[CASE__COUNT] = {
	[CASE_ALERTS] = "alerts.json",
	[CASE_CASE] = "case.json",
	[CASE_CONFIGURATION] = "configuration.yaml",
	[CASE_EVENTS] = "events.json",
	[CASE_EVIDENCE] = "evidence.pcapng",
	[CASE_REPORT] = "report.html",
};

struct casedir {
	char path[PATH_MAX];
	char files[CASE__COUNT][PATH_MAX];
	bool is_made, is_ours, is_finished; /* made: the folder too; ours: it was empty */
	FILE *alerts;
	uint64_t began_ns; /* wall time */
};

static uint64_t wall_ns(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- the folder ---- */

static bool is_empty(const char *path, int *ret_errno)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	bool empty = true;
	*ret_errno = d ? 0 : errno;
	while (d && empty && (e = readdir(d)))
		empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (d)
		(void)closedir(d);
	return d && empty;
}

static int make_folder(struct casedir *c, char *why, size_t size)
{
	int error = 0;
	c->is_made = mkdir(c->path, FOLDER_MODE) == 0;
	if (!c->is_made && errno != EEXIST) {
		(void)snprintf(
			why, size,
			"cannot make the folder %s of the case: %s; the folder above it must "
			"be there, and yours to write to",
			c->path, strerror(errno));
		return -EXF_E_IO;
	}
	if (c->is_made || is_empty(c->path, &error)) {
		c->is_ours = true;
		return 0;
	}
	if (error)
		(void)snprintf(why, size, "cannot write a case to %s: %s", c->path,
			       strerror(error));
	else
		(void)snprintf(why, size,
			       "the folder %s is not empty: a case wants a folder of its own; name "
			       "a new one with --case",
			       c->path);
	return error ? -EXF_E_IO : -EXF_E_INVALID;
}

/* Its own files would be read as captures. */
static int check_inputs(const struct casedir *c, const struct options *o, char *why, size_t size)
{
	char own[PATH_MAX], input[PATH_MAX];
	bool is_known = realpath(c->path, own) != NULL;
	for (size_t i = 0; i < o->input_count; i++) {
		if (strcmp(o->inputs[i], "-") == 0) {
			(void)snprintf(why, size,
				       "--case reads the input again, and standard input can be "
				       "read once: save it to a file first");
			return -EXF_E_INVALID;
		}
		size_t len = realpath(o->inputs[i], input) ? strlen(input) : 0;
		if (!is_known || !len || strncmp(own, input, len) != 0 ||
		    (own[len] && own[len] != '/' && len > 1))
			continue;
		(void)snprintf(why, size,
			       "the folder %s of the case is within the input %s: name one outside",
			       c->path, o->inputs[i]);
		return -EXF_E_INVALID;
	}
	return 0;
}

static FILE *make_file(const struct casedir *c, enum case_file which)
{
	int fd = open(c->files[which], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		      FILE_MODE);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (fd >= 0 && !f)
		(void)close(fd);
	return f;
}

static int set_paths(struct casedir *c, const char *path, char *why, size_t size)
{
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/')
		len--;
	for (unsigned i = 0; i < CASE__COUNT; i++) {
		int n = snprintf(c->files[i], PATH_MAX, "%.*s/%s", (int)len, path, names[i]);
		if (len == 0 || len >= PATH_MAX || n < 0 || n >= PATH_MAX) {
			(void)snprintf(why, size, "--case wants the path of a folder%s",
				       len ? ", and this one is too long" : "");
			return -EXF_E_INVALID;
		}
	}
	(void)snprintf(c->path, PATH_MAX, "%.*s", (int)len, path);
	return 0;
}

int casedir_open(const struct options *o, struct casedir **ret, char *ret_why, size_t why_size)
{
	struct casedir *c = calloc(1, sizeof(*c));
	if (!c)
		return -EXF_E_NOMEM;
	c->began_ns = wall_ns();
	int err = set_paths(c, o->case_path, ret_why, why_size);
	if (!err)
		err = make_folder(c, ret_why, why_size);
	if (!err)
		err = check_inputs(c, o, ret_why, why_size);
	if (!err && !(c->alerts = make_file(c, CASE_ALERTS))) {
		(void)snprintf(ret_why, why_size, "cannot write %s: %s", c->files[CASE_ALERTS],
			       strerror(errno));
		err = -EXF_E_IO;
	}
	if (err) {
		casedir_close(c);
		return err;
	}
	*ret = c;
	return 0;
}

void casedir_close(struct casedir *c)
{
	if (!c)
		return;
	if (c->alerts)
		(void)fclose(c->alerts);
	for (unsigned i = 0; c->is_ours && !c->is_finished && i < CASE__COUNT; i++)
		(void)unlink(c->files[i]);
	if (c->is_made && !c->is_finished)
		(void)rmdir(c->path);
	free(c);
}

void casedir_options(const struct casedir *c, struct options *o)
{
	o->events_path = c->files[CASE_EVENTS];
	o->evidence_path = c->files[CASE_EVIDENCE];
	o->report_path = c->files[CASE_REPORT];
}

void casedir_alert(struct casedir *c, const struct buf *line)
{
	(void)fwrite(line->data, 1, line->len, c->alerts);
	if (!line->len || line->data[line->len - 1] != '\n')
		(void)fputc('\n', c->alerts);
}

/* ---- what was read, and how ---- */

static int hash_path(const char *path, char ret[SHA256_HEX], uint64_t *ret_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int err = fd >= 0 ? sha256_fd(fd, ret, ret_bytes) : -EXF_E_IO;
	int error = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return err;
}

/* An input that cannot be read is damage, which is said; the case is a case of the others. */
static void put_inputs(struct json *j, const struct capture *in)
{
	json_open_array(j, "inputs");
	for (uint32_t i = 0; i < capture_stats(in)->inputs; i++) {
		const char *path = capture_input_path(in, i);
		char hex[SHA256_HEX];
		uint64_t bytes;
		json_open_object(j, NULL);
		json_string(j, "path", path);
		if (hash_path(path, hex, &bytes) == 0) {
			json_uint(j, "bytes", bytes);
			json_string(j, "sha256", hex);
		} else {
			json_string(j, "error", strerror(errno));
		}
		json_close_object(j);
	}
	json_close_array(j);
	json_open_array(j, "damaged");
	for (size_t i = 0; i < capture_damage_count(in); i++) {
		const struct capture_damage *d = capture_damage(in, i);
		json_open_object(j, NULL);
		json_string(j, "path", d->path);
		json_uint(j, "offset", d->offset);
		json_string(j, "reason", d->reason);
		json_close_object(j);
	}
	json_close_array(j);
}

static void put_result(struct json *j, const struct casefile_facts *f,
		       const struct alert_counts *alerts)
{
	static const char *const levels[] = { "low", "medium", "high", "critical" };
	json_open_object(j, "read");
	json_uint(j, "packets", f->tally->frames);
	json_uint(j, "bytes", f->tally->bytes);
	json_uint(j, "flows", f->tally->plane.flows);
	if (f->first_ns) {
		json_time(j, "first", f->first_ns);
		json_time(j, "last", f->tally->now_ns);
	}
	json_bool(j, "interrupted", f->tally->is_interrupted != 0);
	json_close_object(j);
	json_open_object(j, "alerts");
	for (unsigned i = 4; i-- > 0;)
		json_uint(j, levels[i], alerts->by_severity[i]);
	json_close_object(j);
}

static void make_case(const struct casedir *c, const struct casefile_facts *f,
		      const struct alert_counts *alerts, struct buf *out)
{
	const struct options *o = f->options;
	struct json j = json_make(out);
	json_open_object(&j, NULL);
	json_string(&j, "version", EXFILD_VERSION);
	json_string(&j, "ndpi", classify_library_version());
	json_open_array(&j, "command");
	for (int i = 0; i < o->argc; i++)
		json_string(&j, NULL, o->argv[i]);
	json_close_array(&j);
	json_time(&j, "started", c->began_ns);
	json_time(&j, "ended", wall_ns());
	put_inputs(&j, f->capture);
	put_result(&j, f, alerts);
	json_close_object(&j);
	buf_char(out, '\n');
}

/* ---- the end ---- */

static int close_file(FILE *f)
{
	bool is_bad = !f || fflush(f) != 0 || ferror(f) != 0 || fsync(fileno(f)) != 0;
	return (f && fclose(f) != 0) || is_bad ? -EXF_E_IO : 0;
}

static int put_text(const struct casedir *c, enum case_file which, const struct buf *text)
{
	FILE *f = make_file(c, which);
	if (f)
		(void)fwrite(text->data, 1, text->len, f);
	int err = close_file(f);
	return text->full ? -EXF_E_LIMIT : err;
}

/* Renamed at the end: there is a whole one, or none. */
static int write_manifest(struct casedir *c, char *why, size_t size)
{
	struct report_file file;
	struct buf text;
	char path[PATH_MAX + sizeof(CASEDIR_MANIFEST) + 1], hex[SHA256_HEX];
	uint64_t bytes;
	int err = 0;
	buf_init(&text, 4096);
	for (unsigned i = 0; i < CASE__COUNT && !err; i++) {
		err = hash_path(c->files[i], hex, &bytes);
		if (err)
			(void)snprintf(why, size, "the case is not whole: %s: %s", c->files[i],
				       strerror(errno));
		else
			buf_printf(&text, "%s  %s\n", hex, names[i]);
	}
	(void)snprintf(path, sizeof(path), "%s/" CASEDIR_MANIFEST, c->path);
	if (!err)
		err = report_file_open(&file, path, why, size);
	if (!err)
		err = report_file_put(&file, &text, why, size);
	buf_deinit(&text);
	if (!err && hash_path(path, hex, &bytes) == 0)
		log_info("case", "%s is whole; SHA-256 of its " CASEDIR_MANIFEST ": %s", c->path,
			 hex);
	return err;
}

int casedir_finish(struct casedir *c, const struct casefile_facts *f,
		   const struct alert_counts *alerts, char *ret_why, size_t why_size)
{
	struct buf text;
	FILE *lines = c->alerts;
	buf_init(&text, TEXT_MAX);
	c->is_finished = true; /* what there is stays, also when something fails from here on */
	c->alerts = NULL;
	int err = close_file(lines);
	config_print(f->config, &text);
	config_print_origins(f->config, &text);
	if (!err)
		err = put_text(c, CASE_CONFIGURATION, &text);
	buf_reset(&text);
	make_case(c, f, alerts, &text);
	if (!err)
		err = put_text(c, CASE_CASE, &text);
	buf_deinit(&text);
	if (err) {
		(void)snprintf(ret_why, why_size, "the case in %s is not whole: %s", c->path,
			       err == -EXF_E_IO ? strerror(errno) : exf_strerror(err));
		return err;
	}
	return write_manifest(c, ret_why, why_size);
}
