/*
 * classify/shim.h - the one place that knows nDPI's version.
 *
 * What: the few calls that exfild makes, in one shape for 4.2 and, by compile-time switch, 4.4 to
 * 4.10 (another initialisation, argument and result layout).
 * Threads: any; modules are made one after the other (nDPI asks for it).
 */
#ifndef EXFILD_SRC_CLASSIFY_SHIM_H
#define EXFILD_SRC_CLASSIFY_SHIM_H

#include <stdbool.h>
#include <stdint.h>

#include <ndpi_api.h>

struct shim_verdict {
	uint16_t master, app; /* 0: unknown */
	uint16_t category;
	uint8_t confidence; /* nDPI's: 0 none, 1 port, 2 address, 3 cache, 4 inspection */
	uint64_t risks;
};

struct ndpi_detection_module_struct *shim_module_new(void);
/* One that knows its protocols' names and nothing else. */
struct ndpi_detection_module_struct *shim_names_new(void);
void shim_packet(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *f,
		 const uint8_t *l3, uint16_t len, uint64_t time_ms, struct shim_verdict *ret);
void shim_give_up(struct ndpi_detection_module_struct *m, struct ndpi_flow_struct *f,
		  struct shim_verdict *ret);
/* Whether it rests on one byte of one datagram, as Skype's old calls do: noise has that soon. */
bool shim_is_weak(const struct shim_verdict *v);
/* Whether it is voice or video by the first bytes of a datagram alone. */
bool shim_is_rtp(const struct shim_verdict *v);
/* Whether it is reports about such. */
bool shim_is_rtcp(const struct shim_verdict *v);
/* "TLS.Dropbox" */
void shim_name(struct ndpi_detection_module_struct *m, const struct shim_verdict *v, char *dst,
	       size_t size);
const char *shim_category_name(struct ndpi_detection_module_struct *m, uint16_t category);

#endif
