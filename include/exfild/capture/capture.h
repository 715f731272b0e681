/*
 * capture/capture.h - where frames come from.
 *
 * What: files, folders and standard input in one stream of frames, merged by time.  Files are
 * opened once to learn their first time, and again when the stream gets there.  Ties go to the
 * input named first; folders are sorted by bytes.  Formats: pcap (both byte orders, micro- and
 * nanoseconds, modified Kuznetzov records) and pcapng, either inside .gz or .zst.
 * Ownership: a frame's bytes belong to its block; they live while the block is held.  Without a
 * hold they are valid until the next capture_next().
 * Threads: one reader.
 * Limits: at most 512 files and 256 MiB are open at once: further ones that overlap in time are
 * closed and taken up again, which is slow for packed ones.  Records over 16 MiB are damage.
 */
#ifndef EXFILD_CAPTURE_CAPTURE_H
#define EXFILD_CAPTURE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/block.h"
#include "exfild/base/err.h"

/* Link types are libpcap's DLT_/LINKTYPE_ file values (1 Ethernet, 101 raw, 113 SLL ...). */
struct frame {
	const uint8_t *data;
	uint32_t caplen;     /* bytes that are there */
	uint32_t wirelen;    /* bytes that were on the wire; never under caplen */
	uint64_t time_ns;    /* as the input says, since 1970; the clock law is applied later */
	uint64_t number;     /* 1, 2, ... of the frames given out, in merged order */
	uint32_t linktype;   /* raw IP is 101, also where a file says 12 */
	uint32_t input;      /* index of the input file, for the clock law */
	struct block *block; /* owner of data */
};

struct capture;

struct capture_options {
	const char *const *paths; /* files, folders, "-" */
	size_t path_count;
	uint64_t since_ns, until_ns; /* from and with, up to and without; 0: open */
	const char *filter;          /* BPF expression, NULL or "" for none */
};

/* One input that could not be read to its end, or not at all. */
struct capture_damage {
	const char *path;
	uint64_t offset;  /* byte in the (decompressed) input */
	char reason[160]; /* a sentence, without file and offset */
};

struct capture_stats {
	uint64_t frames, bytes;            /* given out */
	uint64_t filtered, out_of_time;    /* left out by BPF, by since/until */
	uint64_t input_bytes, input_total; /* read so far, to read (0: unknown), for progress */
	uint32_t inputs;
};

/*
 * Opens nothing but what it must look at. 0, or -EXF_E_INVALID (bad filter: *ret_why says what),
 * -EXF_E_NOMEM. Unreadable inputs are damage, not failure.
 */
int capture_open(const struct capture_options *options, struct capture **ret, char *ret_why,
		 size_t why_size) EXF_MUST_USE;
void capture_close(struct capture *c);
/*
 * Inputs that wait for others (pipes, terminals) end where they are, within a second, also if
 * capture_next() is waiting; may be called from a signal's handler.  False takes it back.
 */
void capture_interrupt(bool on);

#define CAPTURE_END 1
/* 0: a frame; CAPTURE_END: all inputs are at their end; -EXF_E_NOMEM. */
int capture_next(struct capture *c, struct frame *ret) EXF_MUST_USE;

/* Nobody can read this frame's link type: said once an input, as damage. */
void capture_refuse_link(struct capture *c, const struct frame *f);

const struct capture_stats *capture_stats(const struct capture *c);
size_t capture_damage_count(const struct capture *c);
const struct capture_damage *capture_damage(const struct capture *c, size_t i);
/* The path of an input, for messages. */
const char *capture_input_path(const struct capture *c, uint32_t input);

/* Writing pcapng, for evidence: one interface per link type, made as needed. */
struct capture_writer;
int capture_writer_open(const char *path, struct capture_writer **ret) EXF_MUST_USE;
/*
 * The same into an open file, at its place: what is there stays, as sections before this one.
 * Closing the writer closes fd; a failed call leaves it open.
 */
int capture_writer_open_fd(int fd, struct capture_writer **ret) EXF_MUST_USE;
/* comment: UTF-8 text of the packet's opt_comment, or NULL. */
int capture_writer_put(struct capture_writer *w, const struct frame *f,
		       const char *comment) EXF_MUST_USE;
/* A remark about the whole, as the comment of an interface statistics block. */
int capture_writer_note(struct capture_writer *w, uint64_t time_ns,
			const char *comment) EXF_MUST_USE;
int capture_writer_flush(struct capture_writer *w) EXF_MUST_USE;
int capture_writer_close(struct capture_writer *w) EXF_MUST_USE;

#endif
