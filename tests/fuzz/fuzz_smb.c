/* fuzz/fuzz_smb.c - the SMB inspector over streams; stream_input.h tells what an input is. */
#include "stream_input.h"

extern const struct inspector smb_inspector;

static void check(const struct event *e)
{
	if (e->kind == EVENT_SMB) {
		const struct event_smb *x = (const struct event_smb *)e;
		assert(x->act < SMB__COUNT && x->file_type < FILE__COUNT);
		check_str(e, &x->share);
		check_str(e, &x->name);
		check_str(e, &x->renamed);
		check_str(e, &x->user);
		check_str(e, &x->detail);
	} else if (e->kind == EVENT_LOGIN) {
		const struct event_login *x = (const struct event_login *)e;
		check_str(e, &x->user);
		check_str(e, &x->domain);
		check_str(e, &x->workstation);
	} else if (e->kind == EVENT_FILE) {
		const struct event_file *x = (const struct event_file *)e;
		check_str(e, &x->name);
		check_str(e, &x->place);
	} else {
		assert(e->kind == EVENT_RPC);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream_input_run(&smb_inspector, data, size, check);
	return 0;
}
