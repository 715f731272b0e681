/*
 * store/usage_rank.h - which groups of a question come first, before anything is looked up for
 * them.
 *
 * Threads: one.
 */
#ifndef EXFILD_SRC_STORE_USAGE_RANK_H
#define EXFILD_SRC_STORE_USAGE_RANK_H

#include "usage_db.h"

/*
 * For a question about hosts and services together that wants its first rows alone: a->host_ids and
 * a->service_ids become the numbers among which these are, as SQL, and usage_sql() asks for nothing
 * else.  Any other question, and one of too many groups, stays as it is.
 */
void usage_rank(struct asking *a, struct usage_db *db);

#endif
