/*
 * event/file.h - what a file is by its first bytes.
 *
 * What: a small set of kinds that matter when data moves: what runs, what packs, what holds
 * secrets. Threads: any.
 */
#ifndef EXFILD_EVENT_FILE_H
#define EXFILD_EVENT_FILE_H

enum file_type {
	FILE_UNKNOWN, /* no bytes at hand, or none of these */
	FILE_TEXT,
	FILE_EXECUTABLE, /* PE, ELF, Mach-O */
	FILE_SCRIPT,
	FILE_ARCHIVE,
	FILE_ENCRYPTED, /* an archive or container that says it is encrypted */
	FILE_DOCUMENT,
	FILE_IMAGE,
	FILE_MEDIA,
	FILE_DATABASE,  /* SQLite, dumps, mail stores */
	FILE_DIRECTORY, /* ntds.dit (ESE) */
	FILE_REGISTRY,  /* registry hive */
	FILE_MEMORY,    /* minidump, core */
	FILE_KEY,       /* private key, key store */
	FILE_HIGH_ENTROPY,
	FILE__COUNT
};

/* Lower-case name: "executable"; "unknown" for anything out of range. */
const char *file_type_name(enum file_type type);

#endif
