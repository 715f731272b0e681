/*
 * Reports by HTTP: what is found, what lies just below, and what only looks like one.
 */
#include "judging.h"

static int setup(void **state)
{
	struct judging *j = malloc(sizeof(*j));
	judging_init(j, "credential_post");
	*state = j;
	return 0;
}

static int teardown(void **state)
{
	judging_deinit(*state);
	free(*state);
	return 0;
}

struct post {
	const char *dst, *host, *uri, *agent, *type, *src, *file;
	uint32_t head_marks, marks;
	uint64_t seen;
	uint8_t kind, form, fields, files, machine, credentials, base64;
	bool is_one_value;
};

static const struct post plain = { .dst = "203.0.113.5",
				   .host = "panel.example.net",
				   .uri = "/in/gate.php",
				   .agent = "Mozilla/5.0 (Windows NT 10.0)",
				   .type = "application/octet-stream",
				   .head_marks = HTTP_HAS_ACCEPT,
				   .seen = 300 };

static void post(struct judging *j, const struct post *x)
{
	struct event_http_body *e = judging_event(j, EVENT_HTTP_BODY, sizeof(*e),
						  x->src ? x->src : "10.0.0.5", x->dst, 6);
	e->e.dport = 80;
	e->type = x->kind;
	e->form = x->form;
	e->fields = x->fields;
	e->files = x->files;
	e->machine_fields = x->machine;
	e->credential_fields = x->credentials;
	e->base64_share = x->base64;
	e->is_one_value = x->is_one_value;
	e->marks = x->marks;
	e->head_marks = x->head_marks;
	e->seen = e->size = x->seen;
	e->looked = x->seen > 3072 ? 3072 : (uint32_t)x->seen;
	judging_str(j, &e->method, "POST");
	judging_str(j, &e->host, x->host);
	judging_str(j, &e->uri, x->uri);
	if (x->agent)
		judging_str(j, &e->user_agent, x->agent);
	if (x->type)
		judging_str(j, &e->content_type, x->type);
	if (x->file)
		judging_str(j, &e->file_name, x->file);
	judging_end(j);
	judging_pass(j, 60 * SECOND_NS);
}

static void hidden_reports_grow_with_their_rhythm(void **state)
{
	struct judging *j = *state;
	for (unsigned i = 0; i < 10; i++)
		post(j, &plain);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	assert_int_equal(j->found[1].severity, SEVERITY_HIGH);
	assert_string_equal(j->found[1].techniques[0], "T1041");
	assert_string_equal(j->found[1].domain, "panel.example.net");
	assert_int_equal(judging_feature(&j->found[1], "repeated")->value, 3);
}

static void a_name_for_a_changing_address_excuses_nothing(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.host = "batwing.duckdns.org";
	for (unsigned i = 0; i < 10; i++)
		post(j, &x);
	assert_int_equal(j->count, 2);
	assert_non_null(
		strstr(judging_feature(&j->found[1], "rare_host")->text, "no other client"));
	assert_null(strstr(judging_feature(&j->found[1], "rare_host")->text, "no service list"));
}

static void one_encoded_field_is_enough_with_a_false_browser(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.type = "application/x-www-form-urlencoded";
	x.form = FORM_FIELDS;
	x.kind = FILE_TEXT;
	x.fields = 1;
	x.is_one_value = true;
	x.base64 = 100;
	post(j, &x);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

/* Noise is no JSON and no picture, unless it lies in a content coding. */
static void noise_under_an_honest_name_hides(void **state)
{
	static const char *const types[] = { "application/json", "text/xml", "image/png" };
	struct judging *j = *state;
	for (unsigned i = 0; i < 3; i++) {
		struct post x = plain;
		char uri[16];
		(void)snprintf(uri, sizeof(uri), "/%u.php", i);
		x.uri = uri;
		x.type = types[i];
		x.form = i == 0 ? FORM_JSON : i == 1 ? FORM_XML : FORM_RAW; /* as declared */
		x.kind = FILE_HIGH_ENTROPY;
		j->count = 0;
		x.head_marks |= HTTP_IS_CODED;
		post(j, &x);
		assert_int_equal(j->count, 0);
		x.head_marks = plain.head_marks;
		post(j, &x);
		assert_int_equal(j->count, 1);
		assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
	}
}

static void forms_of_parts_hide_too(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.type = "multipart/form-data; boundary=x";
	x.form = FORM_MULTIPART;
	x.kind = FILE_TEXT;
	x.fields = 3;
	x.base64 = 96;
	x.agent = NULL;
	post(j, &x);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);

	/* one file, which is nothing and is called nothing, to a bare address */
	x = plain;
	x.type = "multipart/form-data; boundary=x";
	x.form = FORM_MULTIPART;
	x.kind = FILE_HIGH_ENTROPY;
	x.files = 1;
	x.file = "rdsmq";
	x.host = "203.0.113.6";
	x.dst = "203.0.113.6";
	post(j, &x);
	assert_int_equal(j->count, 2);
	assert_int_equal(j->found[1].severity, SEVERITY_MEDIUM);
}

