/*
 * capture/input.h - one input: a file that is opened, put aside and opened again.
 *
 * What: joins a window of bytes with the reader of its format (classic.c, pcapng.c), and knows
 * where the next record begins so that it can be closed and taken up there.
 * Ownership: owns its path, its window and its interfaces; borrows the capture's damage list.
 * Threads: one owner.
 * Limits: records of at most INPUT_RECORD_MAX bytes, INPUT_INTERFACES_MAX interfaces a section.
 */
#ifndef EXFILD_CAPTURE_INPUT_H
#define EXFILD_CAPTURE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/cursor.h"
#include "exfild/capture/capture.h"
#include "damage.h"
#include "window.h"

#define INPUT_RECORD_MAX     (16u * 1024 * 1024)
#define INPUT_INTERFACES_MAX 65536u
#define INPUT_NS             1000000000ull /* nanoseconds a second */

/* How the lengths of a classic record are to be read. */
enum classic_order { CLASSIC_CAPLEN_FIRST, CLASSIC_CAPLEN_SECOND, CLASSIC_CAPLEN_SMALLER };

struct classic {
	uint32_t linktype;
	int32_t fraction_ns; /* nanoseconds of one unit of the second time field */
	uint8_t record_head; /* 16, modified records 24 */
	uint8_t order;       /* enum classic_order */
};

/* What turns a pcapng time into nanoseconds. */
enum pcapng_scale { PCAPNG_MULTIPLY, PCAPNG_DIVIDE, PCAPNG_SHIFT, PCAPNG_UNUSABLE };

struct pcapng_interface {
	uint64_t factor;  /* to multiply or divide by; bits to shift by */
	int64_t offset_s; /* added */
	uint32_t linktype;
	uint32_t snaplen; /* 0: none */
	uint8_t scale;    /* enum pcapng_scale */
};

struct pcapng {
	struct pcapng_interface *interfaces; /* of this section */
	uint32_t count, capacity;
};

struct input {
	struct window window;
	int (*next)(struct input *in, struct frame *ret); /* NULL until the format is known */
	bool big;                                         /* byte order of the file */
	bool is_fixed;                                    /* cannot be closed and opened again */
	struct classic classic;
	struct pcapng pcapng;
	uint64_t record_offset; /* where the record given last begins */
	uint64_t newest_ns;     /* the greatest time given so far */
	uint64_t raw_seen;      /* bytes of the file read so far, for progress */
	struct frame pending;   /* merged: the next frame to give */
	uint32_t index;
	uint32_t said; /* kinds of damage said */
	char *path;
	struct damage_list *damage;
	struct window_pool *pool;
};

void input_deinit(struct input *in);
/*
 * Opens the input, at its beginning or where it was parked.  0, CAPTURE_END (damage is said),
 * -EXF_E_LIMIT (no file descriptor is left; nothing is said) or -EXF_E_NOMEM.
 */
int input_load(struct input *in) EXF_MUST_USE;
/* Closes it such that input_load finds the record given last again. */
void input_park(struct input *in);
/* The next frame (without its number), CAPTURE_END or -EXF_E_NOMEM. */
static inline int input_next(struct input *in, struct frame *ret)
{
	return in->next(in, ret);
}
/* Says why nothing can be read on from here and ends the input. Always CAPTURE_END. */
int input_fail(struct input *in, uint64_t offset, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * There are not `need` bytes at the window's position: the end if there are none, else a cut
 * ("the file ends inside <what>"), an error of the stream or of memory.
 */
int input_end(struct input *in, size_t need, const char *what);

static inline uint32_t input_u32(const struct input *in, struct cursor *c)
{
	return in->big ? cursor_be32(c) : cursor_le32(c);
}

static inline uint16_t input_u16(const struct input *in, struct cursor *c)
{
	return in->big ? cursor_be16(c) : cursor_le16(c);
}

/* Link type 12 is what some systems write for raw IP, which files call 101. */
static inline uint32_t input_linktype(uint32_t linktype)
{
	return linktype == 12 ? 101 : linktype;
}

/* Fills a frame whose bytes are in the window, and keeps the times. */
static inline void input_give(struct input *in, struct frame *ret, const uint8_t *data,
			      uint32_t caplen, uint32_t wirelen, uint64_t time_ns)
{
	ret->data = data;
	ret->caplen = caplen;
	ret->wirelen = wirelen > caplen ? wirelen : caplen;
	ret->time_ns = time_ns;
	ret->input = in->index;
	ret->block = in->window.block;
	if (time_ns > in->newest_ns)
		in->newest_ns = time_ns;
}

/* classic.c: 0 when the window begins with a file header of this format; CAPTURE_END: damaged. */
bool classic_detect(const uint8_t magic[4]);
int classic_open(struct input *in) EXF_MUST_USE;
/* pcapng.c */
bool pcapng_detect(const uint8_t magic[4]);
int pcapng_open(struct input *in) EXF_MUST_USE;

#endif
