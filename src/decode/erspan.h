/*
 * decode/erspan.h - mirrored frames in GRE; only gre.c calls.
 */
#ifndef EXFILD_SRC_DECODE_ERSPAN_H
#define EXFILD_SRC_DECODE_ERSPAN_H

#include "walk.h"

enum decode_result erspan1_decode(struct walk *w);
enum decode_result erspan2_decode(struct walk *w);
enum decode_result erspan3_decode(struct walk *w);

#endif
