/*
 * control/server.h - the control socket and the metrics port.
 *
 * What: answers exfilctl on a unix socket in JSON lines, and Prometheus over HTTP, from the board.
 * Who may: root, the user that the daemon runs as and the group exfild-admin act; the group exfild
 * reads.  Every act is logged with the user's number.
 * Ownership: borrows the board; owns a thread, the socket's file and the ports.
 * Limits: CONTROL_CLIENTS clients, CONTROL_REQUEST_MAX bytes a request; a client that takes no
 * answer for 10 s, or asks nothing for 60 s, is cut.
 */
#ifndef EXFILD_CONTROL_SERVER_H
#define EXFILD_CONTROL_SERVER_H

#include "exfild/base/err.h"
#include "exfild/control/board.h"

#define CONTROL_CLIENTS     32
#define CONTROL_REQUEST_MAX 8192

#define TRIAL_HITS  100
#define TRIAL_CASES 24

struct config;
struct drills;

/* What came of reading the configuration again. */
struct control_reload {
	char changed[1024]; /* keys, "a.b, c.d"; "" none */
	char restart[512];  /* keys that take effect at restart */
	char why[512];      /* it was refused: file:line:column and a sentence */
	uint64_t took_ns, pause_ns;
};

/* The packets behind an alert. */
struct control_evidence {
	bool is_kept; /* at all, by this daemon */
	bool is_open; /* more may come */
	char path[4352];
	uint64_t bytes, packets; /* packets 0: not known, of an earlier run */
};

/* What an analyst says of alerts. */
enum control_order_kind {
	CONTROL_SNOOZE,
	CONTROL_UNMUTE,
	CONTROL_VERDICT,
	CONTROL_TRIAL,
	CONTROL_HABITS,
	CONTROL_REVEAL
};

/* What is asked of the habits of hosts, and what is told. */
enum control_habits_kind {
	CONTROL_HABITS_SHOW, /* the first by what they send, or one address */
	CONTROL_HABITS_SAVE, /* entries from a place on */
	CONTROL_HABITS_LOAD,
	CONTROL_HABITS_RESET
};

#define CONTROL_HABIT_ROWS  256
#define CONTROL_HABIT_SLOTS 48
#define CONTROL_HABIT_SAVED 32 /* entries of one answer */

struct control_habits {
	enum control_habits_kind kind;
	const char *address; /* "": all */
	const char *entries; /* to be loaded: hexadecimal, apart by commas */
	bool is_merge;       /* load: only where the entry has been watched longer */
	uint32_t limit, from;
	uint64_t learning_left_ns;
	uint32_t hosts; /* that are known */
	uint32_t next;  /* place to go on from; 0: all were told */
	uint32_t taken, stayed, refused, full;
	struct control_habit {
		char address[48];
		double usual_day, most_day, weeks, today; /* bytes */
		uint32_t days, active_days;
		bool is_suspect, is_learnt;
	} rows[CONTROL_HABIT_ROWS];
	size_t row_count;
	/* of one address: the usual of each hour, of working days, then of weekends */
	double hour_usual[CONTROL_HABIT_SLOTS], hour_active[CONTROL_HABIT_SLOTS];
	char *saved; /* CONTROL_HABIT_SAVED texts of saved_size, one after the other */
	size_t saved_size, saved_count;
};

/* Which alerts an exception would silence if they came now. */
struct control_trial {
	const char *exception; /* as YAML; "": those of the configuration */
	const char *alert;     /* only this one of the last alerts; "": all of them */
	/* "RULE SOURCE DESTINATION PORT DOMAIN;...", "-" for none, TRIAL_CASES at most: these, not
	 * the last alerts; "" */
	const char *cases;
	const struct config *config; /* what became of `exception`; the engine's own */
	uint32_t looked, silenced;   /* alerts */
	uint64_t since_ns;           /* of the oldest one that was looked at */
	uint32_t silenced_cases;     /* a bit for each */
	struct {
		char alert[40], rule[64], source[64], destination[96];
		uint64_t time_ns;
	} hits[TRIAL_HITS];
	size_t hit_count;
};

struct control_order {
	enum control_order_kind kind;
	char alert[40], reason[96];
	uint64_t seconds; /* of a snooze */
	uint32_t number;  /* of a mute: to be ended, or that was made */
	bool is_right;    /* the verdict */
	struct control_trial *trial;
	struct control_habits *habits;
	const char *names; /* of a reveal: candidates, apart by commas; `alert` is the pseudonym */
	int err;           /* what came of it */
	char text[512];
};

/* What is asked of indicators, and what is told. */
enum control_intel_kind {
	CONTROL_INTEL_STATS,
	CONTROL_INTEL_SEARCH,
	CONTROL_INTEL_ADD,
	CONTROL_INTEL_REMOVE,
	CONTROL_INTEL_RELOAD
};

#define CONTROL_FEEDS 64
#define CONTROL_FOUND 16

struct control_intel {
	enum control_intel_kind kind;
	const char *value, *reason;
	char text[512]; /* what came of it, or why nothing did */
	uint64_t count, bytes;
	struct control_feed {
		char name[64], format[12], error[320];
		uint64_t items, lines, broken, guarded, unsupported, left_out;
		bool is_held;
	} feeds[CONTROL_FEEDS];
	size_t feed_count;
	struct control_found {
		char type[24], value[256], feed[64], note[96];
		char tlp[16], severity[16];  /* "": not told */
		uint64_t first_ns, until_ns; /* 0: not told */
		uint32_t line, confidence;
	} found[CONTROL_FOUND];
	size_t found_count;
};

/* What a client did, or was refused; texts are borrowed for the call and hostile. */
struct control_act {
	uint32_t user;       /* its number */
	const char *command; /* "snooze" */
	const char *about;   /* an alert, a value, a number; "" */
	const char *reason;  /* "" */
	const char *outcome; /* "done", or why not */
	bool is_done;
};

struct control_options {
	const char *socket_path; /* NULL or "": no socket */
	const char *listen;      /* ADDRESS:PORT of the metrics; NULL or "": none */
	struct board *board;
	struct drills *drills; /* NULL: nothing live is looked at */
	/* 0: done. NULL: this program cannot. Called on the control thread. */
	int (*reload)(void *arg, struct control_reload *ret);
	/* 0: there are some. NULL: this program keeps none. Called on the control thread. */
	int (*evidence)(void *arg, const char *alert_id, struct control_evidence *ret);
	/* How many go again; below 0: none can. NULL: none ever. Called on the control thread. */
	int64_t (*resend)(void *arg, uint64_t from, uint64_t until);
	/* 0: done; else why is in order->text. NULL: this program cannot. On the control thread. */
	int (*order)(void *arg, struct control_order *order);
	/* 0: done; else why is in q->text. NULL: this program cannot. On the control thread. */
	int (*intel)(void *arg, struct control_intel *q);
	/* NULL: nobody keeps it. On the control thread. */
	void (*acted)(void *arg, const struct control_act *act);
	void *arg;
};

struct control;

/*
 * Opens socket and port and starts the thread.  A socket that nobody listens on is taken over; one
 * that answers is refused: another daemon runs.
 */
int control_start(const struct control_options *o, struct control **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* Ends the thread within a second, removes the socket's file. */
void control_stop(struct control *c);

#endif
