/* fuzz/fuzz_smtp.c - the SMTP inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector smtp_inspector;

static void check(const struct event *e)
{
	const struct event_mail *m = (const struct event_mail *)e;
	const struct event_file *f = (const struct event_file *)e;
	const struct event_login *l = (const struct event_login *)e;

	if (e->kind == EVENT_LOGIN) {
		check_str(e, &l->user);
		assert(l->attempt > 0);
	} else if (e->kind == EVENT_FILE) {
		check_str(e, &f->name);
		check_str(e, &f->declared);
		assert(f->type < FILE__COUNT && f->seen > 0);
	} else {
		assert(e->kind == EVENT_MAIL && m->nth > 0 && m->attachment_type < FILE__COUNT);
		check_str(e, &m->helo);
		check_str(e, &m->from);
		check_str(e, &m->to);
		check_str(e, &m->subject);
		check_str(e, &m->mailer);
		check_str(e, &m->attachment);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&smtp_inspector, data, size, check);
	return 0;
}
