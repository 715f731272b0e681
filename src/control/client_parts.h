/*
 * control/client_parts.h - what the files of exfilctl share.
 *
 * Threads: one.
 */
#ifndef EXFILD_SRC_CONTROL_CLIENT_PARTS_H
#define EXFILD_SRC_CONTROL_CLIENT_PARTS_H

#include <stddef.h>
#include <stdio.h>

#include "exfild/base/buf.h"
#include "request.h"

struct json_t;

/* --- link.c: the socket ------------------------------------------------------------------ */

struct link {
	int fd;
	struct buf in; /* bytes that are not a whole line yet stand at its end */
	size_t taken;
};

/* False: said why, and what to do, on standard error. */
bool link_open(struct link *l, const char *path);
void link_close(struct link *l);
bool link_send(struct link *l, const struct request *r);
/* The next line without its end, valid until the next call; NULL: the daemon is gone. */
char *link_line(struct link *l);
/* link_line() gives up after so long without a byte; errno is EAGAIN then. */
void link_patience(struct link *l, double seconds);

void request_print(const struct request *r, struct buf *out);

/* --- view.c: answers as text ------------------------------------------------------------- */

/* 0, or CLIENT_SICK for a doctor that warns. */
int view_result(const char *command, const struct json_t *result, FILE *out);
/* One alert of the stream as a line. */
void view_alert(const struct json_t *alert, FILE *out);
/* The last of a result's alerts whose id begins so, as a whole; json: as it is. */
int view_explain(const struct json_t *result, const char *id, bool json, FILE *out);
/* Text of others, without what could move a terminal's cursor. */
void view_text(FILE *out, const char *text, int width);

/* --- analyst.c ---------------------------------------------------------------------------- */

/* Whether these are words of its own; *ret_bad: what is wrong with them, NULL nothing. */
bool analyst_takes(struct request *r, int count, char **words, const char **ret_bad);
void view_exceptions(const struct json_t *result, FILE *out);
void view_trial(const struct json_t *result, FILE *out);

/* --- intel_view.c ------------------------------------------------------------------------ */

/* Words that follow "intel" into a request; what is wrong with them, NULL nothing. */
const char *intel_words(struct request *r, int count, char **words);
void view_intel(const struct json_t *result, FILE *out);

/* --- trial_client.c ---------------------------------------------------------------------- */

struct trial_options {
	const char *socket_path,
		*path; /* path: a file of alerts, a line each; "-": standard input */
	bool json;
	struct request request;
};
int trial_run_file(const struct trial_options *o);

/* --- baseline_client.c --------------------------------------------------------------------- */

struct baseline_options {
	const char *socket_path, *path;
	struct request request; /* its kind: export, import or merge */
};
/* Words of "baseline" into a request; what is wrong with them, NULL nothing. */
const char *baseline_words(struct request *r, int count, char **words, const char **ret_file);
int baseline_run(const struct baseline_options *o);
void view_baseline(const struct json_t *result, FILE *out);

/* --- usage_client.c ---------------------------------------------------------------------- */

/* Its words, "usage" the first of them: reads a database, asks no daemon. */
int usage_run(int argc, char **argv);

/* --- audit.c ----------------------------------------------------------------------------- */

/* Its words, "audit" the first of them: reads the ledger, asks no daemon. */
int audit_run(int argc, char **argv);

/* --- serve.c ----------------------------------------------------------------------------- */

/* Its words, "serve" the first of them: shows pages until it is ended. */
int serve_run(int argc, char **argv);

/* --- quarantine.c ------------------------------------------------------------------------ */

struct quarantine_options {
	const char *socket_path; /* the responder's */
	bool json;
	int count; /* words after "quarantine" */
	char **words;
	const char *alert, *reason;
};
int quarantine_run(const struct quarantine_options *o);

/* --- client.c ---------------------------------------------------------------------------- */

/* Says on standard error why the daemon refused; CLIENT_FAILED. */
int client_refused(const struct json_t *error);

/* --- view_lists.c ------------------------------------------------------------------------ */

void view_talkers(const struct json_t *list, const char *title, size_t most, FILE *out);
void view_flows(const struct json_t *result, FILE *out);

/* --- top.c ------------------------------------------------------------------------------- */

struct top_options {
	const char *socket_path;
	bool once;
	unsigned interval_s;
	struct request request;
};
int top_run(const struct top_options *o);

/* --- drill_client.c ---------------------------------------------------------------------- */

struct drill_options {
	const char *socket_path;
	bool json;
	unsigned wait_s; /* 0: only print the request */
	struct request request;
};
int drill_run(const struct drill_options *o);

/* --- drill_sinks.c ----------------------------------------------------------------------- */

/* The sinks of status, the caller's; NULL: the daemon did not say. */
struct json_t *drill_sinks_ask(const char *socket_path);
/* Waits some seconds for all of them to have taken more than before. The caller's, as above. */
struct json_t *drill_sinks_wait(const char *socket_path, const struct json_t *before,
				bool *ret_taken);
void drill_sinks_print(const struct json_t *before, const struct json_t *now, bool json);

#endif
