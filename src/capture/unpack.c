#include "unpack.h"

#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

struct unpack {
	enum unpack_codec codec;
	bool inside;     /* a member has begun and not ended */
	bool had_member; /* at least one has ended */
	const char *reason;
	z_stream zlib;
	ZSTD_DStream *zstd;
};

enum unpack_codec unpack_detect(const uint8_t *head, size_t len)
{
	static const uint8_t zstd[4] = { 0x28, 0xb5, 0x2f, 0xfd };

	if (len >= 3 && head[0] == 0x1f && head[1] == 0x8b && head[2] == 8)
		return UNPACK_GZIP;
	if (len >= 4 && memcmp(head, zstd, 4) == 0)
		return UNPACK_ZSTD;
	/* A skippable frame may come first. */
	if (len >= 4 && (head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)
		return UNPACK_ZSTD;
	return UNPACK_NONE;
}

const char *unpack_refused(const uint8_t *head, size_t len)
{
	static const struct {
		const char magic[5];
		uint8_t len;
		const char *name;
	} known[] = {
		{ "BZh", 3, "bzip2" },
		{ "\xfd"
		  "7zX",
		  4, "xz" },
		{ "7z\xbc\xaf", 4, "7z" },
		{ "\x04\x22\x4d\x18", 4, "lz4" },
		{ "PK\x03\x04", 4, "zip" },
		{ "\x1f\x9d", 2, "compress" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (len >= known[i].len && memcmp(head, known[i].magic, known[i].len) == 0)
			return known[i].name;
	}
	return NULL;
}

int unpack_new(enum unpack_codec codec, struct unpack **ret)
{
	struct unpack *u = calloc(1, sizeof(*u));
	if (!u)
		return -EXF_E_NOMEM;
	u->codec = codec;
	bool made;
	if (codec == UNPACK_GZIP) {
		made = inflateInit2(&u->zlib, 15 + 16) == Z_OK; /* 15 + 16: gzip only */
	} else {
		u->zstd = ZSTD_createDStream();
		made = u->zstd != NULL;
	}
	if (!made) {
		free(u);
		return -EXF_E_NOMEM;
	}
	*ret = u;
	return 0;
}

void unpack_free(struct unpack *u)
{
	if (!u)
		return;
	if (u->codec == UNPACK_GZIP)
		(void)inflateEnd(&u->zlib);
	else
		(void)ZSTD_freeDStream(u->zstd);
	free(u);
}

static int run_gzip(struct unpack *u, struct unpack_io *io)
{
	/* After a member: another one, or padding with zeros as on tapes, or something foreign. */
	if (!u->inside && u->had_member && io->in_len > 0) {
		if (io->in[0] == 0)
			return UNPACK_END;
		if (io->in[0] != 0x1f) {
			u->reason = "other bytes follow the end of the compressed data";
			return -EXF_E_FORMAT;
		}
		if (inflateReset(&u->zlib) != Z_OK)
			return -EXF_E_FORMAT;
	}
	if (io->in_len > 0)
		u->inside = true;
	u->zlib.next_in = (z_const Bytef *)(uintptr_t)io->in;
	u->zlib.avail_in = (uInt)io->in_len;
	u->zlib.next_out = io->out;
	u->zlib.avail_out = (uInt)io->out_len;
	int r = inflate(&u->zlib, Z_NO_FLUSH);
	io->in = u->zlib.next_in;
	io->in_len = u->zlib.avail_in;
	io->out = u->zlib.next_out;
	io->out_len = u->zlib.avail_out;
	if (r == Z_STREAM_END) {
		u->inside = false;
		u->had_member = true;
		return 0;
	}
	if (r == Z_OK || r == Z_BUF_ERROR)
		return 0;
	if (r == Z_MEM_ERROR)
		return -EXF_E_NOMEM;
	u->reason = u->zlib.msg ? u->zlib.msg : "preset dictionary";
	return -EXF_E_FORMAT;
}

static int run_zstd(struct unpack *u, struct unpack_io *io)
{
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	size_t r = ZSTD_decompressStream(u->zstd, &out, &in);
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_getErrorCode(r) == ZSTD_error_memory_allocation)
		return -EXF_E_NOMEM;
	if (ZSTD_isError(r)) {
		u->reason = ZSTD_getErrorName(r);
		return -EXF_E_FORMAT;
	}
	/* A call without bytes between two frames asks for the next header: not a cut. */
	if (in.pos > 0 || out.pos > 0)
		u->inside = r != 0;
	return 0;
}

int unpack_run(struct unpack *u, struct unpack_io *io)
{
	return u->codec == UNPACK_GZIP ? run_gzip(u, io) : run_zstd(u, io);
}

bool unpack_is_inside(const struct unpack *u)
{
	return u->inside;
}

const char *unpack_reason(const struct unpack *u)
{
	return u->reason ? u->reason : "unknown";
}

const char *unpack_name(const struct unpack *u)
{
	return u->codec == UNPACK_GZIP ? "gzip" : "zstd";
}

size_t unpack_memory(const struct unpack *u)
{
	/* inflate: a window of 32 KiB and about 10 KiB of tables */
	return sizeof(*u) + (u->codec == UNPACK_GZIP ? 48u * 1024 : ZSTD_sizeof_DStream(u->zstd));
}
