/* Tests of config/file: includes, their order, relative paths, cycles. */
#include <limits.h>
#include <unistd.h>

#include "fixture.h"

/* A folder of its own; its name holds what a pattern might take for its own. */
struct folder {
	struct fixture f;
	char top[64], path[128];
	char names[400][32]; /* to be removed */
	size_t count;
};

static void folder_init(struct folder *d)
{
	memset(d, 0, sizeof(*d));
	fixture_init(&d->f);
	strcpy(d->top, "/tmp/exfild-[config]-XXXXXX");
	assert_non_null(mkdtemp(d->top));
	snprintf(d->path, sizeof(d->path), "%s/conf.d", d->top);
	assert_int_equal(mkdir(d->path, 0700), 0);
}

static void folder_deinit(struct folder *d)
{
	char path[160];
	fixture_deinit(&d->f);
	for (size_t i = 0; i < d->count; i++) {
		snprintf(path, sizeof(path), "%s/%s", d->top, d->names[i]);
		remove(path);
	}
	remove(d->path);
	assert_int_equal(remove(d->top), 0);
}

static void folder_write(struct folder *d, const char *name, const char *text)
{
	char path[160];
	snprintf(d->names[d->count++], sizeof(d->names[0]), "%s", name);
	snprintf(path, sizeof(path), "%s/%s", d->top, name);
	write_file(path, text);
}

static int folder_load(struct folder *d)
{
	char path[160];
	snprintf(path, sizeof(path), "%s/main.yaml", d->top);
	d->f.options.path = path;
	config_free(d->f.config);
	d->f.config = NULL;
	int rc = config_load(&d->f.options, &d->f.config, d->f.why, sizeof(d->f.why));
	d->f.options.path = NULL;
	return rc;
}

static const struct config *folder_good(struct folder *d)
{
	int rc = folder_load(d);
	assert_string_equal(d->f.why, "");
	assert_int_equal(rc, 0);
	return d->f.config;
}

/* In why, @ stands for the folder. */
static void folder_refuses(struct folder *d, int code, const char *why)
{
	char want[WHY_MAX], *out = want;
	for (const char *p = why; *p; p++) {
		if (*p == '@')
			out += sprintf(out, "%s", d->top);
		else
			*out++ = *p;
	}
	*out = '\0';
	int rc = folder_load(d);
	assert_string_equal(d->f.why, want);
	assert_int_equal(rc, code);
}

static void included_files_speak_last_in_order(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml",
		     "include: conf.d/*.yaml\n"
		     "alerts: {minimum: low, rate_per_minute: 1}\n"
		     "networks: [{name: a, prefixes: [10.0.0.0/8]}]\n"
		     "signatures: {directories: [/a]}\n");
	folder_write(&d, "conf.d/20.yaml",
		     "alerts: {minimum: critical}\n"
		     "networks: [{name: c, prefixes: [10.2.0.0/16]}]\n");
	folder_write(&d, "conf.d/10.yaml",
		     "alerts: {minimum: high, merge: 2h}\n"
		     "networks: [{name: b, prefixes: [10.1.0.0/16]}]\n"
		     "signatures: {directories: [/b]}\n"
		     "services: {tenants: {x: [a], y: [b]}}\n");
	folder_write(&d, "conf.d/30.yaml", "services: {tenants: {x: [c]}}\n");
	folder_write(&d, "conf.d/ignored.txt", "nonsense\n");
	const struct config *c = folder_good(&d);
	assert_int_equal(c->alerts.minimum, 99);
	assert_int_equal(c->alerts.merge_s, 7200);
	assert_int_equal(c->alerts.rate_per_minute, 1);
	assert_int_equal(c->zone_count, 3);
	assert_string_equal(c->zones[0].name, "a");
	assert_string_equal(c->zones[1].name, "b");
	assert_string_equal(c->zones[2].name, "c");
	assert_int_equal(c->signatures.directory_count, 1);
	assert_string_equal(c->signatures.directories[0], "/b");
	assert_int_equal(c->services.tenant_count, 2);
	assert_string_equal(c->services.tenants[0].service, "y");
	assert_string_equal(c->services.tenants[1].names[0], "c");
	folder_deinit(&d);
}

