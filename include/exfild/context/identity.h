/*
 * context/identity.h - which machine and which user has an address, as DHCP, VPN or RADIUS say.
 *
 * What: lines (CSV or JSON) of a file that is followed, and single entries that come while it runs.
 * The newest entry of an address holds until its time to live is over, by packet time; an entry of
 * the file with a time to come waits for it, so that a file may hold the history of leases.
 * User names become what privacy.users says before they are kept.
 * Ownership: identity_list_free frees a list; a context owns the one that it was given.
 * Threads: reading on any; the rest on the analysis plane.
 * Limits: IDENTITY_LINES lines of a file, IDENTITY_LINE bytes a line; the table's capacity: what
 * ends soonest goes first.
 */
#ifndef EXFILD_CONTEXT_IDENTITY_H
#define EXFILD_CONTEXT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/ipaddr.h"

#define IDENTITY_LINES   65536
#define IDENTITY_LINE    1024
#define IDENTITY_NAME    64 /* with NUL */
#define IDENTITY_TTL_MAX (366ull * 86400)
#define IDENTITY_MOVED   64 /* that wait to be told */

struct context;

struct identity {
	struct ipaddr address;
	uint64_t since_ns;                             /* 0: from when it is told */
	uint64_t ttl_s;                                /* 0: as configured */
	char host[IDENTITY_NAME], user[IDENTITY_NAME]; /* "": not told */
};

/* One line of JSON: {"address": "10.1.2.3", "host": "pc7", "user": "alice", "ttl": "8h"}.
 * -EXF_E_INVALID: *ret_column, from 1, and ret_why say where and why. */
int identity_parse_json(const char *line, size_t len, struct identity *ret, size_t *ret_column,
			char *ret_why, size_t why_size) EXF_MUST_USE;

struct identity_list;

/* The file; -EXF_E_IO, -EXF_E_INVALID: ret_why is "file:line:column: sentence". */
int identity_read(const char *path, struct identity_list **ret, char *ret_why,
		  size_t why_size) EXF_MUST_USE;
/* The same from a text; `name` stands for its file. */
int identity_read_text(const char *name, const char *text, size_t len, struct identity_list **ret,
		       char *ret_why, size_t why_size) EXF_MUST_USE;
void identity_list_free(struct identity_list *l);
size_t identity_list_count(const struct identity_list *l);

/*
 * The file's lines from here on (NULL: none).  Those that were in the list before are not told
 * again; what stands in neither is forgotten.  Returns the list before, the caller's to free.
 */
struct identity_list *context_identities(struct context *c, struct identity_list *fresh);
/* One that came while it runs; false: a newer one holds. */
bool context_identity(struct context *c, const struct identity *i);
/*
 * The next address that an entry has given to another machine of late, where the one before was
 * known; false: none.  Entries whose time was over an hour ago tell of no change.
 */
bool context_moved(struct context *c, struct ipaddr *ret, char ret_host[IDENTITY_NAME]);
/*
 * The user whose pseudonym this is, among those of the file and of names, apart by commas; false:
 * it is nobody's of these.  Names are kept nowhere else, so those of messages must be given.
 */
bool context_reveal(const struct context *c, const char *pseudonym, const char *names,
		    char ret[IDENTITY_NAME]);
/* Who uses the address now, as privacy.users has it; NULL: not known. */
const char *context_user_of(const struct context *c, const struct ipaddr *a);

#endif
