/*
 * engine/machine.h - what the machine says about itself: clock, disk, memory, offloads.
 *
 * Threads: any.  Where the system refuses, the answer is "unknown", never a guess.
 */
#ifndef EXFILD_SRC_ENGINE_MACHINE_H
#define EXFILD_SRC_ENGINE_MACHINE_H

#include "exfild/control/snapshot.h"

/* Whether the kernel holds its clock for synchronised. */
enum snap_known machine_clock(void);
/* Of the folder, or of the nearest one above it that is there; 0 and 0: not known. */
void machine_disk(const char *folder, uint64_t *ret_free, uint64_t *ret_size);
/* Resident bytes of this process, 0: not known. */
uint64_t machine_memory(void);
/*
 * What this process may use at most: the machine's memory, or less where a control group says so
 * (MemoryMax= of the unit, a container).  0: not known.
 */
uint64_t machine_memory_limit(void);
/* The least limit of the control groups that PROC/self/cgroup names below SYS/fs/cgroup, of either
 * version; UINT64_MAX: none. */
uint64_t machine_group_limit(const char *proc, const char *sys);
/* Whether the interface joins packets before they are seen (GRO, LRO, TSO, GSO). */
enum snap_known machine_offloads(const char *interface);

#endif
