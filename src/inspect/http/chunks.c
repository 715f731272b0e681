/*
 * inspect/http/chunks.c - passing over a chunked body.
 */
#include "chunks.h"

#define SIZE_DIGITS_MAX 15
#define EXTENSION_MAX   4096
#define TRAILER_MAX     16384

static int hex_value(uint8_t b)
{
	if (b >= '0' && b <= '9')
		return b - '0';
	b |= 0x20;
	return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

static void end_size_line(struct http_chunks *k)
{
	k->phase = k->left ? HTTP_CHUNK_DATA : HTTP_CHUNK_TRAILER_START;
	k->passed = 0;
}

static void take_size(struct http_chunks *k, uint8_t b)
{
	int v = hex_value(b);

	if (v >= 0 && k->digits < SIZE_DIGITS_MAX) {
		k->left = k->left << 4 | (uint64_t)v;
		k->digits++;
	} else if (v >= 0 || k->digits == 0) {
		k->phase = HTTP_CHUNK_BROKEN;
	} else if (b == '\n') {
		end_size_line(k);
	} else if (b == ';' || b == ' ' || b == '\t' || b == '\r') {
		k->phase = HTTP_CHUNK_EXTENSION;
	} else {
		k->phase = HTTP_CHUNK_BROKEN;
	}
}

static void take_byte(struct http_chunks *k, uint8_t b)
{
	switch (k->phase) {
	case HTTP_CHUNK_SIZE:
		take_size(k, b);
		break;
	case HTTP_CHUNK_EXTENSION:
		if (b == '\n')
			end_size_line(k);
		else if (++k->passed > EXTENSION_MAX)
			k->phase = HTTP_CHUNK_BROKEN;
		break;
	case HTTP_CHUNK_DATA_END:
		if (b == '\n') {
			k->phase = HTTP_CHUNK_SIZE;
			k->digits = 0;
		} else if (b != '\r') {
			k->phase = HTTP_CHUNK_BROKEN;
		}
		break;
	case HTTP_CHUNK_TRAILER_START:
		if (b == '\n')
			k->phase = HTTP_CHUNK_DONE;
		else if (b != '\r')
			k->phase = HTTP_CHUNK_TRAILER;
		break;
	case HTTP_CHUNK_TRAILER:
		if (b == '\n')
			k->phase = HTTP_CHUNK_TRAILER_START;
		else if (++k->passed > TRAILER_MAX)
			k->phase = HTTP_CHUNK_BROKEN;
		break;
	default:
		break;
	}
}

uint32_t http_chunks_pass(struct http_chunks *k, const uint8_t *data, uint32_t len,
			  http_chunks_fn body, void *arg)
{
	uint32_t at = 0;

	while (at < len && k->phase < HTTP_CHUNK_DONE) {
		if (k->phase == HTTP_CHUNK_DATA) {
			uint32_t n = k->left < len - at ? (uint32_t)k->left : len - at;
			if (body)
				body(arg, data + at, n);
			k->left -= n;
			at += n;
			if (k->left == 0)
				k->phase = HTTP_CHUNK_DATA_END;
		} else {
			take_byte(k, data[at++]);
		}
	}
	return at;
}
