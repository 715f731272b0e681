/*
 * engine/sizes.c - see sizes.h.
 *
 * Live, every part has its size of a replay times one factor, which is chosen so that all parts at
 * their worst make limits.memory_mb.  A number of flows, hosts or pairs that is configured is
 * taken as it is; limits.undecided, and the capture buffer where memory_mb is auto or it is not
 * more than by default, are bounds.
 */
#include "sizes.h"

#include <stdio.h>

#include "exfild/intel/intel.h"

#define MB 1000000ull

/* a quarter of the machine's memory, within these */
#define AUTO_LEAST (96 * MB)
#define AUTO_MOST  (1024 * MB)

/* capture.buffer_mb by default: more was asked for on purpose */
#define BUFFER_USUAL (64 * MB)

/* Packets that may become evidence: so little of what is allowed, within these. */
#define EVIDENCE_OF    16
#define EVIDENCE_LEAST (4 * MB)
#define EVIDENCE_MOST  (64 * MB)

/* Events between the processes: the power of two at or below so little of what is allowed. */
#define RING_OF    32
#define RING_LEAST (1ull << 21)
#define RING_MOST  (1ull << 25)

/* What an indicator takes at worst, about, in two sets: the one in effect and the one that is being
 * built.  auto: so little of what is allowed, and no more than so many; less for those said by
 * hand. */
#define INDICATOR_BYTES 200
#define INTEL_OF        5
#define LOCAL_OF        64
#define LOCAL_MOST      65536u
#define INTEL_MOST      1000000u
#define INTEL_REPLAY    5000000u

/* Of limits.disk_mb; the rest is for alerts that wait. */
#define STATE_OF         4
#define EVIDENCE_DISK_OF 2
#define USAGE_DISK_OF    8
#define LEDGER_DISK_OF   32

/* What is not in proportion to anything: program and libraries, nDPI's modules, services and public
 * suffixes, fragments, event logs, the tables that exfilctl asks. */
#define PROGRAM_BYTES (28 * MB)

/*
 * Sizes of a replay, and what one of them costs at worst, shares of all tables that grow with it
 * added up: a flow undecided holds nDPI's state and an inspector's, a host stands in the tables of
 * context, fusion and scans, a pair in those of each detector.
 */
static const struct {
	const char *name;
	uint32_t usual, least;
	uint64_t bytes;
} parts[SIZES__COUNT] = {
	[SIZES_FLOWS] = { "flows", 1048576, 1024, 312 },
	[SIZES_UNDECIDED] = { "undecided flows", 65536, 1024, 2048 },
	[SIZES_STREAMS] = { "stream buffers", 4096, 64, 16448 },
	[SIZES_HOSTS] = { "hosts", 65536, 256, 1456 },
	[SIZES_PAIRS] = { "pairs", 262144, 1024, 800 },
	[SIZES_ALERTS] = { "open alerts", 8192, 256, 6912 },
	[SIZES_PROGRAM] = { .name = "program" },
	[SIZES_BUFFER] = { .name = "capture buffer" },
	[SIZES_EVIDENCE] = { .name = "evidence" },
	[SIZES_RING] = { .name = "event ring" },
	[SIZES_INTEL] = { .name = "indicators" },
};

static uint32_t limit_or(uint64_t configured, uint32_t otherwise)
{
	if (!configured)
		return otherwise;
	return configured > UINT32_MAX ? UINT32_MAX : (uint32_t)configured;
}

static struct sizes from_counts(const uint32_t counts[SIZES__COUNT])
{
	return (struct sizes){
		.shards = { .flows = counts[SIZES_FLOWS],
			    .undecided = counts[SIZES_UNDECIDED],
			    .inspected = counts[SIZES_UNDECIDED],
			    .streams = counts[SIZES_STREAMS] },
		.hosts = counts[SIZES_HOSTS],
		.names = counts[SIZES_HOSTS],
		.pairs = counts[SIZES_PAIRS],
		.alerts = counts[SIZES_ALERTS],
	};
}

static void add_disk(const struct config *c, struct sizes *s)
{
	uint64_t most = c->limits.disk_mb * MB / EVIDENCE_DISK_OF;
	uint64_t evidence = c->evidence.kb_per_flow ? c->evidence.max_mb * MB : 0;
	s->allowed_disk = c->limits.disk_mb * MB;
	s->state_disk = s->allowed_disk / STATE_OF;
	s->evidence_disk = evidence < most ? evidence : most;
	s->usage_disk = s->allowed_disk / USAGE_DISK_OF;
	s->ledger_disk = s->allowed_disk / LEDGER_DISK_OF;
	s->spool_disk =
		s->allowed_disk - s->state_disk - s->evidence_disk - s->usage_disk - s->ledger_disk;
}

