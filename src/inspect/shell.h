/*
 * inspect/shell.h - a conversation that may be with a command shell.
 *
 * What: fed both sides in order, in any portions, of a connection or of what rides in one; writes
 * event_shell once it is sure, and once more at the end if there is more to tell.
 * Ownership: lies in an inspector's state, or in its shard's.  Threads: one shard.
 * Limits: 64 KiB of both sides; what is typed is not kept, but for the first known command.
 */
#ifndef EXFILD_INSPECT_SHELL_H
#define EXFILD_INSPECT_SHELL_H

#include "exfild/inspect/inspector.h"

#define SHELL_TAIL  96
#define SHELL_TYPED 64
#define SHELL_WORD  12

struct shell_side {
	uint8_t marks; /* enum shell_mark, of what it answers */
	uint8_t typed_len, tail_len;
	uint16_t commands; /* known ones that it typed */
	uint8_t typed[SHELL_TYPED];
	uint8_t tail[SHELL_TAIL]; /* the last bytes that it sent */
};

struct shell_talk {                /* zeroed at the begin */
	struct shell_side side[2]; /* 0: initiator */
	uint32_t bytes;
	uint8_t shell; /* side of the shell, 2: not known yet */
	bool is_told, has_news;
	bool is_brought_only; /* set by the owner: a shell at the responder is none of its business
			       */
	uint8_t word_len;
	uint8_t word[SHELL_WORD];
};

/* What of the text only shells say, or may: enum shell_mark. */
uint8_t shell_marks(const uint8_t *data, size_t len);
/* The next bytes of the inspection's side. */
void shell_talk_take(struct shell_talk *s, struct inspection *in, const uint8_t *data,
		     uint32_t len);
/* Enough was read. */
bool shell_talk_is_over(const struct shell_talk *s);
/* No more comes. */
void shell_talk_end(struct shell_talk *s, struct inspection *in);

#endif
