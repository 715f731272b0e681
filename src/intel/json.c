/*
 * intel/json.c - feeds in JSON, without ever holding a whole one.
 *
 * STIX bundles and MISP events can be hundreds of megabytes and are long arrays of small objects.
 * So the text is walked byte by byte for its structure, and each object that is an element of an
 * array is given to the JSON library by itself when it ends, if it is not larger than OBJECT_MAX.
 * What surrounds them is only counted, but a bracket that does not match, or an end too soon,
 * refuses the whole feed: half a download is no feed.
 *
 * What a MISP event tells of all its attributes, its threat level and its tags, may stand before or
 * behind them: it is noted at the event's own level and goes to its items when the event ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "private.h"

#define OBJECT_MAX (256u * 1024)
#define DEPTH_MAX  64u
#define NO_START   SIZE_MAX
#define WORD_MAX   24u

struct level {
	size_t start; /* of the object in the text kept; NO_START: it is not kept */
	uint32_t line;
	char opened;
	char key[WORD_MAX]; /* the last one of the object, cut */
	uint32_t first;     /* item of the set that it may give */
	enum intel_tlp tlp; /* of all items within */
	enum intel_severity severity;
};

struct scan {
	struct load *l;
	char *text; /* from the begin of the outermost object that is kept */
	size_t len;
	bool is_kept;
	struct level levels[DEPTH_MAX];
	size_t depth;
	uint32_t line;
	char word[WORD_MAX]; /* the key or value that is read, cut */
	size_t word_len;
	bool in_string, is_escaped, has_ended;
};

