/*
 * context/geo.h - the country and the network operator (AS) of an outside address.
 *
 * What: databases in MaxMind's format, of countries and of autonomous systems, that the operator
 * puts beside exfild; each is copied into memory of our own before it is used, so that a file that
 * changes under it does no harm.  A file that is cut short or is none is an error with its name.
 * Ownership: geo_close frees.  Threads: opening on any; asking on the analysis plane.
 * Limits: GEO_FILE_MAX bytes a file, as much memory; names of 63 bytes.
 * Source: MaxMind DB File Format Specification 2.0 (libmaxminddb reads it).
 */
#ifndef EXFILD_CONTEXT_GEO_H
#define EXFILD_CONTEXT_GEO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exfild/base/err.h"
#include "exfild/base/ipaddr.h"

#define GEO_FILE_MAX (512ull << 20)

struct context;
struct geo_set;

struct geo {
	char country[3];    /* ISO 3166, upper case; "" not known */
	bool is_anycast;    /* the database says so: the address is in many places at once */
	uint32_t as_number; /* 0: not known */
	char as_name[64];
};

/*
 * Paths NULL or "": none of that kind; *ret NULL: none at all.  -EXF_E_IO, -EXF_E_FORMAT: ret_why
 * names the file.  -EXF_E_UNSUPPORTED: built without libmaxminddb.
 */
int geo_open(const char *country_path, const char *as_path, struct geo_set **ret, char *ret_why,
	     size_t why_size) EXF_MUST_USE;
void geo_close(struct geo_set *g);
/* What is not known is empty; whether anything is. */
bool geo_find(const struct geo_set *g, const struct ipaddr *a, struct geo *ret);

/* "GeoLite2-Country of 2026-11-03, ..."; "" for none (NULL). */
void geo_describe(const struct geo_set *g, char *dst, size_t size);

/* The set from here on; the one before is the caller's. */
struct geo_set *context_geo(struct context *c, struct geo_set *fresh);
/* geo_describe() of the set in use. */
void context_geo_describe(const struct context *c, char *dst, size_t size);
/* Of an outside address; nothing of an inside one. */
bool context_geo_of(const struct context *c, const struct ipaddr *a, uint32_t tunnel_id,
		    struct geo *ret);

#endif
