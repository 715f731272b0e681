/*
 * detect/upload_volume/rules.c - what a destination may be sent before it is worth a word.
 *
 * The floors are judgements, not measurements: an anonymous file drop has no harmless use on most
 * networks, a delivery network takes gigabytes of telemetry.  The producer/consumer ratio
 * (up - down) / (up + down) of application bytes (Bullard and Gerth, FloCon 2014) tells a push from
 * a conversation: video meetings and symmetric tunnels lie near 0, browsing near -0.9.
 */
#include <math.h>
#include <string.h>

#include "upload_volume.h"

#define PROTO_TCP     6
#define PROTO_UDP     17
#define PROTO_GRE     47
#define PROTO_ESP     50
#define PROTO_AH      51
#define FTP_DATA_PORT 20
#define PUSH_PCR      0.9
#define KNOWN_HOSTS   4 /* inside hosts that make a destination a usual one */
#define DAY_S         86400.0
#define SLOW_USUAL    2   /* times what the usual days add up to: that is an upload of its own */
#define RARE_HOUR     0.1 /* share of such hours in which the host sends */
#define BITS_MOST     5   /* -log2 of that share counts up to here */

const struct rule_info volume_rules[RULE__COUNT] = {
	[RULE_FILE_DROP] = { "anonymous file sharing", 0.2, SEVERITY_HIGH, "T1567", 0.2 },
	[RULE_PASTE] = { "a paste site", 0.2, SEVERITY_HIGH, "T1567.003", 0.2 },
	[RULE_CHAT] = { "a chat service", 0.5, SEVERITY_HIGH, "T1567", 0.1 },
	[RULE_TUNNEL] = { "a tunnel service", 0.2, SEVERITY_HIGH, "T1572", 0.2 },
	[RULE_STORAGE] = { "cloud storage", 0.5, SEVERITY_HIGH, "T1567.002", 0.1 },
	[RULE_CODE] = { "code hosting", 0.5, SEVERITY_HIGH, "T1567.001", 0.1 },
	[RULE_WEBMAIL] = { "a mail service", 0.5, SEVERITY_HIGH, "T1567", 0.1 },
	[RULE_AI] = { "an AI service", 0.5, SEVERITY_HIGH, "T1567", 0.1 },
	[RULE_REMOTE] = { "a remote control service", 0.5, SEVERITY_MEDIUM, "T1219", 0 },
	[RULE_CLOUD] = { "a cloud platform", 0.7, SEVERITY_MEDIUM, "T1567.002", 0 },
	[RULE_SERVICE] = { "a known service", 0.7, SEVERITY_MEDIUM, "T1567", 0 },
	[RULE_NAMED] = { "a service that no list knows", 0.6, SEVERITY_HIGH, NULL, 0.1 },
	[RULE_ADDRESS] = { "an address without a name", 0.5, SEVERITY_HIGH, NULL, 0.15 },
	[RULE_PUSH] = { "an address without a name, in an unknown protocol", PUSH_PCR,
			SEVERITY_HIGH, NULL, 0.2 },
	[RULE_SSH] = { "a server of remote login and file copy", 0.5, SEVERITY_HIGH, "T1048.002",
		       0.15 },
	[RULE_TRANSFER] = { "a server of file transfer", 0.3, SEVERITY_HIGH, "T1048.003", 0.2 },
	[RULE_MAIL] = { "a mail server", 0.5, SEVERITY_HIGH, "T1048.003", 0.1 },
	[RULE_VPN] = { "a VPN", 0.7, SEVERITY_MEDIUM, "T1572", 0 },
	[RULE_TOR] = { "an anonymity network", 0.2, SEVERITY_HIGH, "T1048.002", 0.2 },
	[RULE_PEERS] = { "a peer-to-peer network", 0.5, SEVERITY_MEDIUM, "T1048", -0.2 },
	[RULE_VOICE] = { "a peer of voice or video", 0.7, SEVERITY_MEDIUM, "T1048", 0 },
	[RULE_SMALL] = { "a server of a protocol that carries little", 0.5, SEVERITY_HIGH,
			 "T1048.003", 0.2 },
};

