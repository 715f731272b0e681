/*
 * control/request.h - one line of a client, checked.
 *
 * What: {"v": 1, "id": 7, "command": "flows", "args": {"limit": 20}} into a plain struct.
 * Limits: CONTROL_REQUEST_MAX bytes, REQUEST_DEPTH levels; every argument has its range.
 * Threads: any.
 */
#ifndef EXFILD_SRC_CONTROL_REQUEST_H
#define EXFILD_SRC_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"

#define PROTOCOL_VERSION    1
#define REQUEST_DEPTH       8
#define REQUEST_LIST_MAX    512
#define REQUEST_SECONDS_MAX 31622400 /* a year */

struct request {
	bool has_id;
	int64_t id;
	char command[32];
	/* args; 0 and "" where not given */
	uint32_t limit;
	bool follow;
	char sort[16];
	char filter[64];
	char minimum[16];
	char kind[16]; /* of a drill */
	char to[128];
	char alert[40];       /* of evidence */
	uint64_t from, until; /* of resend: event.sequence */
	uint64_t seconds;     /* of a snooze */
	uint32_t number;      /* of unmute */
	char reason[96];
	char exception[768]; /* of try: YAML */
	char entries[7168];  /* of baseline_change: hexadecimal, apart by commas */
	char cases[2048];    /* of try: see struct control_trial */
};

struct request_error {
	const char *code;
	char message[600];
	char hint[160];
};

/* 0 or -EXF_E_INVALID; the id is in ret where it could be read. */
int request_parse(const char *line, size_t len, struct request *ret,
		  struct request_error *ret_error) EXF_MUST_USE;

#endif
