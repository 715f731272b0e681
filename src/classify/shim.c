/*
 * classify/shim.c - nDPI 4.2 here; 4.4 to 4.10 by their macros.
 *
 * Newer versions take flow information as a sixth argument (4.6), a global context at
 * initialisation (4.10) and give up without the guess switch (4.10).
 */
#include "shim.h"

#include <pthread.h>
#include <stdio.h>

#include "memory.h"

#define SHIM_AT_LEAST(major, minor) \
 (NDPI_MAJOR > (major) || (NDPI_MAJOR == (major) && NDPI_MINOR >= (minor)))

/* Older versions remember through memory.c. */
static void forget_other_flows(struct ndpi_detection_module_struct *m)
{
#if SHIM_AT_LEAST(4, 10)
	static const char *const caches[] = { "lru.ookla.size",   "lru.bittorrent.size",
					      "lru.stun.size",    "lru.tls_cert.size",
					      "lru.mining.size",  "lru.msteams.size",
					      "lru.fpc_dns.size", "lru.signal.size" };
	for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
		(void)ndpi_set_config(m, NULL, caches[i], "0");
#elif SHIM_AT_LEAST(4, 6)
	for (int type = 0; type < NDPI_LRUCACHE_MAX; type++)
		(void)ndpi_set_lru_cache_size(m, (lru_cache_type)type, 0);
#else
	memory_prepare(m);
#endif
}

/* nDPI: modules must not be initialised in parallel */
static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;

static struct ndpi_detection_module_struct *begin_module(void)
{
#if SHIM_AT_LEAST(4, 10)
	return ndpi_init_detection_module(NULL);
#else
	/* the built-in Tor list is years old; lists are the business of intelligence feeds */
	return ndpi_init_detection_module(ndpi_dont_load_tor_hosts);
#endif
}

struct ndpi_detection_module_struct *shim_names_new(void)
{
	pthread_mutex_lock(&init_lock);
	struct ndpi_detection_module_struct *m = begin_module();
	pthread_mutex_unlock(&init_lock);
	return m;
}

static struct ndpi_detection_module_struct *make_module(void)
{
	struct ndpi_detection_module_struct *m = begin_module();
	if (!m)
		return NULL;
	NDPI_PROTOCOL_BITMASK all;
	NDPI_BITMASK_SET_ALL(all);
	(void)ndpi_set_protocol_detection_bitmask2(m, &all);
	forget_other_flows(m);
	(void)ndpi_finalize_initialization(m);
	return m;
}

struct ndpi_detection_module_struct *shim_module_new(void)
{
	pthread_mutex_lock(&init_lock);
	struct ndpi_detection_module_struct *m = make_module();
	pthread_mutex_unlock(&init_lock);
	return m;
}

static void fill(const struct ndpi_flow_struct *f, ndpi_protocol p, struct shim_verdict *ret)
{
	ret->master = p.master_protocol;
	ret->app = p.app_protocol;
	ret->category = (uint16_t)p.category;
	ret->confidence = (uint8_t)f->confidence;
	ret->risks = f->risk;
}

void shim_packet(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *f,
		 const uint8_t *l3, uint16_t len, uint64_t time_ms, struct shim_verdict *ret)
{
#if SHIM_AT_LEAST(4, 6)
	ndpi_protocol p = ndpi_detection_process_packet(m, f, l3, len, time_ms, NULL);
#else
	ndpi_protocol p = ndpi_detection_process_packet(m, f, l3, len, time_ms);
#endif
	fill(f, p, ret);
}

void shim_give_up(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *f,
		  struct shim_verdict *ret)
{
	uint8_t guessed = 0;
#if SHIM_AT_LEAST(4, 10)
	ndpi_protocol p = ndpi_detection_giveup(m, f, &guessed);
#else
	ndpi_protocol p = ndpi_detection_giveup(m, f, 1, &guessed);
#endif
	fill(f, p, ret);
	if (guessed && ret->confidence > 2)
		ret->confidence = 1;
}

/* Numbers of nDPI's that have changed their names between versions, and not their meaning. */
enum { SKYPE_CALL = 38, SKYPE = 125 };

bool shim_is_weak(const struct shim_verdict *v)
{
	return v->app == SKYPE_CALL && (v->master == SKYPE || v->master == 0);
}

bool shim_is_rtp(const struct shim_verdict *v)
{
	return v->app == NDPI_PROTOCOL_RTP && v->master == 0;
}

bool shim_is_rtcp(const struct shim_verdict *v)
{
	return v->app == NDPI_PROTOCOL_RTCP && v->master == 0;
}

void shim_name(struct ndpi_detection_module_struct *m, const struct shim_verdict *v, char *dst,
	       size_t size)
{
	ndpi_protocol p = { .master_protocol = v->master, .app_protocol = v->app };
	ndpi_protocol2name(m, p, dst, (unsigned)size);
}

const char *shim_category_name(struct ndpi_detection_module_struct *m, uint16_t category)
{
	return ndpi_category_get_name(m, (ndpi_protocol_category_t)category);
}
