/*
 * What a live exfild may come to: it fits its limit, says when it cannot, and what is reckoned for
 * an entry is not less than the tables take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "exfild/control/snapshot.h"
#include "exfild/detect/detector.h"
#include "exfild/flow/table.h"
#include "exfild/intel/intel.h"
#include "../../../src/engine/analysis.h"
#include "../../../src/engine/machine.h"
#include "../../../src/engine/sizes.h"
#include "places.h"

#define MB 1000000ull

static char why[512];

static struct config *configured(const char *yaml)
{
	struct config_options o = { .path = NULL };
	struct config *c = NULL;
	if (config_parse(&o, "test.yaml", yaml, strlen(yaml), &c, why, sizeof(why)))
		fail_msg("%s", why);
	return c;
}

static int size_up(const char *yaml, uint64_t machine_bytes, struct sizes *ret)
{
	struct config *c = configured(yaml);
	why[0] = '\0';
	int err = sizes_live(c, machine_bytes, ret, why, sizeof(why));
	config_free(c);
	return err;
}

static void all_of_it_fits_on_every_machine(void **state)
{
	static const uint64_t machines[] = { 96, 128, 512, 1024, 4096, 65536 };
	uint32_t flows = 0;
	struct sizes s;
	(void)state;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		uint64_t quarter = machines[i] / 4;
		uint64_t expected = quarter < 96 ? 96 : quarter > 1024 ? 1024 : quarter;
		assert_int_equal(size_up("", machines[i] * MB, &s), 0);
		assert_int_equal(s.allowed_bytes, expected * MB);
		assert_true(sizes_total(&s) <= s.allowed_bytes);
		/* and little is left over */
		assert_true(sizes_total(&s) > s.allowed_bytes / 100 * 97);
		assert_true(s.shards.flows >= flows);
		flows = s.shards.flows;
	}
	assert_true(flows > 980000);
}

/* Sets of indicators count twice, those of feeds only where there are feeds. */
static void indicators_are_in_it(void **state)
{
	static const uint64_t memory[] = { 96, 128, 256, 1024 };
	struct sizes s, more;
	char yaml[160];
	(void)state;
	for (size_t i = 0; i < sizeof(memory) / sizeof(memory[0]); i++) {
		(void)snprintf(yaml, sizeof(yaml),
			       "limits: {memory_mb: %u}\nintel: {feeds: [{name: a, file: a.txt}]}",
			       (unsigned)memory[i]);
		assert_int_equal(size_up(yaml, 0, &s), 0);
		assert_true(sizes_total(&s) <= memory[i] * MB);
		assert_true(s.bytes[SIZES_INTEL] >= 2 * intel_worst_case(s.indicators, 1));
		assert_true(s.bytes[SIZES_INTEL] < memory[i] * MB / 3);
		assert_true(s.local_indicators >= 7500 && s.local_indicators <= 65536);
	}
	assert_int_equal(s.indicators, 1000000);
	assert_int_equal(size_up("limits: {memory_mb: 2048}\nintel: {max_indicators: 5000000, "
				 "feeds: [{name: a, file: a.txt}]}",
				 0, &more),
			 0);
	assert_int_equal(more.indicators, 5000000);
	assert_int_equal(size_up("limits: {memory_mb: 256}\nintel: {max_indicators: 5000000, "
				 "feeds: [{name: a, file: a.txt}]}",
				 0, &more),
			 -EXF_E_LIMIT);
	assert_non_null(strstr(why, "intel.max_indicators"));
}

static void what_is_named_is_kept(void **state)
{
	struct sizes s, usual;
	(void)state;
	assert_int_equal(size_up("limits: {memory_mb: 256}", 0, &usual), 0);
	assert_int_equal(size_up("limits: {memory_mb: 256, flows: 5000, pairs: 50000}\n"
				 "capture: {buffer_mb: 100}",
				 0, &s),
			 0);
	assert_int_equal(s.shards.flows, 5000);
	assert_int_equal(s.pairs, 50000);
	assert_int_equal(s.buffer_bytes, 100 * MB);
	assert_true(sizes_total(&s) <= 256 * MB);
	assert_true(s.hosts != usual.hosts);
}

