/*
 * context/service_parts.h - what the readers of services.yaml share.
 *
 * What: service_file.c walks the file, service_signs.c takes patterns of names and nDPI's names,
 * service_facts.c what is told about a service beside what it is known by, tenant_file.c how its
 * names show a tenant.
 * Threads: one loads.
 */
#ifndef EXFILD_CONTEXT_SERVICE_PARTS_H
#define EXFILD_CONTEXT_SERVICE_PARTS_H

#include "services.h"

struct catalogue {
	struct services *s;
	char *why;
	size_t why_size;
};

#define FACTS_NOT_MINE 1

/* "unknown key "domain"; did you mean "domains"?" at the node, or at its key. */
int catalogue_refuse(const struct catalogue *l, const struct yaml_node *at, bool is_key,
		     const char *what, const char *const *list, size_t count);
int catalogue_text(const struct catalogue *l, const struct yaml_node *n, size_t max) EXF_MUST_USE;
/* A list of one element or more. */
int catalogue_list(const struct catalogue *l, const struct yaml_node *n) EXF_MUST_USE;

/* The index of the node's word in the list, or an error that names the nearest. */
int catalogue_word(const struct catalogue *l, const struct yaml_node *n, const char *const *list,
		   size_t count) EXF_MUST_USE;

/* Takes a key of the service that is being read; FACTS_NOT_MINE: it is none of the facts. */
int facts_take(const struct catalogue *l, const struct yaml_node *n,
	       struct service *service) EXF_MUST_USE;
/* After its last key: what follows from the class, and where its tenants stand. */
int facts_finish(const struct catalogue *l, const struct yaml_node *map,
		 struct service *service) EXF_MUST_USE;
/* The keys sni and ndpi. */
int signs_take_names(const struct catalogue *l, const struct yaml_node *list) EXF_MUST_USE;
int signs_take_apps(const struct catalogue *l, const struct yaml_node *list) EXF_MUST_USE;
/* The key tenant, and after the last key the domains that it means. */
int tenant_take(const struct catalogue *l, const struct yaml_node *n) EXF_MUST_USE;
int tenant_finish(const struct catalogue *l, const struct yaml_node *map,
		  struct service *service) EXF_MUST_USE;

#endif
