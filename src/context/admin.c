/*
 * context/admin.c - see admin.h.
 */
#include "exfild/context/admin.h"

#include <string.h>
#include <strings.h>

#define SHELL_BYTES 3000  /* each way: more than any log-in that fails */
#define WINRM_TLS   5986  /* IANA's port of WS-Management inside TLS */
#define WINRM_BYTES 12000 /* of the client: a probe and its log-in are a half of it at most */

static bool is_text(const struct event *e, const struct event_str *s, const char *text)
{
	size_t len = strlen(text);
	return s->off && s->len == len &&
	       strncasecmp((const char *)event_str_data(e, s), text, len) == 0;
}

static bool is_program(unsigned type)
{
	return type == FILE_EXECUTABLE || type == FILE_SCRIPT;
}

/* ADMIN$, C$ ...: only administrators open them. */
static bool is_admin_share(const struct event *e, const struct event_str *s)
{
	const uint8_t *name = event_str_data(e, s);
	if (!s->off)
		return false;
	return is_text(e, s, "ADMIN$") || (s->len == 2 && name[1] == '$' &&
					   (name[0] | 0x20) >= 'a' && (name[0] | 0x20) <= 'z');
}

static bool read_smb(const struct event_smb *e, struct admin_act *ret)
{
	if (e->status != 0)
		return false;
	if (e->act == SMB_TREE && is_admin_share(&e->e, &e->share)) {
		ret->protocol = ADMIN_SMB;
		return true;
	}
	ret->is_copy = e->act == SMB_WRITE && is_program(e->file_type);
	if (ret->is_copy && is_admin_share(&e->e, &e->share))
		ret->protocol = ADMIN_SMB;
	return ret->is_copy;
}

static bool read_rpc(const struct event_rpc *e, struct admin_act *ret)
{
	static const struct {
		const char *interface;
		bool is_exec;
	} list[] = {
		{ "svcctl", true },        { "atsvc", true },   { "ITaskSchedulerService", true },
		{ "IWbemServices", true }, { "winreg", false }, { "ISystemActivator", true },
	};
	if (e->act != RPC_CALL || !e->is_answered)
		return false;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!is_text(&e->e, &e->interface, list[i].interface))
			continue;
		ret->protocol = ADMIN_RPC;
		ret->is_exec = list[i].is_exec;
		return true;
	}
	return false;
}

static bool read_http(const struct event_http *e, struct admin_act *ret)
{
	const char *uri = (const char *)event_str_data(&e->e, &e->uri);
	bool is_wsman = e->uri.off && e->uri.len >= 6 && strncasecmp(uri, "/wsman", 6) == 0 &&
			(e->uri.len == 6 || uri[6] == '?');
	if (e->is_response || !is_wsman || e->content_length == 0)
		return false;
	ret->protocol = ADMIN_WINRM;
	ret->is_exec = true;
	return true;
}

static bool read_login(const struct event_login *e, struct admin_act *ret)
{
	static const struct {
		const char *service;
		enum admin_protocol protocol;
	} list[] = { { "ssh", ADMIN_SSH },
		     { "rdp", ADMIN_RDP },
		     { "vnc", ADMIN_VNC },
		     { "telnet", ADMIN_TELNET } };
	if (e->outcome != LOGIN_SUCCESS)
		return false;
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (!is_text(&e->e, &e->service, list[i].service))
			continue;
		ret->protocol = (uint8_t)list[i].protocol;
		ret->user = e->user;
		return true;
	}
	return false;
}

/* Where no log-in was told: what passed both ways is more than one that fails. */
static bool read_flow(const struct event_flow *e, struct admin_act *ret)
{
	static const uint8_t by_app[APP__COUNT] = { [APP_SSH] = ADMIN_SSH,
						    [APP_RDP] = ADMIN_RDP,
						    [APP_VNC] = ADMIN_VNC,
						    [APP_TELNET] = ADMIN_TELNET };
	if (e->payload[0] < SHELL_BYTES || e->payload[1] < SHELL_BYTES)
		return false;
	if (e->e.app == APP_TLS && e->e.dport == WINRM_TLS && e->payload[0] >= WINRM_BYTES) {
		ret->protocol = ADMIN_WINRM; /* whether commands are in it is not seen */
		return true;
	}
	if (e->e.app >= APP__COUNT || !by_app[e->e.app])
		return false;
	ret->protocol = by_app[e->e.app];
	return true;
}

static bool read_file(const struct event_file *e, struct admin_act *ret)
{
	if (!is_program(e->type) || is_text(&e->e, &e->carrier, "smtp"))
		return false;
	ret->is_copy = true;
	if (e->e.from_server) { /* the client fetched it */
		ret->client = e->e.dst;
		ret->server = e->e.src;
	}
	return true;
}

bool admin_act_read(const struct event *e, struct admin_act *ret)
{
	*ret = (struct admin_act){ .client = e->src, .server = e->dst };
	switch (e->kind) {
	case EVENT_SMB:
		return read_smb((const struct event_smb *)e, ret);
	case EVENT_RPC:
		return read_rpc((const struct event_rpc *)e, ret);
	case EVENT_HTTP:
		return read_http((const struct event_http *)e, ret);
	case EVENT_LOGIN:
		return read_login((const struct event_login *)e, ret);
	case EVENT_FLOW_PROGRESS:
	case EVENT_FLOW_END:
		return read_flow((const struct event_flow *)e, ret);
	case EVENT_FILE:
		return read_file((const struct event_file *)e, ret);
	default:
		return false;
	}
}

const char *admin_protocol_name(enum admin_protocol p)
{
	static const char *const names[ADMIN__COUNT] = {
		[ADMIN_NONE] = "a copy", [ADMIN_SMB] = "SMB",       [ADMIN_RPC] = "RPC",
		[ADMIN_WINRM] = "WinRM", [ADMIN_SSH] = "SSH",       [ADMIN_RDP] = "RDP",
		[ADMIN_VNC] = "VNC",     [ADMIN_TELNET] = "Telnet",
	};
	return (unsigned)p < ADMIN__COUNT ? names[p] : "?";
}
