/*
 * inspect/smtp/mail.h - the content of one mail while it passes (RFC 5322, RFC 2045 to 2047).
 *
 * What: fed line by line; keeps what its head says, the first bytes of its first text and of each
 * attachment, undone from base64 or quoted-printable.
 * Ownership: the mails of a shard lie in its shard state; a flow borrows one by number.
 * Threads: one shard.
 * Limits: SMTP_MAILS under way a shard, past that the one that was idle for longest is given up;
 * three boundaries, one nested in the other; MAIL_TEXT bytes of the text, MAIL_FILE of an
 * attachment.
 */
#ifndef EXFILD_INSPECT_SMTP_MAIL_H
#define EXFILD_INSPECT_SMTP_MAIL_H

#include "exfild/event/event.h"
#include "exfild/inspect/inspector.h"
#include "../content/filesums.h"
#include "../line.h"

#define SMTP_MAILS 64
#define MAIL_TEXT  2048
#define MAIL_FILE  1024
#define MAIL_RUN   1024

enum mail_coding { MAIL_PLAIN, MAIL_BASE64, MAIL_QUOTED };

struct mail_text {
	uint16_t len;
	uint8_t data[192];
};

struct mail {
	uint64_t size;
	uint32_t head_marks; /* enum mail_mark */
	bool is_head;        /* its own head, or that of a part */
	bool is_top;         /* the head is the mail's own */
	bool has_subject;
	bool is_attachment; /* of the part that is under way */
	bool is_text;
	bool is_holder; /* multipart: what comes before its first part is nothing */
	bool was_text;  /* a text has been kept */
	uint8_t coding; /* enum mail_coding */
	uint8_t field;  /* the last field of the head, for the lines that continue it */
	uint8_t boundaries;
	uint8_t attachments;
	uint8_t attachment_type; /* enum file_type */
	uint8_t boundary_len[3];
	char boundary[3][72];
	struct mail_text subject, mailer, file_name, best_name, declared;
	uint16_t text_len, part_len;
	uint32_t carry; /* bits of base64 between lines */
	uint8_t carry_bits;
	uint64_t part_seen;
	/* of the part, where its bytes are those of a file; of one in lines of text, with line ends
	   of one byte and with those of the wire */
	struct sum sum, wire_sum;
	bool has_break, has_lines; /* an end of a line waits, has been */
	bool is_break;             /* what is added is no byte of the file */
	uint16_t summed;           /* bytes of the run that are in them, or before them */
	uint16_t run_len;          /* undone, and not yet looked through */
	uint8_t run[MAIL_RUN];
	uint8_t text[MAIL_TEXT];
	uint8_t part[MAIL_FILE];
};

void mail_begin(struct mail *m);
/* A line without its end, the dot that was added in front of another taken away. */
void mail_line(struct inspection *in, struct mail *m, struct line l);
/* So many of its bytes are missing: the lines behind them go on, its files are not whole. */
void mail_gap(struct inspection *in, struct mail *m, uint32_t missing);
/* What was undone and waits is looked through; is_over: the mail is at its end. */
void mail_scan(struct inspection *in, struct mail *m, bool is_over);
/* The part that is under way ends; is_whole: so the mail says. */
void mail_end(struct inspection *in, struct mail *m, bool is_whole);

#endif
