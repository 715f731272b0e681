/*
 * context/admin.h - which events are one host's administration of another.
 *
 * What: an administrator's share opened, services and tasks called, WMI, remote management, a shell
 * or screen logged in to; and programs copied.  The one list of what counts, for roles and for the
 * judges of relations.
 * Ownership: values.  Threads: any.
 */
#ifndef EXFILD_CONTEXT_ADMIN_H
#define EXFILD_CONTEXT_ADMIN_H

#include <stdbool.h>
#include <stdint.h>

#include "exfild/event/event.h"

enum admin_protocol {
	ADMIN_NONE, /* a copy alone */
	ADMIN_SMB,  /* ADMIN$ or a drive's share */
	ADMIN_RPC,  /* services, tasks, registry, WMI, DCOM */
	ADMIN_WINRM,
	ADMIN_SSH,
	ADMIN_RDP,
	ADMIN_VNC,
	ADMIN_TELNET,
	ADMIN__COUNT
};

struct admin_act {
	struct ipaddr client, server; /* of a copy: who has the file, who gets it */
	uint8_t protocol;             /* enum admin_protocol */
	bool is_exec;                 /* it has something carried out */
	bool is_copy;                 /* a program or script was carried over */
	struct event_str user;        /* of the event; off 0: not told */
};

/* The kinds of events that can be one. */
#define ADMIN_WANTS                                                                  \
 (1ull << EVENT_SMB | 1ull << EVENT_RPC | 1ull << EVENT_HTTP | 1ull << EVENT_LOGIN | \
  1ull << EVENT_FILE | 1ull << EVENT_FLOW_PROGRESS | 1ull << EVENT_FLOW_END)

bool admin_act_read(const struct event *e, struct admin_act *ret);
/* "SSH". */
const char *admin_protocol_name(enum admin_protocol p);

#endif
