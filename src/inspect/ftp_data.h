/*
 * inspect/ftp_data.h - FTP's data connections: the files that they carry (RFC 959, 3.2).
 *
 * What: the control connection announces which file comes over which address and port; the flow
 * that begins there is read for its first bytes and counted.
 * Ownership: announcements lie in the shard state of the ftp inspector; both connections are
 * between the same hosts, so of one shard.
 * Threads: one shard.
 * Limits: FTP_ANNOUNCED files at a time, the oldest gives way.
 */
#ifndef EXFILD_SRC_INSPECT_FTP_DATA_H
#define EXFILD_SRC_INSPECT_FTP_DATA_H

#include "exfild/inspect/inspector.h"
#include "content/filesums.h"

#define FTP_ANNOUNCED 32
#define FTP_NAME      96
#define FTP_FIRST     256 /* bytes that tell what a file is */

struct ftp_announced {
	struct ipaddr client, server;
	uint16_t port; /* listened on; 0: free */
	bool is_passive;
	bool is_part; /* it goes on where another transfer has ended */
	uint8_t name_len;
	uint8_t name[FTP_NAME];
};

struct ftp_shard {
	struct ftp_announced announced[FTP_ANNOUNCED];
	uint32_t count; /* announcements that wait */
	uint32_t next;
};

/* State of a data connection. */
struct ftp_data {
	uint64_t seen;
	struct sum sum;
	uint16_t kept;
	uint8_t name_len;
	uint8_t side; /* that sends */
	bool is_passive, is_part;
	uint8_t name[FTP_NAME];
	uint8_t first[FTP_FIRST];
};

/* The control connection `in` has begun a transfer, on the place's port and in its way; names
 * longer than FTP_NAME are cut. */
void ftp_data_announce(struct inspection *in, const struct ftp_announced *place,
		       const uint8_t *name, uint32_t len);
bool ftp_data_expects(const void *shard_state, const struct packet *p);
/* The announcement of this flow is taken; false: there is none. */
bool ftp_data_begin(struct inspection *in, struct ftp_data *d);
void ftp_data_take(struct inspection *in, struct ftp_data *d, const uint8_t *data, uint32_t len);
/* So many bytes are missing, UINT32_MAX: not known. */
void ftp_data_gap(struct inspection *in, struct ftp_data *d, uint32_t missing);
void ftp_data_end(struct inspection *in, struct ftp_data *d);

#endif
