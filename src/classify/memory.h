/*
 * classify/memory.h - what nDPI remembers from one flow to the next, kept by shard.
 *
 * What: nDPI names a flow by what an earlier one told of its addresses (peers of BitTorrent, calls
 * set up by STUN, certificates).  Its own caches live in the module; a module serves all shards of
 * a thread here, and a class must depend on its own shard's packets only.  So the two functions
 * through which nDPI 4.2 reads and writes these caches are ours: they go to the memory of the shard
 * at work.  Newer versions let their caches be switched off, and are.
 * Ownership: one memory a classifier.  Threads: one shard; memory_use() is for the calling thread.
 * Limits: MEMORY_ENTRIES a shard; the newer of two that share a place stays.
 */
#ifndef EXFILD_SRC_CLASSIFY_MEMORY_H
#define EXFILD_SRC_CLASSIFY_MEMORY_H

#include <ndpi_api.h>

#define MEMORY_ENTRIES 4096

struct memory;

struct memory *memory_new(void);
void memory_free(struct memory *m);
/* Once after the module is made; before other calls with it. */
void memory_prepare(struct ndpi_detection_module_struct *module);
/* From here on this thread's calls of nDPI, all with this module, remember there. */
void memory_use(struct memory *m, struct ndpi_detection_module_struct *of);

#endif
