/*
 * alert/ecs.h - the parts of the ECS rendering.
 *
 * What: each part writes one top-level object (or nothing) of the line.
 * Threads: any.
 */
#ifndef EXFILD_ALERT_ECS_H
#define EXFILD_ALERT_ECS_H

#include "exfild/alert/alert.h"
#include "exfild/base/json.h"

/* What goes first when a line is too long; each step includes those before it. */
enum ecs_cut {
	ECS_CUT_NOTHING,
	ECS_CUT_STEPS,   /* exfild.next_steps */
	ECS_CUT_RELATED, /* related */
	ECS_CUT_PACKETS, /* exfild.evidence.packets */
	ECS_CUT_TEXT,    /* exfild.explain[].text */
	ECS_CUT_PROSE,   /* event.reason, exfild.filter, exfild.chain, exfild.silence */
	ECS_CUT_STRINGS, /* every string after 96 bytes */
	ECS_CUT_SHORT,   /* every string after 16 bytes */
	ECS_CUT__COUNT
};

struct ecs {
	struct json j;
	const struct alert *a;
	const struct alert_options *o;
	enum ecs_cut cut;
};

/* A string, cut as the step asks; nothing when it is empty. */
void ecs_text(struct ecs *e, const char *key, const char *text);
/* The same for what a function of words.h makes; cut at 1.5 KiB in any case. */
void ecs_words(struct ecs *e, const char *key, void (*fn)(const struct alert *, struct buf *));

/* The other forms, whole: ocsf.c, eve.c. */
void ocsf_render(struct ecs *e);
void eve_render(struct ecs *e);

void ecs_threat(struct ecs *e);
void ecs_ends(struct ecs *e);
void ecs_network(struct ecs *e);
/* file: a file that the finding is about, with its hashes. */
void ecs_file(struct ecs *e);
void ecs_related(struct ecs *e);
void ecs_exfild(struct ecs *e);

#endif
