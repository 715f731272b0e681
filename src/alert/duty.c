/*
 * alert/duty.c - the table of shared responsibility; docs/RESPONSIBILITY.md is held against it.
 */
#include "duty.h"

#include <string.h>

static const char *const models[DUTY_MODELS] = { "private", "iaas", "paas", "saas" };

#define IAAS_RECORDS "control-plane audit log, flow logs of the subnet"
#define PAAS_RECORDS "control-plane audit log, access log of the application"
#define SAAS_RECORDS "sign-in log, audit log of the tenant"

static const struct duty table[DUTY_MODELS][FINDING__COUNT] = {
	[DUTY_PRIVATE] = {
		[FINDING_EXFIL] = { "find what left and tell its owner; isolate the host and keep its "
				    "disk", "" },
		[FINDING_C2] = { "isolate the host, keep memory and disk, reset what its users can "
				 "reach", "" },
		[FINDING_RECON] = { "find the program that asks, and close what it found open", "" },
		[FINDING_LATERAL] = { "isolate both hosts, reset the accounts used, look through both",
				      "" },
		[FINDING_POLICY] = { "decide whether this is allowed; except it or stop it", "" },
		[FINDING_SENSOR] = { "repair the sensor: what it does not see is not judged", "" },
	},
	[DUTY_IAAS] = {
		[FINDING_EXFIL] = { "find what left and tell its owner; snapshot the machine, withdraw "
				    "its role's keys",
				    IAAS_RECORDS ", access log of the object storage" },
		[FINDING_C2] = { "isolate the machine by its security group, snapshot it, withdraw its "
				 "role's keys",
				 IAAS_RECORDS ", log of metadata and role credentials" },
		[FINDING_RECON] = { "find the program that asks, and close security groups that it "
				    "found open", IAAS_RECORDS },
		[FINDING_LATERAL] = { "isolate both machines, change keys and accounts used, snapshot "
				      "both",
				      IAAS_RECORDS ", log of console and serial access" },
		[FINDING_POLICY] = { "decide whether this is allowed; except it or stop it by the "
				     "security group", IAAS_RECORDS },
		[FINDING_SENSOR] = { "repair the sensor or its traffic mirror: what it does not see is "
				     "not judged", "state of the traffic mirror" },
	},
	[DUTY_PAAS] = {
		[FINDING_EXFIL] = { "find what left and tell its owner; stop the application's version, "
				    "change its secrets",
				    PAAS_RECORDS ", query log of the database" },
		[FINDING_C2] = { "stop the application's version, change its secrets, build it anew "
				 "from source",
				 PAAS_RECORDS ", log of deployments" },
		[FINDING_RECON] = { "find the code that asks, and narrow what its identity may reach",
				    PAAS_RECORDS },
		[FINDING_LATERAL] = { "change the application's identity and secrets, look through "
				      "what it can reach",
				      PAAS_RECORDS ", log of identity and secret use" },
		[FINDING_POLICY] = { "decide whether this is allowed; except it or stop it in the "
				     "application", PAAS_RECORDS },
		[FINDING_SENSOR] = { "repair the sensor: what it does not see is not judged",
				     "state of the network attachment" },
	},
	[DUTY_SAAS] = {
		[FINDING_EXFIL] = { "find what left and tell its owner; end the sessions, withdraw "
				    "shares and tokens",
				    SAAS_RECORDS ", log of downloads and shares" },
		[FINDING_C2] = { "end the sessions, withdraw tokens of foreign applications",
				 SAAS_RECORDS ", log of applications and tokens" },
		[FINDING_RECON] = { "look who lists users and files, and narrow what an account may see",
				    SAAS_RECORDS },
		[FINDING_LATERAL] = { "end the sessions, reset the accounts, look for new rules and "
				      "administrators",
				      SAAS_RECORDS ", log of changes by administrators" },
		[FINDING_POLICY] = { "decide whether this is allowed; except it or stop it in the "
				     "service's settings", SAAS_RECORDS },
		[FINDING_SENSOR] = { "repair the sensor: what it does not see is not judged", "" },
	},
};

/* Of the receiving service: records of the own account, or the way to a provider without contract.
 */
static const char *const own_records[DUTY_MODELS] = {
	[DUTY_PRIVATE] = "",
	[DUTY_IAAS] = "access log of your storage, control-plane audit log",
	[DUTY_PAAS] = "access log of your application, log of deployments",
	[DUTY_SAAS] = "audit log of your tenant: sign-ins, uploads, shares",
};

static const char unclear[] = "whether it was your tenant: its audit log at that time";
static const char foreign[] =
	"preservation of the receiving account, by its abuse desk: you have no contract there";

enum duty_model duty_model_of(const char *name)
{
	for (unsigned m = 0; m < DUTY_MODELS; m++)
		if (strcmp(models[m], name) == 0)
			return (enum duty_model)m;
	return DUTY_PRIVATE;
}

const char *duty_model_name(enum duty_model m)
{
	return (unsigned)m < DUTY_MODELS ? models[m] : "";
}

enum duty_model duty_model_of_service(const struct service *s)
{
	if (s->class != SERVICE_IAAS)
		return DUTY_SAAS;
	return strcmp(s->category, "app_hosting") == 0 ? DUTY_PAAS : DUTY_IAAS;
}

const struct duty *duty_of(enum duty_model m, enum finding_class class)
{
	return (unsigned)m < DUTY_MODELS && (unsigned)class < FINDING__COUNT ? &table[m][class] :
									       &table[0][0];
}

const char *duty_of_service(enum duty_model m, enum service_sanction sanction)
{
	switch (sanction) {
	case SANCTION_SANCTIONED:
	case SANCTION_TOLERATED:
		return (unsigned)m < DUTY_MODELS ? own_records[m] : "";
	case SANCTION_UNCLEAR:
		return unclear;
	default:
		return foreign;
	}
}
