/*
 * inspect/order.c - see order.h.
 *
 * SQL Server: xp_cmdshell, sp_OACreate, CLR assemblies, jobs, external scripts, and paths given to
 * xp_dirtree and its kin (Microsoft, Transact-SQL reference).  PostgreSQL: COPY ... PROGRAM,
 * functions in C, lo_export, pg_read_file (PostgreSQL documentation, "COPY", "CREATE FUNCTION",
 * "Server-side functions").  MySQL: CREATE FUNCTION ... SONAME, SELECT ... INTO DUMPFILE, and what
 * the library of functions that all tools bring is called (sys_exec, sys_eval).
 * A word counts where it begins one, outside of comments, which stand for a blank.  What lies in a
 * text within the statement counts where the statement carries texts out: EXEC ('...') AT,
 * sp_executesql, PREPARE, OPENQUERY, bodies of functions.  Else it is what somebody has written: a
 * page of a manual that is saved.
 */
#include "order.h"

#include <string.h>

#define TEXT_KEPT 255u

struct plain {
	char text[ORDER_SPAN + 1];
	size_t len;
};

struct word {
	const char *text; /* lower case; each blank is one or more */
	uint8_t kind;     /* enum order_kind */
	uint8_t dialect;
	const char *with;    /* has to follow as well, anywhere */
	const char *without; /* must not follow */
};

