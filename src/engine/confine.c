/*
 * engine/confine.c - see confine.h.
 */
#include "confine.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/log.h"
#include "exfild/sandbox/sandbox.h"
#include "books.h"
#include "signatures.h"

#define FOLDERS 24 /* of files that are named one by one */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
# define IS_SANITIZED true
#else
# define IS_SANITIZED false
#endif

struct confined {
	struct sandbox sandbox;
	char folders[FOLDERS][PATH_MAX];
	size_t folder_count;
	bool is_full;
};

/* Names of hosts and users, time zones, the public suffix list; counts of itself and the machine.
 */
static const char *const system_paths[] = { "/etc", "/usr", "/lib",  "/lib64",
					    "/run", "/sys", "/proc", "/dev/urandom" };

/* A file is opened again after it was moved away or replaced: that takes its folder. */
static const char *folder_of(struct confined *k, const char *path)
{
	if (k->folder_count == FOLDERS || strlen(path) >= PATH_MAX) {
		k->is_full = true;
		return "/nonexistent";
	}
	char *copy = k->folders[k->folder_count++];
	(void)snprintf(copy, PATH_MAX, "%s", path);
	return dirname(copy);
}

/* Where the folder is a link, it may point elsewhere tomorrow: to a neighbour of today's. */
static void read_folder(struct confined *k, const char *path)
{
	struct stat info;
	if (!path || !*path)
		return;
	const char *folder = folder_of(k, path);
	k->is_full |= !sandbox_read(&k->sandbox, folder);
	if (lstat(folder, &info) == 0 && S_ISLNK(info.st_mode))
		k->is_full |= !sandbox_read(&k->sandbox, folder_of(k, folder));
}

static void write_folder(struct confined *k, const char *path)
{
	if (path && *path && strcmp(path, "-") != 0)
		k->is_full |= !sandbox_write(&k->sandbox, folder_of(k, path));
}

/* A folder of rules with all below it. */
static void read_rules(struct confined *k, const char *configured, const char *data_dir)
{
	if (k->folder_count == FOLDERS) {
		k->is_full = true;
		return;
	}
	char *folder = k->folders[k->folder_count];
	(void)signatures_folder(configured, data_dir, folder, PATH_MAX);
	if (access(folder, R_OK) != 0)
		return;
	k->folder_count++;
	k->is_full |= !sandbox_read(&k->sandbox, folder);
}

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static void add_configured(struct confined *k, const struct options *o, const struct config *c,
			   const char *data_dir)
{
	read_folder(k, o->config_path);
	for (size_t i = 0; i < c->services.file_count; i++)
		read_folder(k, c->services.files[i]);
	for (size_t i = 0; i < c->intel.feed_count; i++)
		read_folder(k, c->intel.feeds[i].file);
	for (size_t i = 0; i < c->signatures.directory_count; i++)
		read_rules(k, c->signatures.directories[i], data_dir);
	for (size_t i = 0; i < c->policy.file_count; i++)
		read_folder(k, c->policy.files[i]);
	for (size_t i = 0; i < c->content.fingerprint_count; i++) {
		read_folder(k, c->content.fingerprints[i]);
		if (is_folder(c->content.fingerprints[i]))
			k->is_full |= !sandbox_read(&k->sandbox, c->content.fingerprints[i]);
	}
	if (c->content.fingerprint_count)
		read_folder(k, c->content.fingerprint_key);
	read_folder(k, c->identity.file);
	read_folder(k, c->geo.country);
	read_folder(k, c->geo.as);
	read_folder(k, c->redis.password_file);
	read_folder(k, c->redis.ca_file);
	read_folder(k, c->redis.signed_key_file);
	read_folder(k, c->sinks.syslog_ca_file);
	write_folder(k, c->control.socket);
	write_folder(k, c->sinks.file_path);
	char usage[BOOKS_PATH_MAX];
	if (books_path(o, c, usage))
		write_folder(k, usage);
	write_folder(k, o->events_path);
	write_folder(k, o->evidence_path);
}

/* The kernel can allow only a folder that is there; the store says what is wrong with it. */
static void add_state(struct confined *k, const char *path)
{
	if (!path || !*path)
		return;
	(void)mkdir(path, 0700);
	k->is_full |= !sandbox_write(&k->sandbox, path);
}

bool confine_is_sanitized(void)
{
	return IS_SANITIZED;
}

int confine(const struct options *o, const struct config *c, const char *data_dir, char *ret_why,
	    size_t why_size)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	struct confined *k = calloc(1, sizeof(*k));
	if (!k)
		return -EXF_E_NOMEM;
	k->sandbox.is_sanitized = confine_is_sanitized();
	for (size_t i = 0; i < sizeof(system_paths) / sizeof(system_paths[0]); i++)
		k->is_full |= !sandbox_read(&k->sandbox, system_paths[i]);
	k->is_full |= !sandbox_read(&k->sandbox, data_dir);
	if (credentials)
		k->is_full |= !sandbox_read(&k->sandbox, credentials);
	add_configured(k, o, c, data_dir);
	add_state(k, o->state_path);
	/* the copy of the last good configuration lies there in any case */
	if (!o->state_path || o->config_path)
		add_state(k, c->state.directory);
	add_state(k, c->spool.directory);
	if (c->evidence.kb_per_flow && c->evidence.max_mb)
		add_state(k, c->evidence.directory);
	int err = -EXF_E_LIMIT;
	if (k->is_full)
		(void)snprintf(
			ret_why, why_size,
			"more than %d files are named in the configuration, or a name is too "
			"long: put catalogues into one file",
			FOLDERS);
	else
		err = sandbox_enter_core(&k->sandbox, ret_why, why_size);
	if (!err && k->sandbox.landlock)
		log_debug("start", "confined: seccomp, Landlock %d", k->sandbox.landlock);
	else if (!err)
		log_warnx("start", "this kernel has no Landlock: seccomp and the user's rights are "
				   "what keeps a taken-over exfild from other files");
	free(k);
	return err;
}
