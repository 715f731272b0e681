/*
 * context/service_facts.c - reads what services.yaml tells about a service: class, category, risk,
 * residency, and whether its names show a tenant; how they do is tenant_file.c's.
 */
#include <stdio.h>
#include <string.h>

#include "exfild/base/str.h"
#include "service_parts.h"

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

static const char *const class_names[SERVICE__COUNT] = {
	[SERVICE_NONE] = "none",
	[SERVICE_STORAGE] = "storage",
	[SERVICE_FILE_DROP] = "file_drop",
	[SERVICE_PASTE] = "paste",
	[SERVICE_CHAT] = "chat",
	[SERVICE_MAIL] = "mail",
	[SERVICE_CODE] = "code",
	[SERVICE_TUNNEL] = "tunnel",
	[SERVICE_REMOTE] = "remote",
	[SERVICE_OFFICE] = "office",
	[SERVICE_IAAS] = "iaas",
	[SERVICE_CDN] = "cdn",
	[SERVICE_UPDATE] = "update",
	[SERVICE_MEDIA] = "media",
	[SERVICE_MEETING] = "meeting",
	[SERVICE_BACKUP] = "backup",
	[SERVICE_SECURITY] = "security",
	[SERVICE_RESOLVER] = "resolver",
	[SERVICE_AI] = "ai",
	[SERVICE_SOCIAL] = "social",
	[SERVICE_IP_CHECK] = "ip_check",
};

/* Finer than a class, for people and policies. */
static const char *const categories[] = {
	"object_storage",
	"app_hosting",
	"database",
	"data_platform",
	"image_host",
	"request_bin",
	"bot_api",
	"mail_delivery",
	"disposable_mail",
	"packages",
	"reverse_tunnel",
	"peer_to_peer",
	"mesh_vpn",
	"vpn",
	"anonymizer",
	"dynamic_dns",
	"rmm",
	"identity",
	"crm",
	"hr",
	"ticketing",
	"survey",
	"design",
	"shop",
	"translation",
	"meeting_notes",
	"code_assistant",
	"network_storage",
};

static const char *const risks[] = { "low", "medium", "high" };
static const char *const tenancies[] = { "no", "partly", "yes" };

/* ISO 3166-1, as assigned in 2024. */
static const char countries[] =
	"AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ "
	"BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM "
	"DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS "
	"GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN "
	"KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ "
	"MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
	"PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV "
	"SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI "
	"VN VU WF WS YE YT ZA ZM ZW ";

static const char *nearest(const char *word, const char *const *list, size_t count)
{
	const char *best = NULL;
	unsigned distance = 4;
	if (strlen(word) > 63)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		unsigned d = str_distance(word, list[i]);
		if (d < distance) {
			distance = d;
			best = list[i];
		}
	}
	return best;
}

int catalogue_refuse(const struct catalogue *l, const struct yaml_node *at, bool is_key,
		     const char *what, const char *const *list, size_t count)
{
	struct yaml_node place = *at;
	const char *word = is_key ? at->key : at->text;
	const char *near = nearest(word, list, count);
	if (is_key) {
		place.line = at->key_line;
		place.column = at->key_column;
	}
	yaml_why(&place, l->why, l->why_size, "unknown %s \"%.64s\"%s%s%s", what, word,
		 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	return -EXF_E_INVALID;
}

int catalogue_text(const struct catalogue *l, const struct yaml_node *n, size_t max)
{
	if (n->type == YAML_SCALAR && n->text[0] && strlen(n->text) <= max)
		return 0;
	yaml_why(n, l->why, l->why_size, "%s takes a text of 1 to %zu bytes", n->key, max);
	return -EXF_E_INVALID;
}

int catalogue_list(const struct catalogue *l, const struct yaml_node *n)
{
	if (n->type == YAML_LIST && n->first)
		return 0;
	yaml_why(n, l->why, l->why_size, "%s takes a list of one or more", n->key);
	return -EXF_E_INVALID;
}

static int find_word(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(word, list[i]) == 0)
			return (int)i;
	return -1;
}

int catalogue_word(const struct catalogue *l, const struct yaml_node *n, const char *const *list,
		   size_t count)
{
	if (n->type != YAML_SCALAR) {
		yaml_why(n, l->why, l->why_size, "%s takes one word", n->key);
		return -EXF_E_INVALID;
	}
	int i = find_word(n->text, list, count);
	return i >= 0 ? i : catalogue_refuse(l, n, false, n->key, list, count);
}

static int take_class(const struct catalogue *l, const struct yaml_node *n, struct service *service)
{
	int i = catalogue_word(l, n, class_names + 1, SERVICE__COUNT - 1);
	if (i < 0)
		return i;
	service->class = (enum service_class)(i + 1);
	service->class_name = class_names[i + 1];
	return 0;
}

