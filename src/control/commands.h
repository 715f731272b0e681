/*
 * control/commands.h - what a client may ask for.
 *
 * What: a command is one line of commands.def and one function; it reads copies and writes the
 * members of its result.
 * Threads: control.
 */
#ifndef EXFILD_SRC_CONTROL_COMMANDS_H
#define EXFILD_SRC_CONTROL_COMMANDS_H

#include "exfild/base/json.h"
#include "exfild/control/server.h"
#include "request.h"

enum command_right { COMMAND_READ, COMMAND_ACT };
enum command_data { COMMAND_SNAPSHOT, COMMAND_LISTS };

struct call {
	const struct request *request;
	const struct control_options *options;
	const struct snapshot *snapshot;
	const struct snap_lists *lists; /* COMMAND_LISTS only */
	uint64_t steady_ns;
	struct json *out;            /* inside the result object */
	struct request_error *error; /* filled where the command fails */
};

struct command {
	const char *name;
	enum command_right right;
	enum command_data data;
	const char *help;
	/* 0, or -EXF_E_x with the error filled; what it wrote is thrown away then. */
	int (*run)(struct call *c);
};

const struct command *command_find(const char *name);
/* "alerts, doctor, ..." */
void command_names(char *dst, size_t size);
int command_fail(struct call *c, const char *code, const char *message, const char *hint);
/* 0 for "", the severity's number, or UINT_MAX */
unsigned command_severity(const char *level);

#define COMMAND(name, right, data, help) int command_##name(struct call *c);
#include "commands.def"
#undef COMMAND

#endif