static const struct word words[] = {
	{ "xp_cmdshell '", ORDER_PROGRAM, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell n'", ORDER_PROGRAM, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell \"", ORDER_PROGRAM, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell @", ORDER_PROGRAM, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell [", ORDER_PROGRAM, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell', 1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell',1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "xp_cmdshell', n'1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "ole automation procedures', 1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "ole automation procedures',1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "clr enabled', 1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "clr enabled',1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "clr strict security', 0", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "clr strict security',0", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "external scripts enabled', 1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "external scripts enabled',1", ORDER_ENABLE, ORDER_MSSQL, NULL, NULL },
	{ "sp_oacreate ", ORDER_PROGRAM, ORDER_MSSQL, "wscript.shell", NULL },
	{ "sp_oacreate ", ORDER_PROGRAM, ORDER_MSSQL, "72c24dd5-d70a-438b-8a42-98424b88afb8",
	  NULL },
	{ "sp_oacreate ", ORDER_WRITE, ORDER_MSSQL, "scripting.filesystemobject", NULL },
	{ "sp_oacreate ", ORDER_WRITE, ORDER_MSSQL, "adodb.stream", NULL },
	{ "create assembly ", ORDER_LOAD, ORDER_MSSQL, "from 0x4d5a", NULL },
	{ "create assembly ", ORDER_LOAD, ORDER_MSSQL, "from '\\\\", NULL },
	{ "sp_add_jobstep ", ORDER_PROGRAM, ORDER_MSSQL, "cmdexec", NULL },
	{ "sp_add_jobstep ", ORDER_PROGRAM, ORDER_MSSQL, "powershell", NULL },
	{ "sp_execute_external_script ", ORDER_PROGRAM, ORDER_MSSQL, "@script", NULL },
	{ "xp_dirtree ", ORDER_REACH, ORDER_MSSQL, "'\\\\", NULL },
	{ "xp_fileexist ", ORDER_REACH, ORDER_MSSQL, "'\\\\", NULL },
	{ "xp_subdirs ", ORDER_REACH, ORDER_MSSQL, "'\\\\", NULL },
	{ "program '", ORDER_PROGRAM, ORDER_POSTGRES, NULL, NULL },
	{ "program $", ORDER_PROGRAM, ORDER_POSTGRES, NULL, NULL },
	{ "program e'", ORDER_PROGRAM, ORDER_POSTGRES, NULL, NULL },
	/* extensions name their libraries so, and whoever brings his own does not */
	{ "create function ", ORDER_LOAD, ORDER_POSTGRES, "language c", "$libdir" },
	{ "create or replace function ", ORDER_LOAD, ORDER_POSTGRES, "language c", "$libdir" },
	{ "create function ", ORDER_LOAD, ORDER_POSTGRES, "language 'c'", "$libdir" },
	{ "create or replace function ", ORDER_LOAD, ORDER_POSTGRES, "language 'c'", "$libdir" },
	{ "lo_export(", ORDER_WRITE, ORDER_POSTGRES, "'/", NULL },
	{ "pg_read_file(", ORDER_READ, ORDER_POSTGRES, "'/", NULL },
	{ "pg_read_binary_file(", ORDER_READ, ORDER_POSTGRES, "'/", NULL },
	{ "install plugin ", ORDER_LOAD, ORDER_MYSQL, "soname ", NULL },
	{ "install soname ", ORDER_LOAD, ORDER_MYSQL, NULL, NULL },
	{ "soname '", ORDER_LOAD, ORDER_MYSQL, NULL, NULL },
	{ "soname \"", ORDER_LOAD, ORDER_MYSQL, NULL, NULL },
	{ "into dumpfile ", ORDER_WRITE, ORDER_MYSQL, NULL, NULL },
	{ "sys_exec(", ORDER_PROGRAM, ORDER_MYSQL, NULL, NULL },
	{ "sys_eval(", ORDER_PROGRAM, ORDER_MYSQL, NULL, NULL },
	{ "load_file('/etc/", ORDER_READ, ORDER_MYSQL, NULL, NULL },
	{ "load_file(\"/etc/", ORDER_READ, ORDER_MYSQL, NULL, NULL },
	{ "into outfile ", ORDER_WRITE, ORDER_MYSQL, "<?php", NULL },
	{ "into outfile ", ORDER_WRITE, ORDER_MYSQL, ".php'", NULL },
	{ "into outfile ", ORDER_WRITE, ORDER_MYSQL, ".php\"", NULL },
};

static bool is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static void add(struct plain *p, char c)
{
	if (c == ' ' && p->len && p->text[p->len - 1] == ' ')
		return;
	p->text[p->len++] = c;
}

/* Lower case, one blank for a run of blanks, line ends and comments; not printable: a blank.
 * Within a text there are no comments. */
static void make_plain(struct plain *p, enum order_dialect dialect, const uint8_t *data, size_t len,
		       size_t step)
{
	bool in_comment = false, in_line = false, in_text = false, is_escaped = false;
	p->len = 0;
	for (size_t i = 0; i < len && p->len < ORDER_SPAN; i += step) {
		char c = (char)data[i];
		char next = i + step < len ? (char)data[i + step] : '\0';
		if (in_comment) {
			in_comment = !(c == '*' && next == '/');
			i += in_comment ? 0 : step;
			continue;
		}
		if (in_line) {
			in_line = c != '\n';
			continue;
		}
		in_text ^= c == '\'' && !is_escaped;
		is_escaped = in_text && dialect == ORDER_MYSQL && c == '\\' && !is_escaped;
		in_comment = !in_text && c == '/' && next == '*';
		in_line = !in_text && c == '-' && next == '-';
		if (c >= 'A' && c <= 'Z')
			c = (char)(c | 0x20);
		add(p, in_comment || in_line || c <= ' ' || c >= 0x7f ? ' ' : c);
		i += in_comment ? step : 0;
	}
	p->text[p->len] = '\0';
}

void order_tell(struct inspection *in, const char *service, enum order_kind kind, const void *text,
		size_t len)
{
	struct event_order *e = inspect_event(in, EVENT_ORDER, sizeof(*e));
	if (e->e.app == APP_UNKNOWN)
		e->e.app = APP_DATABASE;
	e->kind = (uint8_t)kind;
	event_log_str(in->log, &e->service, service, strlen(service), strlen(service));
	event_log_str(in->log, &e->text, text, len < TEXT_KEPT ? len : TEXT_KEPT, len);
	event_log_commit(in->log);
}

static const struct word *word_at(const char *at, enum order_dialect dialect)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct word *w = &words[i];
		if (w->text[0] != *at || w->dialect != (uint8_t)dialect ||
		    strncmp(at, w->text, strlen(w->text)) != 0)
			continue;
		if ((!w->with || strstr(at, w->with)) && !(w->without && strstr(at, w->without)))
			return w;
	}
	return NULL;
}

