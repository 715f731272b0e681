/*
 * event/file.c - names of the kinds of files and of attempts.
 */
#include "exfild/event/file.h"

#include "exfild/event/content.h"

static const char *const names[FILE__COUNT] = {
	[FILE_UNKNOWN] = "unknown",
	[FILE_TEXT] = "text",
	[FILE_EXECUTABLE] = "executable",
	[FILE_SCRIPT] = "script",
	[FILE_ARCHIVE] = "archive",
	[FILE_ENCRYPTED] = "encrypted",
	[FILE_DOCUMENT] = "document",
	[FILE_IMAGE] = "image",
	[FILE_MEDIA] = "media",
	[FILE_DATABASE] = "database",
	[FILE_DIRECTORY] = "directory",
	[FILE_REGISTRY] = "registry",
	[FILE_MEMORY] = "memory",
	[FILE_KEY] = "key",
	[FILE_HIGH_ENTROPY] = "high_entropy",
};

const char *file_type_name(enum file_type type)
{
	unsigned i = (unsigned)type;
	return i < FILE__COUNT ? names[i] : "unknown";
}

static const char *const exploits[EXPLOIT__COUNT] = {
	[EXPLOIT_NONE] = "none",
	[EXPLOIT_LOOKUP] = "look-up",
	[EXPLOIT_SHELLSHOCK] = "shellshock",
	[EXPLOIT_COMMAND] = "command",
	[EXPLOIT_EXPRESSION] = "expression",
	[EXPLOIT_CLIMB] = "path that climbs",
	[EXPLOIT_FILE] = "file named in a value",
	[EXPLOIT_QUERY] = "SQL in a value",
};

const char *exploit_kind_name(enum exploit_kind kind)
{
	unsigned i = (unsigned)kind;
	return i < EXPLOIT__COUNT ? exploits[i] : "unknown";
}

const char *content_kind_name(enum content_kind kind)
{
	static const char *const kinds[CONTENT__COUNT] = {
		[CONTENT_CARD] = "card",         [CONTENT_IBAN] = "iban",
		[CONTENT_NATIONAL] = "national", [CONTENT_KEY] = "key",
		[CONTENT_TOKEN] = "token",       [CONTENT_MARKING] = "marking",
		[CONTENT_CANARY] = "canary",     [CONTENT_DOCUMENT] = "document",
		[CONTENT_TABLE] = "table",
	};
	return (unsigned)kind < CONTENT__COUNT ? kinds[kind] : "unknown";
}
