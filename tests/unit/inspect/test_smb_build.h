/*
 * unit/inspect/test_smb_build.h - messages of SMB 1, 2 and 3, for tests.
 */
#ifndef EXFILD_TESTS_SMB_BUILD_H
#define EXFILD_TESTS_SMB_BUILD_H

#include "support/inspect_harness.h"
#include "test_ntlmssp_build.h"

#define MESSAGE_MAX 20000

struct message {
	size_t len;
	uint8_t b[MESSAGE_MAX];
};

static inline void put(struct message *m, const void *data, size_t len)
{
	assert(m->len + len <= MESSAGE_MAX);
	if (len)
		memcpy(m->b + m->len, data, len);
	m->len += len;
}

static inline void le(struct message *m, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8) {
		uint8_t b = (uint8_t)v;
		put(m, &b, 1);
	}
}

static inline void zeros(struct message *m, size_t n)
{
	while (n--)
		le(m, 0, 1);
}

static inline void text16(struct message *m, const char *text)
{
	for (; *text; text++)
		le(m, (uint8_t)*text, 2);
}

static inline void set_le(struct message *m, size_t at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++, v >>= 8)
		m->b[at + i] = (uint8_t)v;
}

/* The head of NetBIOS is filled in by nbss_end(). */
static inline void nbss_begin(struct message *m)
{
	m->len = 0;
	zeros(m, 4);
}

static inline void nbss_set(struct message *m, size_t len)
{
	m->b[1] = (uint8_t)(len >> 16);
	m->b[2] = (uint8_t)(len >> 8);
	m->b[3] = (uint8_t)len;
}

static inline void nbss_end(struct message *m)
{
	nbss_set(m, m->len - 4);
}

struct smb2_ids {
	uint64_t session;
	uint32_t tree;
	uint64_t message;
};

static inline size_t smb2_begin(struct message *m, const struct smb2_ids *id, uint16_t command,
				uint32_t flags, uint32_t status)
{
	size_t at = m->len;
	put(m, "\xfeSMB", 4);
	le(m, 64, 2);
	le(m, 0, 2);
	le(m, status, 4);
	le(m, command, 2);
	le(m, 1, 2);
	le(m, flags, 4);
	le(m, 0, 4);
	le(m, id->message, 8);
	le(m, 0, 4);
	le(m, id->tree, 4);
	le(m, id->session, 8);
	zeros(m, 16);
	return at;
}

/* A SPNEGO answer or a bare NTLM message as a session set-up. */
static inline void smb2_session(struct message *m, const struct smb2_ids *id,
				const struct blob *token)
{
	size_t at = smb2_begin(m, id, 1, 0, 0);
	le(m, 25, 2);
	zeros(m, 10);
	le(m, m->len - at + 12, 2);
	le(m, token->len, 2);
	zeros(m, 8);
	put(m, token->b, token->len);
}

static inline void smb2_tree(struct message *m, const struct smb2_ids *id, const char *path)
{
	smb2_begin(m, id, 3, 0, 0);
	le(m, 9, 2);
	le(m, 0, 2);
	le(m, 72, 2);
	le(m, 2 * strlen(path), 2);
	text16(m, path);
}

static inline void smb2_tree_answer(struct message *m, const struct smb2_ids *id, uint8_t type,
				    uint32_t status)
{
	smb2_begin(m, id, 3, 1, status);
	le(m, 16, 2);
	le(m, type, 1);
	zeros(m, 13);
}

static inline void smb2_create(struct message *m, const struct smb2_ids *id, const char *name,
			       uint32_t access, uint32_t disposition, uint32_t options)
{
	smb2_begin(m, id, 5, 0, 0);
	le(m, 57, 2);
	zeros(m, 22);
	le(m, access, 4);
	zeros(m, 8);
	le(m, disposition, 4);
	le(m, options, 4);
	le(m, 120, 2);
	le(m, 2 * strlen(name), 2);
	zeros(m, 8);
	text16(m, name);
}

static inline void smb2_create_answer(struct message *m, const struct smb2_ids *id, uint64_t file,
				      uint64_t size, uint32_t attributes)
{
	smb2_begin(m, id, 5, 1, 0);
	le(m, 89, 2);
	zeros(m, 46);
	le(m, size, 8);
	le(m, attributes, 4);
	le(m, 0, 4);
	le(m, file, 8);
	le(m, file + 1, 8);
	zeros(m, 8);
}

/* Close, with no body but the file. */
static inline void smb2_close(struct message *m, const struct smb2_ids *id, uint64_t file)
{
	smb2_begin(m, id, 6, 0, 0);
	le(m, 24, 2);
	zeros(m, 6);
	le(m, file, 8);
	le(m, file == UINT64_MAX ? file : file + 1, 8);
}

