/*
 * engine/clock.h - design law 1: one clock, packet time.
 *
 * What: now = max(now, packet time).  An older packet is handled at now and counted late.  A jump
 * ahead of over an hour counts only when three packets in a row of that input agree; until then its
 * packets are handled at now.  Live, three packets in a row of over BACK_NS ago mean that the clock
 * was set back: packet time runs on from now, ahead of the clock, until that is set forward.
 * Threads: the reader.
 */
#ifndef EXFILD_SRC_ENGINE_CLOCK_H
#define EXFILD_SRC_ENGINE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock_input {
	uint64_t earliest; /* of the packets that claim a jump */
	uint32_t claims;   /* in a row */
	uint32_t behind;   /* packets in a row from well before now */
};

struct clock_law {
	uint64_t now_ns;
	struct clock_input *inputs;
	uint32_t input_count;
	bool follows_back; /* live: a clock that was set back is followed */
	uint64_t ahead_ns; /* by which packet time runs ahead of the inputs' */
	uint64_t late, leaps, doubted, steps_back;
};

/* Packet time for a stamp of an input; *ret_leap is the jump that has just been accepted, or 0. */
uint64_t clock_stamp(struct clock_law *c, uint32_t input, uint64_t time_ns, uint64_t *ret_leap);
/* Another clock that follows the same law has come to this time; a jump is not followed. */
void clock_follow(struct clock_law *c, uint64_t now_ns);
void clock_deinit(struct clock_law *c);

#endif
