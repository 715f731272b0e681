/* vault: one file an alert, readable by others' tools, within its limits, whole after a crash. */
#include <time.h>
#include <utime.h>

#include "exfild/evidence/outbox.h"
#include "exfild/evidence/vault.h"
#include "packets.h"

static struct vault *open_vault(uint64_t max_bytes, unsigned givers)
{
	const struct vault_options o = { .directory = folder,
					 .max_bytes = max_bytes,
					 .keep_s = 1000,
					 .givers = givers };
	struct vault *v;
	char why[512] = "";
	if (vault_open(&o, &v, why, sizeof(why)))
		fail_msg("%s", why);
	return v;
}

static void put(struct vault *v, const char *id, unsigned count, uint32_t caplen, uint64_t now_s)
{
	for (unsigned i = 0; i < count; i++) {
		struct frame f = frame_of(caplen, BEGIN + i);
		vault_packet(v, id, &f, now_s);
	}
}

static uint64_t file_size(const char *name)
{
	struct stat st;
	return stat(in_folder(name), &st) == 0 ? (uint64_t)st.st_size : 0;
}

static bool says(const char *name, const char *text)
{
	char data[65536];
	FILE *in = fopen(in_folder(name), "r");
	assert_non_null(in);
	size_t len = fread(data, 1, sizeof(data), in);
	fclose(in);
	return memmem(data, len, text, strlen(text)) != NULL;
}

static void an_alert_has_a_file(void **state)
{
	const struct keep_end end = { .packets = 5, .bytes = 500, .reach_ns = BEGIN };
	struct vault *v = open_vault(1 << 20, 2);
	struct vault_found found;
	uint64_t bytes, estimate;
	size_t damages;
	struct stat st;
	(void)state;
	put(v, "abc123", 5, 100, 10);
	vault_end(v, "abc123", &end, 11);
	assert_true(vault_find(v, "abc123", &found));
	assert_true(found.is_open);
	put(v, "abc123", 1, 60, 12);
	vault_end(v, "abc123", &end, 13);
	assert_true(vault_find(v, "abc123", &found));
	assert_false(found.is_open);
	assert_int_equal(found.packets, 6);
	estimate = found.bytes;
	assert_int_equal(packets_in(in_folder("abc123.pcapng"), &bytes, &damages), 6);
	assert_int_equal(bytes, 560);
	assert_int_equal(damages, 0);
	assert_true(says("abc123.pcapng", "exfild alert abc123: 6 packets"));
	assert_true(says("abc123.pcapng", "complete"));
	/* what is reckoned is not less than what it takes */
	assert_true(file_size("abc123.pcapng") <= estimate + 512);
	assert_int_equal(stat(in_folder("abc123.pcapng"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(vault_find(v, "abc124", &found));
	vault_close(v);
}

static void what_is_missing_is_said(void **state)
{
	const struct keep_end end = { .withheld = 3,
				      .lost = 2,
				      .is_short = true,
				      .is_early = true };
	struct vault *v = open_vault(1 << 20, 1);
	(void)state;
	put(v, "a", 1, 100, 10);
	vault_end(v, "a", &end, 11);
	vault_close(v);
	assert_true(says("a.pcapng", "INCOMPLETE"));
	assert_true(says("a.pcapng", "limit of an alert: 3, for want of room or time: 2"));
	assert_true(says("a.pcapng", "after the alert's begin; ended early"));
}

static void only_names_of_alerts_become_files(void **state)
{
	static const char *const names[] = { "",     ".",   "..",
					     "../x", "a/b", "a b",
					     "\xff", "a.b", "0123456789abcdef0123456789abcdef0" };
	struct vault *v = open_vault(1 << 20, 1);
	struct vault_found found;
	struct vault_counts c;
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		put(v, names[i], 1, 100, 10);
		assert_false(vault_find(v, names[i], &found));
	}
	vault_counts(v, &c);
	assert_int_equal(c.files, 0);
	assert_int_equal(c.bytes, 0);
	assert_int_equal(c.refused, sizeof(names) / sizeof(names[0]));
	vault_close(v);
}

static void the_oldest_make_room(void **state)
{
	const struct keep_end end = { 0 };
	struct vault *v = open_vault(20000, 1);
	struct vault_counts c;
	char id[16];
	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		snprintf(id, sizeof(id), "alert%02u", i);
		put(v, id, 10, 300, 10 + i);
		vault_end(v, id, &end, 10 + i);
		vault_counts(v, &c);
		assert_true(c.bytes <= 20000);
	}
	assert_int_equal(c.files + c.removed, 50);
	assert_in_range(c.files, 3, 5);
	assert_int_equal(file_size("alert45.pcapng"), 0);
	assert_true(file_size("alert49.pcapng") > 3000);
	/* one alert alone that is too large */
	put(v, "large", 100, 1000, 100);
	vault_counts(v, &c);
	assert_true(c.bytes <= 20000 && c.refused > 70);
	vault_close(v);
}

static void the_old_goes_and_others_files_stay(void **state)
{
	const struct keep_end end = { 0 };
	struct vault *v = open_vault(1 << 20, 1);
	struct vault_found found;
	FILE *other = fopen(in_folder("notes.txt"), "w");
	(void)state;
	assert_non_null(other);
	fclose(other);
	put(v, "old", 1, 100, 5000);
	vault_end(v, "old", &end, 5000);
	put(v, "new", 1, 100, 5900);
	vault_end(v, "new", &end, 5900);
	vault_turn(v, 6001);
	assert_false(vault_find(v, "old", &found));
	assert_true(vault_find(v, "new", &found));
	assert_int_equal(file_size("old.pcapng"), 0);
	assert_int_equal(access(in_folder("notes.txt"), F_OK), 0);
	vault_close(v);
}

static void an_end_that_never_comes_closes_late(void **state)
{
	struct vault *v = open_vault(1 << 20, 2);
	struct vault_found found;
	(void)state;
	put(v, "a", 1, 100, 10);
	vault_turn(v, 130);
	assert_true(vault_find(v, "a", &found) && found.is_open);
	vault_turn(v, 131);
	assert_true(vault_find(v, "a", &found) && !found.is_open);
	vault_close(v);
}

static void more_alerts_than_open_files(void **state)
{
	struct vault *v = open_vault(1 << 20, 1);
	struct vault_counts c;
	uint64_t bytes;
	size_t damages;
	char id[16], name[32];
	(void)state;
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 0; i < VAULT_OPEN + 10; i++) {
			snprintf(id, sizeof(id), "a%u", i);
			put(v, id, 2, 100, 10 + i + 100 * round);
		}
	vault_close(v);
	v = open_vault(1 << 20, 1);
	vault_counts(v, &c);
	assert_int_equal(c.files, VAULT_OPEN + 10);
	vault_close(v);
	for (unsigned i = 0; i < VAULT_OPEN + 10; i++) {
		snprintf(name, sizeof(name), "a%u.pcapng", i);
		assert_int_equal(packets_in(in_folder(name), &bytes, &damages), 4);
		assert_int_equal(damages, 0);
	}
}