const char *object_text(const struct json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool refuse(struct scan *s, const char *what)
{
	(void)snprintf(s->l->feed->error, sizeof(s->l->feed->error), "line %u: %s", s->line, what);
	return false;
}

static bool has(const char *text, size_t len, const char *part)
{
	return memmem(text, len, part, strlen(part)) != NULL;
}

static bool give_object(struct scan *s, const struct level *level)
{
	const char *text = s->text + level->start;
	size_t len = s->len - level->start;
	bool is_stix = s->l->feed->format == INTEL_STIX;
	json_error_t error;
	if (!has(text, len, is_stix ? "\"pattern\"" : "\"value\""))
		return true;
	json_t *object = json_loadb(text, len, 0, &error);
	if (!object) {
		(void)snprintf(s->l->feed->error, sizeof(s->l->feed->error), "line %u: %s",
			       level->line + (uint32_t)(error.line > 1 ? error.line - 1 : 0),
			       error.text);
		return false;
	}
	if (is_stix)
		stix_object(s->l, object, level->line);
	else
		misp_attribute(s->l, object, level->line);
	json_decref(object);
	return !s->l->is_out_of_memory;
}

/* A tag of the object at `owner`: it is told of all within that one. */
static void give_tag(struct scan *s, const struct level *tag, struct level *owner)
{
	json_t *object = json_loadb(s->text + tag->start, s->len - tag->start, 0, NULL);
	const char *name = object ? object_text(object, "name") : NULL;
	if (name)
		(void)load_tag(name, &owner->tlp, &owner->severity);
	json_decref(object);
}

/* A value of the innermost object has ended. */
static void end_value(struct scan *s)
{
	struct level *at = s->depth ? &s->levels[s->depth - 1] : NULL;
	if (at && s->word_len && strcmp(at->key, "threat_level_id") == 0)
		at->severity = intel_severity_of(s->word, s->word_len);
	s->word_len = 0;
}

/* A byte of what is no bracket. */
static void read_word(struct scan *s, char c)
{
	if (s->depth == 0)
		return;
	struct level *at = &s->levels[s->depth - 1];
	if (c == ',') {
		end_value(s);
	} else if (c == ':') {
		memcpy(at->key, s->word, s->word_len);
		at->key[s->word_len] = '\0';
		s->word_len = 0;
	} else if (!strchr("\" \t\r\n", c) && s->word_len < WORD_MAX - 1) {
		s->word[s->word_len++] = c;
	}
}

/* The outermost object that is kept has become too large: those within it may still fit. */
static void give_up_outermost(struct scan *s)
{
	size_t shift = s->len, first = s->depth;
	for (size_t i = 0; i < s->depth; i++) {
		if (s->levels[i].start == NO_START)
			continue;
		if (first == s->depth) {
			first = i;
		} else {
			shift = s->levels[i].start;
			break;
		}
	}
	if (first < s->depth)
		s->levels[first].start = NO_START;
	memmove(s->text, s->text + shift, s->len - shift);
	s->len -= shift;
	s->is_kept = false;
	for (size_t i = 0; i < s->depth; i++) {
		if (s->levels[i].start == NO_START)
			continue;
		s->levels[i].start -= shift;
		s->is_kept = true;
	}
}

static void keep(struct scan *s, char c)
{
	while (s->is_kept && s->len == OBJECT_MAX)
		give_up_outermost(s);
	if (s->is_kept)
		s->text[s->len++] = c;
}

static bool open_level(struct scan *s, char c)
{
	bool is_element = c == '{' && s->depth && s->levels[s->depth - 1].opened == '[';
	if (s->depth == DEPTH_MAX)
		return refuse(s, "is nested too deep");
	if (s->depth == 0 && s->has_ended)
		return refuse(s, "goes on behind its end");
	struct level *level = &s->levels[s->depth];
	*level = (struct level){ .start = NO_START,
				 .line = s->line,
				 .opened = c,
				 .first = s->l->x->count };
	s->word_len = 0;
	if (is_element) {
		if (!s->is_kept)
			s->len = 0;
		while (s->is_kept && s->len == OBJECT_MAX)
			give_up_outermost(s);
		level->start = s->len;
		s->is_kept = true;
	}
	s->depth++;
	keep(s, c);
	return true;
}

static bool close_level(struct scan *s, char c)
{
	if (s->depth == 0 || s->levels[s->depth - 1].opened != (c == '}' ? '{' : '['))
		return refuse(s, "a bracket closes what is not open");
	keep(s, c);
	end_value(s);
	struct level level = s->levels[--s->depth];
	intel_tell_of(s->l->x, level.first, level.tlp, level.severity);
	if (s->depth == 0)
		s->has_ended = true;
	if (level.start == NO_START)
		return true;
	if (s->depth > 1 && strcmp(s->levels[s->depth - 2].key, "Tag") == 0)
		give_tag(s, &level, &s->levels[s->depth - 2]);
	bool ok = give_object(s, &level);
	s->is_kept = false;
	for (size_t i = 0; i < s->depth; i++)
		s->is_kept = s->is_kept || s->levels[i].start != NO_START;
	return ok;
}

static bool take_byte(struct scan *s, char c)
{
	s->line += c == '\n';
	if (s->in_string) {
		bool ends = c == '"' && !s->is_escaped;
		s->is_escaped = c == '\\' && !s->is_escaped;
		s->in_string = !ends;
		keep(s, c);
		if (!ends && s->word_len < WORD_MAX - 1)
			s->word[s->word_len++] = c;
		return true;
	}
	if (c == '{' || c == '[')
		return open_level(s, c);
	if (c == '}' || c == ']')
		return close_level(s, c);
	if (s->depth == 0 && !strchr(" \t\r\n", c))
		return refuse(s, "is no JSON");
	s->in_string = c == '"';
	keep(s, c);
	read_word(s, c);
	return true;
}

static bool take_file(struct scan *s, FILE *f)
{
	char block[16384];
	size_t n;
	bool is_first = true;
	while ((n = fread(block, 1, sizeof(block), f)) > 0) {
		size_t i = is_first && n >= 3 && memcmp(block, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
		is_first = false;
		for (; i < n; i++)
			if (!take_byte(s, block[i]))
				return false;
	}
	if (ferror(f)) {
		(void)snprintf(s->l->feed->error, sizeof(s->l->feed->error),
			       "reading it failed: %s", strerror(errno));
		return false;
	}
	return s->depth || !s->has_ended ? refuse(s, "ends too soon") : true;
}

bool load_json(struct load *l, FILE *f)
{
	struct scan *s = calloc(1, sizeof(*s));
	char *text = malloc(OBJECT_MAX);
	bool ok = s && text;
	if (ok) {
		s->l = l;
		s->text = text;
		s->line = 1;
		ok = take_file(s, f);
	} else {
		l->is_out_of_memory = true;
	}
	free(text);
	free(s);
	return ok;
}
