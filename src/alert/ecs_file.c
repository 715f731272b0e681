/*
 * alert/ecs_file.c - a file that the finding is about.
 */
#include "ecs.h"

static bool has_digest(const struct finding_file *f)
{
	return f->md5[0] || f->sha1[0] || f->sha256[0];
}

void ecs_file(struct ecs *e)
{
	const struct finding_file *f = &e->a->finding.file;
	if (!f->name[0] && !f->size && !has_digest(f))
		return;
	json_open_object(&e->j, "file");
	ecs_text(e, "name", f->name);
	if (f->size)
		json_uint(&e->j, "size", f->size);
	if (has_digest(f) && e->cut < ECS_CUT_SHORT) { /* a digest that is cut is none */
		json_open_object(&e->j, "hash");
		ecs_text(e, "md5", f->md5);
		ecs_text(e, "sha1", f->sha1);
		ecs_text(e, "sha256", f->sha256);
		json_close_object(&e->j);
	}
	json_close_object(&e->j);
}