/* A crash may cut the file anywhere: what is whole stays, what comes later is readable. */
static void a_cut_file_is_mended(void **state)
{
	const struct keep_end end = { 0 };
	const char *path;
	uint64_t bytes;
	size_t damages;
	(void)state;
	struct vault *v = open_vault(1 << 20, 1);
	put(v, "a", 4, 50, 10);
	vault_end(v, "a", &end, 10);
	vault_close(v);
	uint64_t size = file_size("a.pcapng");
	char *whole = malloc(size);
	path = in_folder("a.pcapng");
	FILE *in = fopen(path, "r");
	assert_int_equal(fread(whole, 1, size, in), size);
	fclose(in);
	for (uint64_t len = 0; len < size; len++) {
		FILE *out = fopen(in_folder("a.pcapng"), "w");
		assert_int_equal(fwrite(whole, 1, len, out), len);
		fclose(out);
		v = open_vault(1 << 20, 1);
		put(v, "a", 2, 50, 20);
		vault_end(v, "a", &end, 20);
		vault_close(v);
		size_t count = packets_in(in_folder("a.pcapng"), &bytes, &damages);
		assert_in_range(count, 2, 6);
		assert_int_equal(damages, 0);
		assert_true(len < size - 100 || count == 6);
	}
	free(whole);
}

static void a_folder_that_cannot_be_is_said(void **state)
{
	const struct vault_options o = { .directory = "/proc/nowhere",
					 .max_bytes = 1,
					 .givers = 1 };
	struct vault *v;
	char why[512];
	(void)state;
	assert_int_equal(vault_open(&o, &v, why, sizeof(why)), -EXF_E_IO);
	assert_non_null(strstr(why, "/proc/nowhere"));
	assert_non_null(strstr(why, "evidence.directory"));
}

/* --- outbox ------------------------------------------------------------------------------ */

static struct {
	size_t packets, ends, bytes;
} taken;

static void take(void *arg, const struct parcel *p)
{
	(void)arg;
	assert_string_equal(p->alert_id, "abc");
	taken.packets += p->frame != NULL;
	taken.ends += p->end != NULL;
	if (p->frame) {
		assert_int_equal(p->frame->wirelen, p->frame->caplen + 7);
		assert_int_equal(p->frame->data[p->frame->caplen - 1], 0);
		taken.bytes += p->frame->caplen;
	} else {
		assert_int_equal(p->end->packets, 77);
	}
}

static void an_outbox_has_room_for_ends(void **state)
{
	struct outbox *o = outbox_new(256 << 10);
	const struct keep_end end = { .packets = 77 };
	bool was_empty;
	size_t put_in = 0;
	(void)state;
	memset(&taken, 0, sizeof(taken));
	assert_non_null(o);
	for (;;) {
		struct frame f = frame_of(1 + (uint32_t)put_in % 1500, BEGIN);
		if (!outbox_put(o, "abc", &f, NULL, &was_empty))
			break;
		assert_int_equal(was_empty, put_in == 0);
		put_in++;
	}
	assert_true(put_in > 100);
	for (unsigned i = 0; i < 64; i++)
		assert_true(outbox_put(o, "abc", NULL, &end, &was_empty));
	assert_int_equal(outbox_read(o, take, NULL), put_in + 64);
	assert_int_equal(taken.packets, put_in);
	assert_int_equal(taken.ends, 64);
	assert_int_equal(outbox_read(o, take, NULL), 0);
	struct frame f = frame_of(65549, BEGIN);
	assert_true(outbox_put(o, "abc", &f, NULL, &was_empty));
	assert_true(was_empty);
	outbox_free(o);
}

#define with_folder(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_folder(an_alert_has_a_file),
		with_folder(what_is_missing_is_said),
		with_folder(only_names_of_alerts_become_files),
		with_folder(the_oldest_make_room),
		with_folder(the_old_goes_and_others_files_stay),
		with_folder(an_end_that_never_comes_closes_late),
		with_folder(more_alerts_than_open_files),
		with_folder(a_cut_file_is_mended),
		cmocka_unit_test(a_folder_that_cannot_be_is_said),
		cmocka_unit_test(an_outbox_has_room_for_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
