/*
 * config/yaml_why.c - errors of a YAML text: where, and a sentence.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "yaml_build.h"

__attribute__((format(printf, 6, 0))) static void write_why(char *why, size_t size,
							    const char *file, uint32_t line,
							    uint32_t column, const char *fmt,
							    va_list ap)
{
	int n = snprintf(why, size, "%s:%u:%u: ", file, line, column);
	if (n >= 0 && (size_t)n < size)
		vsnprintf(why + n, size - (size_t)n, fmt, ap);
}

void yaml_why(const struct yaml_node *at, char *why, size_t why_size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_why(why, why_size, at->file, at->line, at->column, fmt, ap);
	va_end(ap);
}

int yaml_fail(const struct yaml_build *b, int code, const yaml_mark_t *at, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	write_why(b->why, b->why_size, b->y->name, yaml_from_one(at->line),
		  yaml_from_one(at->column), fmt, ap);
	va_end(ap);
	return code;
}

int yaml_fail_memory(const struct yaml_build *b)
{
	snprintf(b->why, b->why_size, "%s: memory is exhausted", b->y->name);
	return -EXF_E_NOMEM;
}

/* --- errors of libyaml ------------------------------------------------------------------- */

/* The reader reports a byte offset only; columns count characters. */
static yaml_mark_t mark_of_offset(const struct yaml_build *b, size_t offset)
{
	yaml_mark_t at = { offset, 0, 0 };
	for (size_t i = 0; i < offset && i < b->len; i++) {
		unsigned char c = (unsigned char)b->text[i];
		if (c == '\n') {
			at.line++;
			at.column = 0;
		} else if ((c & 0xc0) != 0x80) {
			at.column++;
		}
	}
	return at;
}

/* Does this line (from 0) begin with blanks among which a tab is? */
static bool is_indented_by_tab(const struct yaml_build *b, size_t line)
{
	const char *p = b->text, *end = b->text + b->len;
	while (line > 0 && p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		if (!newline)
			return false;
		p = newline + 1;
		line--;
	}
	while (p < end && *p == ' ')
		p++;
	return p < end && *p == '\t';
}

int yaml_fail_parser(const struct yaml_build *b, const yaml_parser_t *p)
{
	const char *problem = p->problem ? p->problem : "it is not YAML";
	if (p->error == YAML_MEMORY_ERROR)
		return yaml_fail_memory(b);
	if (p->error == YAML_READER_ERROR) {
		yaml_mark_t at = mark_of_offset(b, p->problem_offset);
		if (p->problem_value >= 0 && p->problem_value <= 0xff)
			return yaml_fail(b, -EXF_E_FORMAT, &at, "%s (byte 0x%02x)", problem,
					 (unsigned)p->problem_value);
		return yaml_fail(b, -EXF_E_FORMAT, &at, "%s", problem);
	}
	if (is_indented_by_tab(b, p->problem_mark.line))
		return yaml_fail(b, -EXF_E_FORMAT, &p->problem_mark,
				 "%s (this line is indented with a tab; YAML wants spaces)",
				 problem);
	if (p->context && p->context_mark.line != p->problem_mark.line)
		return yaml_fail(b, -EXF_E_FORMAT, &p->problem_mark, "%s %s that begins in line %u",
				 problem, p->context, yaml_from_one(p->context_mark.line));
	if (p->context)
		return yaml_fail(b, -EXF_E_FORMAT, &p->problem_mark, "%s %s", problem, p->context);
	return yaml_fail(b, -EXF_E_FORMAT, &p->problem_mark, "%s", problem);
}