static enum volume_rule by_class(enum service_class class)
{
	switch (class) {
	case SERVICE_FILE_DROP:
		return RULE_FILE_DROP;
	case SERVICE_PASTE:
		return RULE_PASTE;
	case SERVICE_CHAT:
		return RULE_CHAT;
	case SERVICE_TUNNEL:
		return RULE_TUNNEL;
	case SERVICE_STORAGE:
		return RULE_STORAGE;
	case SERVICE_CODE:
		return RULE_CODE;
	case SERVICE_MAIL:
		return RULE_WEBMAIL;
	case SERVICE_AI:
		return RULE_AI;
	case SERVICE_REMOTE:
		return RULE_REMOTE;
	case SERVICE_OFFICE:
	case SERVICE_IAAS:
	case SERVICE_CDN:
		return RULE_CLOUD;
	case SERVICE_IP_CHECK:
	case SERVICE_RESOLVER:
		return RULE_SMALL;
	default:
		return RULE_SERVICE;
	}
}

/* The protocol decides before the name does; RULE__COUNT: it says nothing. */
static enum volume_rule by_protocol(const struct event *e)
{
	if (e->proto == PROTO_GRE || e->proto == PROTO_ESP || e->proto == PROTO_AH)
		return RULE_VPN;
	switch (e->app) {
	case APP_SSH:
		return RULE_SSH;
	case APP_FTP:
	case APP_TFTP:
	case APP_RSYNC:
	case APP_SMB:
	case APP_NFS:
		return RULE_TRANSFER;
	case APP_SMTP:
	case APP_IMAP:
	case APP_POP3:
		return RULE_MAIL;
	case APP_OPENVPN:
	case APP_WIREGUARD:
	case APP_IPSEC:
		return RULE_VPN;
	case APP_TOR:
		return RULE_TOR;
	case APP_BITTORRENT:
		return RULE_PEERS;
	case APP_RTP:
	case APP_SIP:
	case APP_STUN:
		return RULE_VOICE;
	case APP_REMOTE:
	case APP_RDP:
	case APP_VNC:
		return RULE_REMOTE;
	case APP_DNS:
	case APP_NTP:
	case APP_SNMP:
	case APP_DHCP:
	case APP_TELNET:
		return RULE_SMALL;
	default:
		return RULE__COUNT;
	}
}

enum volume_rule volume_rule_of(const struct upload *u)
{
	const struct event *e = &u->at.flow->e;
	if (e->proto == PROTO_TCP && (e->sport == FTP_DATA_PORT || e->dport == FTP_DATA_PORT))
		return RULE_TRANSFER;
	enum volume_rule rule = by_protocol(e);
	if (u->at.service && (rule == RULE__COUNT || rule == RULE_SSH || rule == RULE_VOICE))
		return by_class(u->at.service->class);
	if (rule != RULE__COUNT)
		return rule;
	if (u->at.name)
		return RULE_NAMED;
	/* what was classified is no raw push; what began before us may be anything */
	bool is_raw = e->app == APP_UNKNOWN && u->at.flow->outcome != FLOW_OUTCOME_MIDSTREAM;
	return is_raw ? RULE_PUSH : RULE_ADDRESS;
}

static double clamp(double x, double low, double high)
{
	return x < low ? low : x > high ? high : x;
}

static double ratio_of(double up, double down)
{
	return up + down > 0 ? (up - down) / (up + down) : 0;
}

/* A host that has never sent much has no business to begin with: a printer, a camera. */
static bool is_quiet(const struct upload *u, const struct volume_verdict *v)
{
	return v->is_quiet && volume_rules[u->rule].highest == SEVERITY_HIGH;
}

static double floor_of(const struct volume_state *s, const struct detect_env *env,
		       const struct upload *u, double pcr, const struct volume_verdict *v)
{
	const struct volume_params *p = s->params;
	enum volume_rule rule = u->rule;
	/* a raw connection that is answered is judged like one to any address */
	if (rule == RULE_PUSH && pcr < PUSH_PCR)
		rule = RULE_ADDRESS;
	double floor = (double)p->floor[rule];
	if (u->at.sanction == SANCTION_SANCTIONED)
		floor *= p->sanctioned_times;
	if (v->hosts >= KNOWN_HOSTS)
		floor *= p->known_times;
	/* a mail server sends what others wrote */
	if (rule == RULE_MAIL && (context_roles(env->context, &u->at.src) & ROLE_SERVER))
		floor *= 20;
	if (is_quiet(u, v))
		floor *= p->quiet_times;
	return fmax(floor, usual_high(&v->usual_day));
}