struct sizes sizes_of(const struct config *c)
{
	uint32_t counts[SIZES__COUNT];
	for (size_t i = 0; i < SIZES__COUNT; i++)
		counts[i] = parts[i].usual;
	counts[SIZES_FLOWS] = limit_or(c->limits.flows, counts[SIZES_FLOWS]);
	counts[SIZES_UNDECIDED] = limit_or(c->limits.undecided, counts[SIZES_UNDECIDED]);
	counts[SIZES_HOSTS] = limit_or(c->limits.hosts, counts[SIZES_HOSTS]);
	counts[SIZES_PAIRS] = limit_or(c->limits.pairs, counts[SIZES_PAIRS]);
	struct sizes s = from_counts(counts);
	s.names = parts[SIZES_HOSTS].usual;
	s.indicators = limit_or(c->intel.max_indicators, INTEL_REPLAY);
	add_disk(c, &s);
	return s;
}

static uint64_t allowed_of(const struct config *c, uint64_t machine_bytes)
{
	uint64_t quarter = machine_bytes ? machine_bytes / 4 : AUTO_MOST;
	if (c->limits.memory_mb)
		return c->limits.memory_mb * MB;
	return quarter < AUTO_LEAST ? AUTO_LEAST : quarter > AUTO_MOST ? AUTO_MOST : quarter;
}

static uint64_t evidence_of(const struct config *c, uint64_t allowed)
{
	uint64_t bytes = allowed / EVIDENCE_OF;
	if (!c->evidence.kb_per_flow || !c->evidence.max_mb)
		return 0;
	return bytes < EVIDENCE_LEAST ? EVIDENCE_LEAST :
	       bytes > EVIDENCE_MOST  ? EVIDENCE_MOST :
					bytes;
}

static uint64_t ring_of(uint64_t allowed)
{
	uint64_t bytes = RING_MOST;
	while (bytes > RING_LEAST && bytes > allowed / RING_OF)
		bytes /= 2;
	return bytes;
}

static uint32_t indicators_of(const struct config *c, uint64_t allowed)
{
	uint64_t count = allowed / INTEL_OF / INDICATOR_BYTES;
	if (c->intel.feed_count == 0)
		return 0;
	return limit_or(c->intel.max_indicators, count > INTEL_MOST ? INTEL_MOST : (uint32_t)count);
}

/* Sets of feeds and of what is said by hand, each of them twice. */
static uint64_t intel_bytes_of(const struct config *c, const struct sizes *s)
{
	uint64_t bytes = 2 * intel_worst_case(s->local_indicators, 1);
	if (s->indicators)
		bytes += 2 * intel_worst_case(s->indicators, c->intel.feed_count);
	return bytes;
}

struct bounds { /* of a part: 0, or how many there must be; how many there may be */
	uint32_t fixed, most;
};

/* The count of each part at this factor, in 1024ths. */
static uint64_t fill(const struct bounds bounds[SIZES__COUNT], uint64_t factor,
		     uint32_t ret_counts[SIZES__COUNT])
{
	uint64_t bytes = 0;
	for (size_t i = 0; i < SIZES__COUNT; i++) {
		uint64_t n = parts[i].usual * factor >> 10;
		n = n < parts[i].least ? parts[i].least : n;
		n = n > bounds[i].most ? bounds[i].most : n;
		ret_counts[i] = bounds[i].fixed ? bounds[i].fixed : (uint32_t)n;
		bytes += ret_counts[i] * parts[i].bytes;
	}
	return bytes;
}

static int refuse(const struct sizes *s, uint64_t needed, char *why, size_t size)
{
	if (s->machine_bytes && s->allowed_bytes > s->machine_bytes)
		(void)snprintf(why, size,
			       "limits.memory_mb comes to %llu, and there are %llu MB for "
			       "exfild (memory of the machine, or MemoryMax of the unit): "
			       "lower the one or raise the other",
			       (unsigned long long)(s->allowed_bytes / MB),
			       (unsigned long long)(s->machine_bytes / MB));
	else
		(void)snprintf(why, size,
			       "at worst exfild would need %llu MB, and limits.memory_mb allows "
			       "%llu: lower limits.flows, hosts or pairs, intel.max_indicators "
			       "or capture.buffer_mb, or raise it; exfild -T lists what takes "
			       "how much",
			       (unsigned long long)(needed / MB + 1),
			       (unsigned long long)(s->allowed_bytes / MB));
	return -EXF_E_LIMIT;
}

