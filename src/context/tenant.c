/*
 * context/tenant.c - whose account a host name shows: acme of acme.sharepoint.com.
 *
 * The domain that the name ends in says whether there is a tenant left of it; labels that are
 * regions are passed over; what all tenants share (www, login, api) is none.  A name with an empty
 * label, or with bytes that host names do not have, shows nothing: where in doubt the tenant is not
 * distinguishable, for a wrong one could be taken for the organisation's own.
 */
#include <string.h>

#include "services.h"

#define REGIONS_DEEP 4

/* Names that stand before every service's domain, whoever asks. */
static const char *const everywhere[] = {
	"www",       "www#",    "web",          "m",         "mobile",
	"app",       "apps",    "api",          "api#",      "apis",
	"rest",      "graphql", "ws",           "wss",       "login",
	"signin",    "signup",  "logon",        "auth",      "oauth",
	"oauth#",    "sso",     "id",           "identity",  "account",
	"accounts",  "my",      "admin",        "portal",    "console",
	"dashboard", "manage",  "secure",       "go",        "get",
	"static",    "static#", "assets",       "cdn",       "cdn#",
	"cdn-*",     "img",     "images",       "media",     "content",
	"files",     "file",    "upload",       "uploads",   "download",
	"downloads", "dl",      "update",       "updates",   "help",
	"support",   "status",  "docs",         "developer", "developers",
	"dev",       "blog",    "community",    "learn",     "mail",
	"smtp",      "imap",    "pop",          "mx",        "mx#",
	"ns#",       "dns",     "events",       "metrics",   "telemetry",
	"analytics", "logs",    "stats",        "push",      "gateway",
	"edge",      "proxy",   "prod",         "eu",        "us",
	"ap",        "global",  "autodiscover",
};

static bool is_like(const char *pattern, const char *text, size_t len)
{
	size_t i = 0;
	for (; *pattern; pattern++) {
		if (*pattern == '*')
			return true;
		if (*pattern == '#') {
			size_t from = i;
			while (i < len && text[i] >= '0' && text[i] <= '9')
				i++;
			if (i == from)
				return false;
		} else if (i == len || text[i++] != *pattern) {
			return false;
		}
	}
	return i == len;
}

static bool is_one_of(const struct yaml_node *list, const char *text, size_t len)
{
	for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next)
		if (is_like(n->text, text, len))
			return true;
	return false;
}

static bool is_shared(const struct tenant_rule *rule, const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
		if (is_like(everywhere[i], text, len))
			return true;
	return is_one_of(rule->shared, text, len);
}

/* Lower case into dst; false: a byte that no host name has, an empty label, or it is too long. */
static bool lower_labels(const char *name, size_t len, char *dst)
{
	bool is_start = true;
	if (len == 0 || len > SERVICE_DOMAIN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char ch = name[i];
		if (ch >= 'A' && ch <= 'Z')
			ch = (char)(ch | 0x20);
		bool is_plain = (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '-' ||
				ch == '_';
		if (!is_plain && (ch != '.' || is_start))
			return false;
		is_start = ch == '.';
		dst[i] = ch;
	}
	return !is_start;
}

static size_t last_label(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] != '.')
		len--;
	return len;
}

/* The length of text without the ending: "-my" of acme-my, "--*" of acme--test. */
static size_t without(const char *ending, const char *text, size_t len)
{
	for (size_t at = 1; at < len; at++)
		if (is_like(ending, text + at, len - at))
			return at;
	return len;
}

/* The tenant of text, which has no region any more. */
static bool put_tenant(const struct tenant_rule *rule, const char *text, size_t len, char *dst)
{
	if (is_shared(rule, text, len))
		return false;
	const struct yaml_node *n = rule->endings ? rule->endings->first : NULL;
	size_t rest = len;
	for (; n && rest == len; n = n->next)
		rest = without(n->text, text, len);
	if (rest >= SERVICE_TENANT_MAX || is_shared(rule, text, rest))
		return false;
	memcpy(dst, text, rest);
	dst[rest] = '\0';
	return true;
}

static const struct tenant_rule *rule_of(const struct services *s, const struct service *service)
{
	return &s->rules[service - s->list];
}

bool services_tenant(const struct services *s, const struct service *service, const char *name,
		     size_t len, char dst[SERVICE_TENANT_MAX])
{
	char text[SERVICE_DOMAIN_MAX];
	const struct service_suffix *x = services_suffix(s, name, len);
	if (!x || &s->list[x->service] != service || x->form == TENANT_NONE)
		return false;
	const struct tenant_rule *rule = rule_of(s, service);
	if (name[len - 1] == '.')
		len--;
	if (len < x->len + 2u || !lower_labels(name, len - x->len - 1, text))
		return false;
	len -= x->len + 1u;
	for (unsigned deep = 0; deep < REGIONS_DEEP; deep++) {
		size_t at = last_label(text, len);
		if (!is_one_of(rule->regions, text + at, len - at))
			break;
		if (at == 0)
			return false; /* the region's own name */
		len = at - 1;
	}
	size_t at = x->form == TENANT_LABEL ? last_label(text, len) : 0;
	return put_tenant(rule, text + at, len - at, dst);
}

bool services_is_tenant(const struct services *s, const struct service *service, const char *text,
			char dst[SERVICE_TENANT_MAX])
{
	char lower[SERVICE_DOMAIN_MAX];
	size_t len = strlen(text);
	return lower_labels(text, len, lower) && put_tenant(rule_of(s, service), lower, len, dst);
}