/* The shipped file names every key, so what it has must not be more than a small machine's. */
static void bounds_yield_to_memory(void **state)
{
	struct sizes s;
	(void)state;
	assert_int_equal(
		size_up("limits: {undecided: 65536}\ncapture: {buffer_mb: 64}", 512 * MB, &s), 0);
	assert_true(s.shards.undecided < 65536 && s.buffer_bytes == 32 * MB);
	assert_int_equal(size_up("limits: {memory_mb: 128}\ncapture: {buffer_mb: 64}", 0, &s), 0);
	assert_int_equal(s.buffer_bytes, 32 * MB);
	assert_int_equal(size_up("limits: {undecided: 2000}", 65536 * MB, &s), 0);
	assert_int_equal(s.shards.undecided, 2000);
	assert_int_equal(s.buffer_bytes, 64 * MB);
}

static void what_cannot_fit_is_refused(void **state)
{
	struct sizes s;
	(void)state;
	assert_int_equal(size_up("limits: {memory_mb: 128, flows: 1000000}", 0, &s), -EXF_E_LIMIT);
	assert_non_null(strstr(why, "limits.memory_mb allows 128"));
	assert_int_equal(size_up("limits: {memory_mb: 2048}", 512 * MB, &s), -EXF_E_LIMIT);
	assert_non_null(strstr(why, "comes to 2048, and there are 512 MB"));
	assert_non_null(strstr(why, "MemoryMax"));
	assert_int_equal(size_up("", 64 * MB, &s), -EXF_E_LIMIT);
	assert_int_equal(size_up("limits: {memory_mb: 128}\ncapture: {buffer_mb: 100}", 0, &s),
			 -EXF_E_LIMIT);
}

static void it_can_be_read(void **state)
{
	struct sizes s;
	struct buf out;
	(void)state;
	assert_int_equal(size_up("limits: {flows: 2000}", 512 * MB, &s), 0);
	buf_init(&out, 4096);
	sizes_print(&s, &out);
	buf_char(&out, '\0');
	assert_non_null(strstr(out.data, "2000 of them\n"));
	assert_non_null(strstr(out.data, "of 128 that limits.memory_mb allows; there are 512\n"));
	buf_deinit(&out);
}

/* Bytes of all detectors' tables at worst. */
static uint64_t detectors_at_worst(uint32_t hosts, uint32_t pairs)
{
	const struct detector *const *list = detector_list();
	struct config_section sections[32];
	static struct snapshot s;
	struct options options = { .quiet = true, .form = OUTPUT_JSON };
	size_t count = 0;
	uint64_t sum = 0;
	for (; list[count] && count < 32; count++)
		sections[count] =
			(struct config_section){ .name = list[count]->name,
						 .params = list[count]->params,
						 .target =
							 calloc(1, list[count]->params_size + 1) };
	struct config_options o = { .sections = sections, .section_count = count };
	struct config *c;
	if (config_parse(&o, "test.yaml", "", 0, &c, why, sizeof(why)))
		fail_msg("%s", why);
	struct analysis_options ao = { .options = &options,
				       .config = c,
				       .data_dir = EXFILD_SOURCE_DIR "/data",
				       .max_hosts = hosts,
				       .max_pairs = pairs };
	struct analysis *a = NULL;
	if (analysis_new(&ao, &a, why, sizeof(why)))
		fail_msg("%s", why);
	memset(&s, 0, sizeof(s));
	analysis_snapshot(a, &s);
	assert_true(s.table_count > 4);
	for (uint32_t i = 0; i < s.table_count; i++)
		sum += s.tables[i].worst_case_bytes;
	analysis_free(a);
	config_free(c);
	for (size_t i = 0; i < count; i++)
		free(sections[i].target);
	return sum;
}

static uint64_t reckoned(const char *yaml, enum sizes_part part)
{
	struct sizes s;
	assert_int_equal(size_up(yaml, 0, &s), 0);
	return s.bytes[part];
}

