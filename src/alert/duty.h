/*
 * alert/duty.h - who must do what about an alert, and which records a provider must be asked for.
 *
 * What: the table of docs/RESPONSIBILITY.md: one row for each service model, one column for each
 * kind of alert.  The data is always the customer's; what the provider runs, only its records show.
 * Threads: any (const tables).
 */
#ifndef EXFILD_SRC_ALERT_DUTY_H
#define EXFILD_SRC_ALERT_DUTY_H

#include "exfild/context/context.h"
#include "exfild/finding/finding.h"

enum duty_model { DUTY_PRIVATE, DUTY_IAAS, DUTY_PAAS, DUTY_SAAS, DUTY_MODELS };

struct duty {
	const char *customer; /* what the owner of the zone does */
	const char *records;  /* to be asked of the provider; "": there is none */
};

/* "private"; what is no model, "" among it, is private: somebody runs the machine himself. */
enum duty_model duty_model_of(const char *name);
const char *duty_model_name(enum duty_model m);
/* What a service is to those who use it. */
enum duty_model duty_model_of_service(const struct service *s);
const struct duty *duty_of(enum duty_model m, enum finding_class class);
/* What to do about the service that data went to, by whose account it is. */
const char *duty_of_service(enum duty_model m, enum service_sanction sanction);

#endif