static void errors_name_the_included_file(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml", "include: conf.d/*.yaml\n");
	folder_write(&d, "conf.d/a.yaml", "alerts:\n  minimun: low\n");
	folder_refuses(
		&d, -EXF_E_INVALID,
		"@/conf.d/a.yaml:2:3: unknown key 'minimun' in alerts; did you mean 'minimum'?");
	folder_write(&d, "conf.d/a.yaml", "alerts: *x\n");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/conf.d/a.yaml:1:9: an alias (*x) is not allowed; write the value out");
	folder_deinit(&d);
}

static void names_clash_over_files_with_both_places(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml",
		     "include: conf.d/a.yaml\n"
		     "networks: [{name: a, prefixes: [10.0.0.0/8]}]\n");
	folder_write(&d, "conf.d/a.yaml", "networks:\n  - {name: a, prefixes: [10.1.0.0/16]}\n");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/conf.d/a.yaml:2:5: networks[0]: the name 'a' was given before, at "
		       "@/main.yaml:2:12");
	folder_deinit(&d);
}

static void cycles_are_refused(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml", "include: conf.d/a.yaml\n");
	folder_write(&d, "conf.d/a.yaml", "log: {level: warn}\ninclude: ../main.yaml\n");
	folder_refuses(
		&d, -EXF_E_INVALID,
		"@/conf.d/a.yaml:2:10: include: '@/conf.d/../main.yaml' includes itself by this");
	folder_write(&d, "main.yaml", "include: '*.yaml'\n");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/main.yaml:1:10: include: '@/main.yaml' includes itself by this");
	folder_deinit(&d);
}

static void second_inclusion_is_refused(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml", "include: [conf.d/a.yaml, conf.d/*.yaml]\n");
	folder_write(&d, "conf.d/a.yaml", "");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/main.yaml:1:26: include: '@/conf.d/a.yaml' was included before");
	folder_deinit(&d);
}

static void depth_is_four(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml", "include: 1.yaml\n");
	folder_write(&d, "1.yaml", "include: 2.yaml\n");
	folder_write(&d, "2.yaml", "include: 3.yaml\n");
	folder_write(&d, "3.yaml", "include: 4.yaml\n");
	folder_write(&d, "4.yaml", "log: {level: warn}\n");
	assert_string_equal(folder_good(&d)->log.level, "warn");
	folder_write(&d, "4.yaml", "include: 5.yaml\n");
	folder_write(&d, "5.yaml", "");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/4.yaml:1:10: include: '@/5.yaml' is more than 4 files deep");
	folder_deinit(&d);
}

static void number_of_files_is_bounded(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_write(&d, "main.yaml", "include: conf.d/*\n");
	for (unsigned i = 0; i < 300; i++) {
		char name[32];
		snprintf(name, sizeof(name), "conf.d/%03u", i);
		folder_write(&d, name, "");
	}
	folder_refuses(&d, -EXF_E_INVALID, "@/main.yaml:1:10: include: more than 256 files");
	folder_deinit(&d);
}

static void missing_files(void **state)
{
	(void)state;
	struct folder d;
	folder_init(&d);
	folder_refuses(&d, -EXF_E_IO, "@/main.yaml: cannot be opened: No such file or directory");
	folder_write(&d, "main.yaml", "include: conf.d/*.yaml\n");
	folder_good(&d); /* a pattern may find nothing */
	folder_write(&d, "main.yaml", "include: [nowhere/*.yaml, main.yaml/*]\n");
	folder_good(&d);
	folder_write(&d, "main.yaml", "include: conf.d/a.yaml\n");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/main.yaml:1:10: include: 'conf.d/a.yaml' is not there");
	folder_write(&d, "main.yaml", "include: {a: b}\n");
	folder_refuses(&d, -EXF_E_INVALID,
		       "@/main.yaml:1:10: include: expected a path or a list of paths, not a map");
	folder_write(&d, "main.yaml", "include: [[a]]\n");
	folder_refuses(&d, -EXF_E_INVALID, "@/main.yaml:1:11: include: expected text, not a list");
	folder_write(&d, "main.yaml", "include:\n");
	folder_good(&d);
	folder_deinit(&d);
}

static void relative_paths_belong_to_their_file(void **state)
{
	(void)state;
	struct folder d;
	char want[128], cwd[PATH_MAX], whole[PATH_MAX + 16];
	static const char *const sets[] = { "policy.files=[p.yaml]", "sinks.file.path=-" };
	folder_init(&d);
	folder_write(&d, "main.yaml",
		     "include: conf.d/a.yaml\nredis: {password_file: ./redis.pass}\n");
	folder_write(&d, "conf.d/a.yaml", "intel: {feeds: [{name: x, file: x.csv}]}\n");
	d.f.options.sets = sets;
	d.f.options.set_count = 2;
	const struct config *c = folder_good(&d);
	snprintf(want, sizeof(want), "%s/redis.pass", d.top);
	assert_string_equal(c->redis.password_file, want);
	snprintf(want, sizeof(want), "%s/conf.d/x.csv", d.top);
	assert_string_equal(c->intel.feeds[0].file, want);
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(whole, sizeof(whole), "%s/p.yaml", cwd);
	assert_string_equal(c->policy.files[0], whole);
	assert_string_equal(c->sinks.file_path, "-");
	folder_deinit(&d);
}

static void text_from_memory_cannot_include(void **state)
{
	(void)state;
	expect_why("include: /etc/passwd\n", "t.yaml:1:1: include works in a file only");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(included_files_speak_last_in_order),
		cmocka_unit_test(errors_name_the_included_file),
		cmocka_unit_test(names_clash_over_files_with_both_places),
		cmocka_unit_test(cycles_are_refused),
		cmocka_unit_test(second_inclusion_is_refused),
		cmocka_unit_test(depth_is_four),
		cmocka_unit_test(number_of_files_is_bounded),
		cmocka_unit_test(missing_files),
		cmocka_unit_test(relative_paths_belong_to_their_file),
		cmocka_unit_test(text_from_memory_cannot_include),
	};
	return cmocka_run_group_tests_name("config/include", tests, NULL, NULL);
}
