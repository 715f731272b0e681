/*
 * inspect/ssh/session.h - what an SSH connection does once it is encrypted, from sizes and times.
 *
 * What: whether a log-in was refused or accepted, who types, and whether the initiator plays the
 * server.  Each segment counts as one record: both ends flush after every packet while they log in
 * and while somebody types.
 * Ownership: a value in the inspector's state.
 * Threads: that of the shard.
 * Limits: SSH_RECORDS_MAX segments are looked at.
 */
#ifndef EXFILD_SRC_INSPECT_SSH_SESSION_H
#define EXFILD_SRC_INSPECT_SSH_SESSION_H

#include "exfild/inspect/inspector.h"

#define SSH_RECORDS_MAX 600

enum ssh_role { SSH_ROLE_UNKNOWN, SSH_ROLE_USUAL, SSH_ROLE_REVERSED };

struct ssh_session {
	uint64_t login_ns; /* of the success; before: of the client's last record */
	uint64_t last_ns;  /* of the last record */
	uint64_t key_ns;   /* of the last key */
	uint64_t bytes[2]; /* index 0: from the initiator */
	uint16_t records[2];
	uint16_t keys[2];
	uint16_t opened[2];  /* see struct event_session */
	uint16_t accept_len; /* of the answer that the service may be asked for, 0: not seen */
	uint16_t fail_len;   /* of a refusal, 0: not seen */
	uint8_t role;        /* enum ssh_role */
	uint8_t failures, asked;
	bool is_logged_in, is_told, was_small_alone;
	bool was_open; /* the last record may ask for a connection to be passed on */
	bool is_passing_told;
	uint8_t last_side;
};

/* The key exchange tells whether the initiator is the client. */
void ssh_session_role(struct ssh_session *s, struct inspection *in, bool is_usual);
/* A segment after NEWKEYS; is_rest: it stood behind other packets, its size says nothing. */
enum inspect_verdict ssh_session_record(struct ssh_session *s, struct inspection *in, uint32_t len,
					bool is_rest);
void ssh_session_end(struct ssh_session *s, struct inspection *in);

#endif
