/*
 * engine/analysis_outputs.c - the sinks of the analysis plane, and what they have to tell.
 */
#include "analysis_parts.h"
#include "orders.h"
#include "trial.h"

/* Any thread.  A replay has nobody to tell: it says at its end what was not taken. */
static void hear_trouble(void *arg, enum delivery_trouble what, const char *sink, uint64_t count,
			 const char *text)
{
	struct analysis *a = arg;
	if (!a->is_live)
		return;
	switch (what) {
	case DELIVERY_DISK:
		analysis_tell_sensor(a, SENSOR_SPOOL, sink, 0, 0, "%s", text);
		break;
	case DELIVERY_LOST:
		analysis_tell_sensor(a, SENSOR_SPOOL, sink, count, 0, "%s", text);
		break;
	case DELIVERY_SINK:
		analysis_tell_sensor(a, SENSOR_SINK, sink, count, 0, "%s", text);
		break;
	case DELIVERY_DEAF:
		analysis_tell_sensor(a, SENSOR_SINK, "channel", 0, 0, "%s", text);
		break;
	}
}

static void hear_beat(void *arg, struct sink_beat *ret)
{
	const struct analysis *a = arg;
	if (a->publisher)
		publisher_beat(a->publisher, ret);
}

int analysis_make_outputs(struct analysis *a, const struct config *config,
			  const struct outputs *current, struct outputs **ret, char *why,
			  size_t size)
{
	const struct outputs_options o = { .options = a->made_with.options,
					   .config = config,
					   .alert = &a->alert_options,
					   .spool_bytes = a->made_with.spool_bytes,
					   .trouble = hear_trouble,
					   .beat = hear_beat,
					   .arg = a };
	return current ? outputs_prepare(&o, current, ret, why, size) :
			 outputs_open(&o, ret, why, size);
}

int64_t analysis_resend(struct analysis *a, uint64_t from, uint64_t until)
{
	return outputs_resend(a->outputs, from, until);
}

int analysis_order(struct analysis *a, struct control_order *order)
{
	return order->kind == CONTROL_TRIAL ? trial_give(a, order) : order_give(a, order);
}