static void no_table_takes_more_than_is_reckoned(void **state)
{
	struct flow_counts counts;
	struct flow_limits limits = flow_limits_default;
	(void)state;
	uint64_t few = detectors_at_worst(1000, 10000), hosts = detectors_at_worst(21000, 10000);
	uint64_t pairs = detectors_at_worst(1000, 210000);
	assert_true(few > 0 && hosts > few && pairs > few);
	assert_true(hosts - few <=
		    reckoned("limits: {memory_mb: 1024, hosts: 20000}", SIZES_HOSTS));
	assert_true(pairs - few <=
		    reckoned("limits: {memory_mb: 1024, pairs: 200000}", SIZES_PAIRS));
	/* nor is it reckoned at twice what it takes */
	assert_true(pairs - few >
		    reckoned("limits: {memory_mb: 1024, pairs: 200000}", SIZES_PAIRS) / 2);
	limits.max_flows = 100000;
	struct flow_table *t = flow_table_new(&limits, &hash_key_fixed, 0, NULL, NULL, NULL);
	assert_non_null(t);
	flow_table_counts(t, &counts);
	assert_true(counts.worst_case_bytes <=
		    reckoned("limits: {memory_mb: 1024, flows: 100000}", SIZES_FLOWS));
	flow_table_free(t);
}

/* --- control groups ----------------------------------------------------------------------------
 */

static void put(const char *root, const char *path, const char *text)
{
	char name[600];
	(void)snprintf(name, sizeof(name), "%s%s", root, path);
	for (char *c = strchr(name + strlen(root) + 1, '/'); c; c = strchr(c + 1, '/')) {
		*c = '\0';
		(void)mkdir(name, 0700);
		*c = '/';
	}
	FILE *out = fopen(name, "w");
	assert_non_null(out);
	(void)fputs(text, out);
	(void)fclose(out);
}

static void the_least_group_counts(void **state)
{
	char root[] = "/tmp/exfild-sizes-XXXXXX", command[64];
	(void)state;
	assert_non_null(mkdtemp(root));
	char proc[64], sys[64];
	(void)snprintf(proc, sizeof(proc), "%s/proc", root);
	(void)snprintf(sys, sizeof(sys), "%s/sys", root);
	assert_true(machine_group_limit(proc, sys) == UINT64_MAX);
	/* version 2: the slice allows less than the unit */
	put(root, "/proc/self/cgroup", "0::/system.slice/exfild.service\n");
	put(root, "/sys/fs/cgroup/memory.max", "max\n");
	put(root, "/sys/fs/cgroup/system.slice/memory.max", "500000000\n");
	put(root, "/sys/fs/cgroup/system.slice/exfild.service/memory.max", "2147483648\n");
	assert_true(machine_group_limit(proc, sys) == 500000000);
	put(root, "/sys/fs/cgroup/system.slice/exfild.service/memory.max", "1000\n");
	assert_true(machine_group_limit(proc, sys) == 1000);
	/* version 1, with the others around it */
	put(root, "/proc/self/cgroup", "9:name=systemd:/a\n4:memory:/a\n1:cpu:/\n0::/\n");
	put(root, "/sys/fs/cgroup/memory/a/memory.stat",
	    "cache 1\nhierarchical_memory_limit 7000\nhierarchical_memsw_limit 5\n");
	assert_true(machine_group_limit(proc, sys) == 7000);
	/* a group that cannot be seen from here */
	put(root, "/proc/self/cgroup", "4:memory:/../b\n");
	assert_true(machine_group_limit(proc, sys) == UINT64_MAX);
	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

static void this_machine_has_memory(void **state)
{
	(void)state;
	assert_true(machine_memory_limit() > 16 * MB);
	assert_true(machine_memory_limit() <=
		    (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_fits_on_every_machine),
		cmocka_unit_test(indicators_are_in_it),
		cmocka_unit_test(what_is_named_is_kept),
		cmocka_unit_test(bounds_yield_to_memory),
		cmocka_unit_test(what_cannot_fit_is_refused),
		cmocka_unit_test(it_can_be_read),
		cmocka_unit_test(no_table_takes_more_than_is_reckoned),
		cmocka_unit_test(the_least_group_counts),
		cmocka_unit_test(this_machine_has_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