static bool is_behind(const struct plain *p, size_t at, const char *word)
{
	size_t len = strlen(word);
	return at >= len && at <= p->len && strncmp(p->text + (at - len), word, len) == 0;
}

/* A word of PostgreSQL's own: COPY ... FROM PROGRAM, and no column of that name. */
static bool is_copy(const struct plain *p, size_t at)
{
	return strstr(p->text, "copy ") != NULL &&
	       (is_behind(p, at, "from ") || is_behind(p, at, "to "));
}

/* What a text within the statement has to be carried out by. */
static bool carries(const char *at)
{
	static const char *const words_out[] = { "exec",       "prepare ",   "sp_",
						 "openquery",  "openrowset", "function ",
						 "procedure ", "$$" };
	for (size_t i = 0; i < sizeof(words_out) / sizeof(words_out[0]); i++)
		if (strncmp(at, words_out[i], strlen(words_out[i])) == 0)
			return true;
	return false;
}

/* Past the text that begins here; a doubled quote begins the next one at once. */
static size_t text_end(const struct plain *p, size_t at, enum order_dialect dialect)
{
	char quote = p->text[at++];
	for (; at < p->len && p->text[at] != quote; at++)
		at += dialect == ORDER_MYSQL && p->text[at] == '\\';
	return at < p->len ? at + 1 : p->len;
}

static bool is_quote(char c, enum order_dialect dialect)
{
	return c == '\'' || (c == '"' && dialect == ORDER_MYSQL);
}

static bool carries_texts(const struct plain *p, enum order_dialect dialect)
{
	for (size_t at = 0; at < p->len;) {
		if ((at == 0 || !is_word_byte(p->text[at - 1])) && carries(p->text + at))
			return true;
		at = is_quote(p->text[at], dialect) ? text_end(p, at, dialect) : at + 1;
	}
	return false;
}

void order_statement(struct inspection *in, enum order_dialect dialect, const uint8_t *data,
		     size_t len, bool is_wide, uint32_t *budget)
{
	static const char *const services[] = { "mssql", "postgresql", "mysql" };
	struct plain p;
	uint32_t told = 0;
	size_t step = is_wide ? 2 : 1;
	if (len > *budget)
		len = *budget;
	if (len > ORDER_SPAN * step)
		len = ORDER_SPAN * step;
	*budget -= (uint32_t)len;
	make_plain(&p, dialect, data, len, step);
	bool is_carrying = carries_texts(&p, dialect);
	size_t next;
	for (size_t i = 0; i < p.len; i = next) {
		next = is_carrying || !is_quote(p.text[i], dialect) ? i + 1 :
								      text_end(&p, i, dialect);
		if ((i && is_word_byte(p.text[i - 1])) || !is_word_byte(p.text[i]))
			continue;
		const struct word *w = word_at(p.text + i, dialect);
		if (!w || (told & 1u << w->kind) ||
		    (dialect == ORDER_POSTGRES && *w->text == 'p' && w->kind == ORDER_PROGRAM &&
		     !is_copy(&p, i)))
			continue;
		told |= 1u << w->kind;
		order_tell(in, services[dialect], (enum order_kind)w->kind, p.text + i, p.len - i);
	}
}

enum inspect_verdict order_stream(struct inspection *in, struct order_side *orders,
				  const uint8_t *data, uint32_t len, uint32_t *ret_used,
				  order_take_fn take)
{
	uint32_t at = 0, used = 0;
	while (at < len && orders->budget) {
		uint32_t pass = orders->skip < len - at ? orders->skip : len - at;
		orders->skip -= pass;
		at += pass;
		if (at == len || !take(in, orders, data + at, len - at, &used))
			break;
		at += used;
	}
	*ret_used = at;
	return orders->budget ? INSPECT_MORE : INSPECT_DONE;
}
