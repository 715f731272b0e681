/*
 * inspect/dcerpc/arguments.h - what a request is about, as far as its arguments are in the clear.
 *
 * What: the operations whose arguments detectors ask for: names of services, tasks, keys, accounts,
 * command lines, UNC paths.  Others give no text.
 * Ownership: text is copied.  Threads: any.
 * Limits: RPC_OBJECT_MAX and RPC_DETAIL_MAX bytes of text; a stub may be cut.
 */
#ifndef EXFILD_SRC_INSPECT_DCERPC_ARGUMENTS_H
#define EXFILD_SRC_INSPECT_DCERPC_ARGUMENTS_H

#include "ndr.h"
#include "pipe.h"

/* What a reader of arguments has in its hands. */
struct arguments {
	struct ndr n;
	uint8_t interface; /* enum rpc_interface */
	uint16_t opnum;
	struct ndr_text object, detail;
};

typedef void (*arguments_fn)(struct arguments *a);

/* Fills `ret`; whether there is any text. */
bool rpc_arguments(struct rpc_text *ret, uint8_t interface, uint16_t opnum, const struct ndr *n);

/* arguments_dcom.c */

/* Whose request of DCOM this is, told by its arguments alone; RPC_IF_NONE: cannot be told. */
uint8_t arguments_guess(const struct ndr *n, uint16_t opnum);
void arguments_activate(struct arguments *a);
void arguments_create_instance(struct arguments *a);
void arguments_query_interface(struct arguments *a);
void arguments_names(struct arguments *a);
void arguments_invoke(struct arguments *a);
void arguments_wmi_login(struct arguments *a);
void arguments_wmi_path(struct arguments *a);
void arguments_wmi_query(struct arguments *a);
void arguments_wmi_method(struct arguments *a);
void arguments_wmi_put(struct arguments *a);

#endif
