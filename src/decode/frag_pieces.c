/*
 * decode/frag_pieces.c - the bytes of one datagram.
 *
 * Overlap: systems disagree which copy wins; here it is the first, and the counter tells.
 */
#include <stdlib.h>
#include <string.h>

#include "frag_parts.h"

static struct frag_piece *piece_new(struct frag_store *s, struct cursor *from, uint32_t offset,
				    uint32_t len)
{
	struct frag_piece *piece = malloc(sizeof(*piece) + len);
	if (!piece) {
		frag_count(s, COUNT_FRAG_NO_MEMORY);
		return NULL;
	}
	piece->next = NULL;
	piece->offset = offset;
	piece->len = len;
	cursor_copy(from, piece->data, len);
	s->bytes += sizeof(*piece) + len;
	return piece;
}

static void piece_free(struct frag_store *s, struct frag_piece *piece)
{
	if (piece)
		s->bytes -= sizeof(*piece) + piece->len;
	free(piece);
}

void frag_drop_pieces(struct frag_store *s, struct frag_datagram *dg)
{
	piece_free(s, dg->head);
	dg->head = NULL;
	while (dg->pieces) {
		struct frag_piece *next = dg->pieces->next;
		piece_free(s, dg->pieces);
		dg->pieces = next;
	}
}

/* Keeps what of the fragment no piece holds yet; false when it cannot. */
bool frag_add_pieces(struct frag_store *s, struct frag_datagram *dg, const struct frag_input *in)
{
	struct cursor data = cursor_make(in->data, in->len);
	uint32_t offset = in->f->offset;
	uint32_t added = 0;
	bool has_overlap = false;
	struct frag_piece **at = &dg->pieces;
	while (cursor_left(&data) > 0) {
		uint32_t len = (uint32_t)cursor_left(&data);
		while (*at && (*at)->offset + (*at)->len <= offset)
			at = &(*at)->next;
		if (*at && (*at)->offset <= offset) {
			uint32_t covered = (*at)->offset + (*at)->len - offset;
			covered = covered < len ? covered : len;
			cursor_skip(&data, covered);
			offset += covered;
			has_overlap = true;
			continue;
		}
		if (*at && (*at)->offset - offset < len)
			len = (*at)->offset - offset;
		if (dg->piece_count >= FRAG_PIECES_MAX) {
			frag_count(s, COUNT_FRAG_TOO_MANY_PIECES);
			return false;
		}
		struct frag_piece *piece = piece_new(s, &data, offset, len);
		if (!piece)
			return false;
		piece->next = *at;
		*at = piece;
		at = &piece->next;
		dg->piece_count++;
		offset += len;
		added += len;
	}
	dg->have += added;
	if (has_overlap)
		frag_count(s, added == 0 ? COUNT_FRAG_DUPLICATE : COUNT_FRAG_OVERLAP);
	return true;
}

bool frag_add_head(struct frag_store *s, struct frag_datagram *dg, const struct frag_input *in)
{
	struct cursor l3 = cursor_make(in->p->l3, in->f->header);
	dg->head = piece_new(s, &l3, 0, in->f->header);
	dg->proto = in->f->proto;
	if (in->p->mac) {
		struct cursor mac = cursor_make(in->p->mac, 12);
		cursor_copy(&mac, dg->mac, 12);
		dg->has_mac = true;
	}
	return dg->head != NULL;
}

/* Whether the ends agree: nothing may lie after the last fragment. */
bool frag_check_end(struct frag_datagram *dg, const struct frag_input *in)
{
	uint32_t end = in->f->offset + (uint32_t)in->len;
	if (dg->total != 0 && (end > dg->total || (!in->f->has_more && end != dg->total)))
		return false;
	if (!in->f->has_more) {
		if (end < dg->end)
			return false;
		dg->total = end;
	}
	if (end > dg->end)
		dg->end = end;
	return true;
}

/* One block of all; NULL when memory is exhausted. */
struct block *frag_join(const struct frag_datagram *dg)
{
	struct block *b = block_new(FRAG_BLOCK_L3 + dg->head->len + dg->total);
	if (!b)
		return NULL;
	memset(b->data, 0, FRAG_BLOCK_L3);
	memcpy(b->data, dg->mac, sizeof(dg->mac));
	memcpy(b->data + FRAG_BLOCK_L3, dg->head->data, dg->head->len);
	for (const struct frag_piece *piece = dg->pieces; piece; piece = piece->next)
		memcpy(b->data + FRAG_BLOCK_L3 + dg->head->len + piece->offset, piece->data,
		       piece->len);
	return b;
}