/* The head of a write of `len` bytes, which follow. */
static inline void smb2_write(struct message *m, const struct smb2_ids *id, uint64_t file,
			      uint64_t off, uint32_t len)
{
	smb2_begin(m, id, 9, 0, 0);
	le(m, 49, 2);
	le(m, 112, 2);
	le(m, len, 4);
	le(m, off, 8);
	le(m, file, 8);
	le(m, file == UINT64_MAX ? file : file + 1, 8);
	zeros(m, 16);
}

static inline void smb2_write_answer(struct message *m, const struct smb2_ids *id, uint32_t count)
{
	smb2_begin(m, id, 9, 1, 0);
	le(m, 17, 2);
	le(m, 0, 2);
	le(m, count, 4);
	zeros(m, 8);
}

static inline void smb2_read(struct message *m, const struct smb2_ids *id, uint64_t file,
			     uint64_t off, uint32_t len)
{
	smb2_begin(m, id, 8, 0, 0);
	le(m, 49, 2);
	le(m, 0, 2);
	le(m, len, 4);
	le(m, off, 8);
	le(m, file, 8);
	le(m, file + 1, 8);
	zeros(m, 17);
}

static inline void smb2_read_answer(struct message *m, const struct smb2_ids *id, uint32_t len)
{
	smb2_begin(m, id, 8, 1, 0);
	le(m, 17, 2);
	le(m, 80, 2);
	le(m, len, 4);
	zeros(m, 8);
}

/* An answer without a body that matters. */
static inline void smb2_plain_answer(struct message *m, const struct smb2_ids *id, uint16_t command,
				     uint32_t status)
{
	smb2_begin(m, id, command, 1, status);
	le(m, 60, 2);
	zeros(m, 58);
}

static inline void smb2_set_info(struct message *m, const struct smb2_ids *id, uint64_t file,
				 uint8_t class, const void *info, size_t len)
{
	smb2_begin(m, id, 17, 0, 0);
	le(m, 33, 2);
	le(m, 1, 1);
	le(m, class, 1);
	le(m, len, 4);
	le(m, 96, 2);
	zeros(m, 6);
	le(m, file, 8);
	le(m, file + 1, 8);
	put(m, info, len);
}

/* ---- SMB 1 ---- */

struct smb1_ids {
	uint16_t tree, user, message;
};

/* Flags 2: NT status, and characters of two bytes where asked. */
static inline void smb1_begin(struct message *m, const struct smb1_ids *id, uint8_t command,
			      bool is_answer, uint32_t status, bool is_unicode)
{
	put(m, "\xffSMB", 4);
	le(m, command, 1);
	le(m, status, 4);
	le(m, is_answer ? 0x80 : 0, 1);
	le(m, is_unicode ? 0xc000 : 0x4000, 2);
	zeros(m, 12);
	le(m, id->tree, 2);
	le(m, 77, 2);
	le(m, id->user, 2);
	le(m, id->message, 2);
}

static inline void smb1_trans(struct message *m, const struct smb1_ids *id, uint8_t command,
			      uint16_t total, uint16_t len, uint16_t setup0, uint16_t setup1)
{
	smb1_begin(m, id, command, false, 0, false);
	le(m, 16, 1);
	le(m, 0, 2);
	le(m, total, 2);
	zeros(m, 14);
	le(m, 0, 2);
	le(m, 68, 2);
	le(m, len, 2);
	le(m, 68, 2);
	le(m, 2, 1);
	le(m, 0, 1);
	le(m, setup0, 2);
	le(m, setup1, 2);
	le(m, len + 1u, 2);
	zeros(m, 1);
	zeros(m, len);
}

static inline void smb1_nt_trans(struct message *m, const struct smb1_ids *id, uint32_t total,
				 uint32_t len, uint16_t function)
{
	smb1_begin(m, id, 0xa0, false, 0, false);
	le(m, 19, 1);
	le(m, 1, 1);
	le(m, 0, 2);
	le(m, 0, 4);
	le(m, total, 4);
	zeros(m, 8);
	le(m, 0, 4);
	le(m, 73, 4);
	le(m, len, 4);
	le(m, 73, 4);
	le(m, 0, 1);
	le(m, function, 2);
	le(m, len, 2);
	zeros(m, len);
}

static inline void smb1_secondary(struct message *m, const struct smb1_ids *id, uint8_t command,
				  uint16_t total, uint16_t at, uint16_t len)
{
	smb1_begin(m, id, command, false, 0, false);
	le(m, 9, 1);
	le(m, 0, 2);
	le(m, total, 2);
	le(m, 0, 2);
	le(m, 0, 2);
	le(m, 0, 2);
	le(m, len, 2);
	le(m, 53, 2);
	le(m, at, 2);
	le(m, 0, 2);
	le(m, len, 2);
	zeros(m, len);
}

static inline void smb1_plain_answer(struct message *m, const struct smb1_ids *id, uint8_t command,
				     uint32_t status)
{
	smb1_begin(m, id, command, true, status, false);
	zeros(m, 3);
}

#endif
