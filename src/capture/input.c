#include "input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unpack.h"

static int ended_next(struct input *in, struct frame *ret)
{
	(void)in;
	(void)ret;
	return CAPTURE_END;
}

/* Nothing more will come: lets go of everything but the last block given. */
static int finish(struct input *in)
{
	in->next = ended_next;
	free(in->pcapng.interfaces);
	in->pcapng = (struct pcapng){ 0 };
	return CAPTURE_END;
}

void input_deinit(struct input *in)
{
	(void)finish(in);
	window_deinit(&in->window);
	free(in->path);
	in->path = NULL;
}

int input_fail(struct input *in, uint64_t offset, const char *fmt, ...)
{
	char reason[sizeof(((struct capture_damage *)0)->reason)];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	damage_say(in->damage, &in->said, DAMAGE_END, in->path, offset, "%s", reason);
	return finish(in);
}

int input_end(struct input *in, size_t need, const char *what)
{
	struct window *w = &in->window;
	size_t left = window_left(w);

	if (w->error == -EXF_E_NOMEM)
		return w->error;
	if (window_is_open(w) && stream_was_interrupted(w->stream))
		return finish(in); /* what has not come yet is no damage */
	if (w->error)
		return input_fail(in, window_offset(w), "%s", stream_reason(w->stream));
	if (!left)
		return finish(in);
	return input_fail(in, window_offset(w),
			  "the file ends inside %s: %zu bytes are needed, %zu are there", what,
			  need, left);
}

/* The first look: which format is it. */
static int find_format(struct input *in)
{
	struct window *w = &in->window;

	if (!window_has(w, 4)) {
		if (w->error)
			return input_end(in, 4, "");
		if (!window_left(w))
			return input_fail(in, 0, "the file is empty");
		return input_fail(in, 0, "this is no capture file (neither pcap nor pcapng)");
	}
	if (classic_detect(w->pos))
		return classic_open(in);
	if (pcapng_detect(w->pos))
		return pcapng_open(in);
	const char *packed = unpack_refused(w->pos, window_left(w));
	if (packed)
		return input_fail(in, 0, "this is packed with %s; only gzip and zstd are read",
				  packed);
	if (unpack_detect(w->pos, window_left(w)) != UNPACK_NONE)
		return input_fail(in, 0, "this is packed more than %d times", STREAM_LAYERS);
	return input_fail(in, 0, "this is no capture file (neither pcap nor pcapng)");
}

int input_load(struct input *in)
{
	struct stream *s;

	int r = stream_open(in->path, &s);
	if (r == -EXF_E_IO && (errno == EMFILE || errno == ENFILE))
		return -EXF_E_LIMIT;
	if (r == -EXF_E_IO) {
		char text[64];
		return input_fail(in, in->record_offset, "it cannot be opened: %s",
				  strerror_r(errno, text, sizeof(text)));
	}
	if (r < 0)
		return r;
	bool is_new = !in->next;
	uint64_t at = is_new ? 0 : in->record_offset;
	r = at ? stream_seek(s, at) : 0;
	if (r != -EXF_E_NOMEM)
		r = window_init(&in->window, s, at, in->pool);
	if (r < 0) {
		stream_close(s);
		return r;
	}
	in->is_fixed = !stream_is_regular(s);
	return is_new ? find_format(in) : 0;
}

void input_park(struct input *in)
{
	window_deinit(&in->window);
}