int sizes_live(const struct config *c, uint64_t machine_bytes, struct sizes *ret, char *ret_why,
	       size_t why_size)
{
	struct bounds bounds[SIZES__COUNT];
	for (size_t i = 0; i < SIZES__COUNT; i++)
		bounds[i] = (struct bounds){ .most = UINT32_MAX };
	bounds[SIZES_FLOWS].fixed = limit_or(c->limits.flows, 0);
	bounds[SIZES_HOSTS].fixed = limit_or(c->limits.hosts, 0);
	bounds[SIZES_PAIRS].fixed = limit_or(c->limits.pairs, 0);
	bounds[SIZES_UNDECIDED].most = limit_or(c->limits.undecided, UINT32_MAX);
	uint32_t counts[SIZES__COUNT];
	uint64_t allowed = allowed_of(c, machine_bytes);
	uint64_t buffer = c->capture.buffer_mb * MB;
	if (buffer > allowed / 4 && (!c->limits.memory_mb || buffer <= BUFFER_USUAL))
		buffer = allowed / 4;
	uint64_t evidence = evidence_of(c, allowed);
	uint64_t ring = ring_of(allowed);
	uint32_t indicators = indicators_of(c, allowed);
	uint64_t local = allowed / LOCAL_OF / INDICATOR_BYTES;
	const struct sizes sets = {
		.indicators = indicators,
		.local_indicators = local > LOCAL_MOST ? LOCAL_MOST : (uint32_t)local,
	};
	uint64_t intel = intel_bytes_of(c, &sets);
	uint64_t fixed = PROGRAM_BYTES + buffer + evidence + ring + intel;
	uint64_t rest = allowed > fixed ? allowed - fixed : 0;
	/* the largest factor up to 64 that fits */
	uint64_t low = 0, high = 64u << 10;
	while (low < high) {
		uint64_t middle = (low + high + 1) / 2;
		if (fill(bounds, middle, counts) <= rest)
			low = middle;
		else
			high = middle - 1;
	}
	uint64_t needed = fill(bounds, low, counts);
	*ret = from_counts(counts);
	add_disk(c, ret);
	ret->buffer_bytes = buffer;
	ret->evidence_bytes = evidence;
	ret->ring_bytes = ring;
	ret->indicators = indicators;
	ret->local_indicators = sets.local_indicators;
	ret->allowed_bytes = allowed;
	ret->machine_bytes = machine_bytes;
	for (size_t i = 0; i < SIZES__COUNT; i++)
		ret->bytes[i] = counts[i] * parts[i].bytes;
	ret->bytes[SIZES_PROGRAM] = PROGRAM_BYTES;
	ret->bytes[SIZES_BUFFER] = buffer;
	ret->bytes[SIZES_EVIDENCE] = evidence;
	ret->bytes[SIZES_RING] = ring;
	ret->bytes[SIZES_INTEL] = intel;
	if (needed > rest || (machine_bytes && allowed > machine_bytes))
		return refuse(ret, needed + fixed, ret_why, why_size);
	return 0;
}

uint64_t sizes_total(const struct sizes *s)
{
	uint64_t total = 0;
	for (size_t i = 0; i < SIZES__COUNT; i++)
		total += s->bytes[i];
	return total;
}

void sizes_print(const struct sizes *s, struct buf *out)
{
	buf_printf(out, "\n# Memory at worst when it listens on this machine, in MB:\n");
	for (size_t i = 0; i < SIZES__COUNT; i++) {
		buf_printf(out, "#   %-16s %8.1f", parts[i].name, (double)s->bytes[i] / 1e6);
		if (parts[i].bytes)
			buf_printf(out, "  %llu of them",
				   (unsigned long long)(s->bytes[i] / parts[i].bytes));
		buf_printf(out, "\n");
	}
	buf_printf(out, "#   %-16s %8.1f  of %.0f that limits.memory_mb allows", "together",
		   (double)sizes_total(s) / 1e6, (double)s->allowed_bytes / 1e6);
	if (s->machine_bytes)
		buf_printf(out, "; there are %.0f", (double)s->machine_bytes / 1e6);
	buf_printf(out, "\n# Disk at worst, in MB, of %.0f that limits.disk_mb allows:\n",
		   (double)s->allowed_disk / 1e6);
	buf_printf(
		out,
		"#   %-16s %8.1f\n#   %-16s %8.1f\n#   %-16s %8.1f\n#   %-16s %8.1f\n#   %-16s %8.1f\n",
		"state", (double)s->state_disk / 1e6, "evidence", (double)s->evidence_disk / 1e6,
		"usage", (double)s->usage_disk / 1e6, "ledger", (double)s->ledger_disk / 1e6,
		"spool", (double)s->spool_disk / 1e6);
}