static enum severity severity_of(const struct volume_state *s, const struct upload *u, double ratio)
{
	bool is_large = ratio >= s->params->high_times;
	if (volume_rules[u->rule].highest == SEVERITY_HIGH)
		return is_large ? SEVERITY_HIGH : SEVERITY_MEDIUM;
	return is_large ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

/* Days that are all as usual add up to as much as that under decay. */
static double slow_floor_of(const struct volume_state *s, double floor,
			    const struct volume_verdict *v)
{
	double days = (double)s->params->slow_memory_s / (log(2) * DAY_S);
	return fmax(floor * s->params->slow_times, SLOW_USUAL * usual_amount(&v->usual_day) * days);
}

/* The smallest ratio at which these bytes are told: a raw push that is answered has another floor.
 */
static double least_pcr_of(const struct volume_state *s, const struct detect_env *env,
			   const struct upload *u, const struct volume_verdict *v, double slow_up)
{
	if (u->rule != RULE_PUSH)
		return volume_rules[u->rule].pcr;
	double answered = volume_rules[RULE_ADDRESS].pcr;
	double floor = floor_of(s, env, u, answered, v);
	double day_up = v->is_slow ? 0 : v->up;
	bool is_enough = day_up >= floor || slow_up >= slow_floor_of(s, floor, v);
	return is_enough ? answered : PUSH_PCR;
}

static void judge_slow(const struct volume_state *s, const struct detect_env *env,
		       const struct volume_pair *p, struct volume_verdict *v)
{
	double half_life = (double)s->params->slow_memory_s;
	double up = decayed_at(&p->slow_up, env->steady_ns, half_life);
	double down = decayed_at(&p->slow_down, env->steady_ns, half_life);
	double ratio = up / v->slow_floor;
	if (ratio <= v->ratio)
		return;
	v->is_slow = true;
	v->up = up;
	v->down = down;
	v->pcr = ratio_of(up, down);
	v->ratio = ratio;
}

/* A drip is below every floor but its own: one day's floor in two weeks, evenly. */
static void judge_drip(const struct volume_pair *p, struct volume_verdict *v)
{
	double sum = volume_drip(p, v);
	double ratio = sum / v->floor;
	v->is_drip = v->is_drip && v->ratio < 1 && ratio >= 1 && !(v->usual_day.weight > 0);
	if (!v->is_drip)
		return;
	v->is_slow = true;
	v->up = sum;
	v->ratio = ratio;
}

static void add_up(struct volume_verdict *v, const struct upload *u)
{
	v->by_amount = 0.4 + 0.2 * clamp(log2(v->ratio) / 4, 0, 1);
	v->by_pcr = 0.2 * clamp((v->pcr - 0.2) / 0.7, 0, 1);
	v->by_kind = volume_rules[u->rule].by_kind;
	v->by_rare = v->hosts >= KNOWN_HOSTS ? -0.1 : 0.05;
	v->by_new = v->is_new && v->hosts < KNOWN_HOSTS ? 0.1 : 0;
	if (v->activity < RARE_HOUR) /* not where it is not known */
		v->by_hour = 0.1 * clamp(-log2(fmax(v->activity, 1e-3)) / BITS_MOST, 0, 1);
	v->by_quiet = v->is_quiet ? 0.15 : 0;
	v->by_drip = v->is_drip ? 0.1 : 0;
	v->score = clamp(v->by_amount + v->by_pcr + v->by_kind + v->by_rare + v->by_new +
				 v->by_hour + v->by_quiet + v->by_drip,
			 0, 1);
}

bool volume_judge(const struct volume_state *s, const struct detect_env *env,
		  const struct volume_pair *p, const struct upload *u, struct volume_verdict *v)
{
	const struct volume_params *params = s->params;
	memset(v, 0, sizeof(*v));
	volume_compare(env, p, u, v);
	v->up = decayed_at(&p->up, env->steady_ns, (double)params->memory_s);
	v->down = decayed_at(&p->down, env->steady_ns, (double)params->memory_s);
	v->pcr = ratio_of(v->up, v->down);
	v->floor = floor_of(s, env, u, v->pcr, v);
	v->slow_floor = slow_floor_of(s, v->floor, v);
	v->ratio = v->up / v->floor;
	judge_slow(s, env, p, v);
	judge_drip(p, v);
	v->least_pcr = least_pcr_of(
		s, env, u, v,
		decayed_at(&p->slow_up, env->steady_ns, (double)params->slow_memory_s));
	v->fires = v->ratio >= 1 && v->pcr >= v->least_pcr;
	add_up(v, u);
	v->severity = severity_of(s, u, v->ratio);
	/* what was there while the sensor learnt is listed by `exfilctl baseline review` */
	if (v->is_drip && !v->is_new)
		v->severity = SEVERITY_LOW;
	return v->fires;
}
