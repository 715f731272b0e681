/*
 * engine/mutes.h - what an analyst has said of alerts: silence for a while, and right or wrong.
 *
 * What: a mute takes findings of the same cause (rule, subject, and object or peer) until packet
 * time has reached its end.  A verdict is counted for the alert's rule: its measured precision.
 * Both are of alerts among the last MUTES_RECENT that went out, and outlive the process.
 * Ownership: a value.  Threads: analysis plane.
 * Limits: MUTES_MAX mutes (a further one is refused), VERDICT_RULES rules.
 */
#ifndef EXFILD_SRC_ENGINE_MUTES_H
#define EXFILD_SRC_ENGINE_MUTES_H

#include "exfild/alert/alert.h"
#include "exfild/alert/ident.h"
#include "exfild/base/keep.h"

#define MUTES_MAX     256
#define MUTES_RECENT  1024
#define VERDICT_RULES 64

struct mute {
	uint32_t number; /* by which it is removed; 0: a free place */
	uint8_t key[IDENT_KEY_SIZE];
	char rule[64], source[64], destination[96], reason[96];
	char alert_id[ALERT_ID_MAX];
	uint64_t until_ns, last_ns, silenced;
	bool is_warned; /* that it ends soon */
};

struct recent_alert {
	uint8_t key[IDENT_KEY_SIZE];
	char alert_id[ALERT_ID_MAX];
	char rule[64], source[64], destination[96];
	int8_t verdict; /* 1 right, -1 wrong, 0 none yet */
	/* that exceptions look at; of a longer domain its end */
	struct finding_end subject, peer;
	char domain[128];
	uint32_t tunnel_id;
	uint64_t time_ns;
};

struct verdict {
	char rule[64];
	uint64_t right, wrong;
};

struct mutes {
	struct mute list[MUTES_MAX];
	uint32_t next_number;
	struct recent_alert recent[MUTES_RECENT];
	size_t recent_next;
	struct verdict verdicts[VERDICT_RULES];
};

/* An alert went out. */
void mutes_note(struct mutes *m, const struct alert *a);
/* Whether a mute takes this finding; it is counted there. */
bool mutes_take(struct mutes *m, const struct finding *f, uint64_t now_ns);
/* The number of the mute; 0: the alert is not known, or all places are taken. */
uint32_t mutes_add(struct mutes *m, const char *alert_id, uint64_t until_ns, const char *reason);
bool mutes_remove(struct mutes *m, uint32_t number);
/* False: the alert is not known. */
bool mutes_judge(struct mutes *m, const char *alert_id, bool is_right);
/* What of it outlives the process. */
void mutes_keep(struct mutes *m, struct keep_list *list);

#endif
