/*
 * detect/dns_tunnel/heavy.h - the domains to which most distinct information flows, in constant
 * memory.
 *
 * What: the ibHH cache (Ozery, Nadler, Shabtai, NDSS 2024, arXiv 2307.02614), an
 * information-weighted form of distinct-weighted-sampling heavy hitters (Afek et al. 2017): a
 * domain enters by a race that favours much distinct information, so that a flood of one-name
 * domains cannot push a tunnel out. Threads: one owner. Limits: HEAVY_DOMAINS domains, 300 bytes
 * each.
 */
#ifndef EXFILD_SRC_DETECT_DNS_TUNNEL_HEAVY_H
#define EXFILD_SRC_DETECT_DNS_TUNNEL_HEAVY_H

#include <stddef.h>
#include <stdint.h>

#include "exfild/base/keep.h"
#include "exfild/base/sketch.h"
#include "exfild/base/table.h"

#define HEAVY_DOMAINS 2048

struct heavy;

struct heavy *heavy_new(const struct hash_key *key);
void heavy_free(struct heavy *h);
/* Adds a name (its keyed hash, the weight in bytes) under a domain. */
void heavy_add(struct heavy *h, uint64_t domain_hash, uint64_t name_hash, unsigned weight);
/* Bytes of distinct information under a domain; 0 when it is not in the cache. */
double heavy_estimate(const struct heavy *h, uint64_t domain_hash);
/* A new window: all estimates start anew. */
void heavy_reset(struct heavy *h);
size_t heavy_bytes(void);
/* What of it outlives the process. */
void heavy_keep(struct heavy *h, struct keep_list *list);

#endif