static void uploads_with_a_name_or_a_kind_are_silent(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.type = "multipart/form-data; boundary=x";
	x.form = FORM_MULTIPART;
	x.kind = FILE_HIGH_ENTROPY;
	x.files = 1;
	x.file = "crash.dmp";
	post(j, &x);
	x.file = "upload_file_minidump";
	x.fields = 6; /* product, version ... */
	post(j, &x);
	x.fields = 0;
	x.kind = FILE_IMAGE;
	x.file = "blob";
	post(j, &x);
	x.kind = FILE_TEXT;
	x.files = 0;
	x.fields = 4;
	x.base64 = 10;
	post(j, &x);
	assert_int_equal(j->count, 0);
}

static void a_list_of_passwords_needs_little_more(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.marks = CONTENT_MACHINE | CONTENT_PASSWORDS;
	x.kind = FILE_TEXT;
	x.agent = "Uploader/1.0";
	post(j, &x);
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_MEDIUM);
}

/* With a browser's head on each: what gives it away is the same path on host after host. */
static void the_same_path_on_many_hosts_is_found(void **state)
{
	static const char *const hosts[] = { "www.one.com", "www.two.net", "www.three.org" };
	struct judging *j = *state;
	struct post x = plain;
	x.type = "application/x-www-form-urlencoded";
	x.form = FORM_FIELDS;
	x.fields = 1;
	x.is_one_value = true;
	x.base64 = 95;
	x.uri = "/c9c/";
	x.head_marks = HTTP_HAS_LANGUAGE | HTTP_HAS_ENCODINGS | HTTP_HAS_REFERRER;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(j->count, 0);
		x.host = hosts[i];
		post(j, &x);
	}
	assert_int_equal(j->count, 1);
	assert_int_equal(j->found[0].severity, SEVERITY_HIGH);
	assert_int_equal(judging_feature(&j->found[0], "spread")->value, 3);
}

static void an_honest_program_stays_low(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.agent = "Inventory/2.6";
	for (unsigned i = 0; i < 20; i++)
		post(j, &x);
	for (unsigned i = 0; i < j->count; i++)
		assert_int_equal(j->found[i].severity, SEVERITY_LOW);
}

static void what_only_looks_like_it_is_silent(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.type = "application/json";
	x.form = FORM_JSON;
	x.kind = FILE_TEXT;
	post(j, &x);
	x = plain;
	x.type = "application/ocsp-request";
	post(j, &x);
	x = plain; /* a person's login form */
	x.form = FORM_FIELDS;
	x.kind = FILE_TEXT;
	x.fields = 4;
	x.credentials = 2;
	x.machine = 1;
	x.head_marks = HTTP_HAS_LANGUAGE | HTTP_HAS_ENCODINGS | HTTP_HAS_REFERRER;
	post(j, &x);
	x = plain;
	x.seen = 1 << 20; /* an upload */
	post(j, &x);
	x = plain;
	x.kind = FILE_IMAGE;
	post(j, &x);
	x = plain;
	x.dst = "10.0.0.99"; /* inside */
	post(j, &x);
	x = plain;
	x.host = "www.dropbox.com"; /* a known service is counted by upload_volume */
	post(j, &x);
	assert_int_equal(j->count, 0);
}

static void other_clients_take_weight_away(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.agent = "Tool/1";
	x.src = "10.0.0.6";
	post(j, &x);
	x.agent = plain.agent;
	x.src = "10.0.0.7";
	post(j, &x);
	const struct finding *f = &j->found[j->count - 1];
	for (unsigned i = 0; i < f->feature_count; i++)
		assert_string_not_equal(f->features[i].name, "rare_host");
}

/* A page's own program posts bytes with all that the browser adds; git names its protocol. */
static void pages_and_git_are_silent(void **state)
{
	struct judging *j = *state;
	struct post x = plain;
	x.uri = "/rpc";
	x.head_marks = HTTP_HAS_LANGUAGE | HTTP_HAS_ENCODINGS | HTTP_HAS_ORIGIN;
	for (unsigned i = 0; i < 10; i++)
		post(j, &x);
	assert_int_equal(j->count, 0);
	x = plain;
	x.agent = "git/2.39.5";
	x.host = x.dst;
	x.uri = "/r.git/git-upload-pack";
	x.type = "application/x-git-upload-pack-request";
	for (unsigned i = 0; i < 10; i++)
		post(j, &x);
	assert_int_equal(j->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hidden_reports_grow_with_their_rhythm, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_name_for_a_changing_address_excuses_nothing,
						setup, teardown),
		cmocka_unit_test_setup_teardown(one_encoded_field_is_enough_with_a_false_browser,
						setup, teardown),
		cmocka_unit_test_setup_teardown(noise_under_an_honest_name_hides, setup, teardown),
		cmocka_unit_test_setup_teardown(forms_of_parts_hide_too, setup, teardown),
		cmocka_unit_test_setup_teardown(uploads_with_a_name_or_a_kind_are_silent, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_list_of_passwords_needs_little_more, setup,
						teardown),
		cmocka_unit_test_setup_teardown(the_same_path_on_many_hosts_is_found, setup,
						teardown),
		cmocka_unit_test_setup_teardown(an_honest_program_stays_low, setup, teardown),
		cmocka_unit_test_setup_teardown(what_only_looks_like_it_is_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_and_git_are_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(other_clients_take_weight_away, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