static int take_category(const struct catalogue *l, const struct yaml_node *n,
			 struct service *service)
{
	const char *all[SERVICE__COUNT + COUNT_OF(categories)];
	size_t count = 0;
	for (size_t i = SERVICE_NONE + 1; i < SERVICE__COUNT; i++)
		all[count++] = class_names[i];
	for (size_t i = 0; i < COUNT_OF(categories); i++)
		all[count++] = categories[i];
	int i = catalogue_word(l, n, all, count);
	if (i < 0)
		return i;
	service->category = all[i];
	return 0;
}

static bool is_country(const char *text)
{
	char word[4];
	if (strlen(text) != 2)
		return false;
	(void)snprintf(word, sizeof(word), "%s ", text);
	return strstr(countries, word) != NULL;
}

static int add_country(const struct catalogue *l, const struct yaml_node *n,
		       struct service *service)
{
	if (n->type != YAML_SCALAR || !is_country(n->text)) {
		yaml_why(n, l->why, l->why_size,
			 "a country is its two capital letters of ISO 3166, as in DE (the United "
			 "Kingdom is GB), or residency is unknown");
		return -EXF_E_INVALID;
	}
	if (service->country_count == SERVICE_COUNTRIES) {
		yaml_why(n, l->why, l->why_size, "more than %u countries",
			 (unsigned)SERVICE_COUNTRIES);
		return -EXF_E_INVALID;
	}
	str_copy(service->countries[service->country_count++], 3, n->text);
	return 0;
}

static int take_residency(const struct catalogue *l, const struct yaml_node *n,
			  struct service *service)
{
	if (n->type == YAML_SCALAR && strcmp(n->text, "unknown") == 0)
		return 0;
	if (n->type == YAML_SCALAR)
		return add_country(l, n, service);
	int r = catalogue_list(l, n);
	for (const struct yaml_node *e = r == 0 ? n->first : NULL; e && r == 0; e = e->next)
		r = add_country(l, e, service);
	return r;
}

int facts_take(const struct catalogue *l, const struct yaml_node *n, struct service *service)
{
	int i;
	if (strcmp(n->key, "class") == 0)
		return take_class(l, n, service);
	if (strcmp(n->key, "category") == 0)
		return take_category(l, n, service);
	if (strcmp(n->key, "residency") == 0)
		return take_residency(l, n, service);
	if (strcmp(n->key, "tenant") == 0)
		return tenant_take(l, n);
	if (strcmp(n->key, "risk") == 0) {
		i = catalogue_word(l, n, risks, COUNT_OF(risks));
		service->risk = i < 0 ? 0 : (uint8_t)i;
		return i < 0 ? i : 0;
	}
	if (strcmp(n->key, "tenant_visible") == 0) {
		i = catalogue_word(l, n, tenancies, COUNT_OF(tenancies));
		service->tenancy = i < 0 ? 0 : (uint8_t)i;
		return i < 0 ? i : 0;
	}
	return FACTS_NOT_MINE;
}

static enum service_risk risk_of(enum service_class class)
{
	switch (class) {
	case SERVICE_FILE_DROP:
	case SERVICE_PASTE:
	case SERVICE_TUNNEL:
		return SERVICE_RISK_HIGH;
	case SERVICE_STORAGE:
	case SERVICE_CHAT:
	case SERVICE_MAIL:
	case SERVICE_CODE:
	case SERVICE_REMOTE:
	case SERVICE_IAAS:
	case SERVICE_BACKUP:
	case SERVICE_AI:
	case SERVICE_SOCIAL:
		return SERVICE_RISK_MEDIUM;
	default:
		return SERVICE_RISK_LOW;
	}
}

int facts_finish(const struct catalogue *l, const struct yaml_node *map, struct service *service)
{
	if (!service->category)
		service->category = service->class_name;
	if (!yaml_get(map, "risk"))
		service->risk = (uint8_t)risk_of(service->class);
	return tenant_finish(l, map, service);
}

const char *service_risk_name(enum service_risk r)
{
	return (size_t)r < COUNT_OF(risks) ? risks[r] : "";
}

const char *service_tenancy_name(enum service_tenancy t)
{
	return (size_t)t < COUNT_OF(tenancies) ? tenancies[t] : "";
}

const char *service_residency(const struct service *s, char dst[SERVICE_RESIDENCY_MAX])
{
	size_t len = 0;
	str_copy(dst, SERVICE_RESIDENCY_MAX, "unknown");
	for (size_t i = 0; i < s->country_count; i++)
		len += (size_t)snprintf(dst + len, SERVICE_RESIDENCY_MAX - len, "%s%s",
					i ? ", " : "", s->countries[i]);
	return dst;
}

bool service_resides_in(const struct service *s, const char *country)
{
	for (size_t i = 0; i < s->country_count; i++)
		if (strcmp(s->countries[i], country) == 0)
			return true;
	return false;
}
