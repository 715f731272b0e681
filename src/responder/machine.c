/*
 * responder/machine.c - see machine.h.
 *
 * Formats: proc(5) for the routing tables, resolv.conf(5), dhclient.leases(5), the leases of
 * systemd-networkd (KEY=value), timesyncd.conf(5), ntp.conf(5), ntpd.conf(5), chrony.conf(5).
 */
#include "machine.h"

#include <dirent.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "exfild/base/str.h"

#define PATH_SIZE 4096

bool machine_address(const struct sockaddr *from, struct ipaddr *ret)
{
	if (from->sa_family == AF_INET) {
		struct sockaddr_in in;
		uint8_t bytes[4];
		memcpy(&in, from, sizeof(in));
		memcpy(bytes, &in.sin_addr, sizeof(bytes));
		*ret = ipaddr_v4(bytes);
		return true;
	}
	if (from->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, from, sizeof(in6));
		*ret = ipaddr_v6(in6.sin6_addr.s6_addr);
		return true;
	}
	return false;
}

static FILE *open_below(const char *root, const char *path)
{
	char whole[PATH_SIZE];
	int n = snprintf(whole, sizeof(whole), "%s%s", root, path);
	return n > 0 && (size_t)n < sizeof(whole) ? fopen(whole, "re") : NULL;
}

/* Exactly `len` bytes as lower-case hex digits, or upper-case ones. */
static bool from_hex(const char *hex, uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	if (!hex || strlen(hex) != 2 * len)
		return false;
	for (size_t i = 0; i < 2 * len; i++) {
		const char *digit = strchr(digits, hex[i]);
		if (!digit)
			return false;
		bytes[i / 2] = (uint8_t)(bytes[i / 2] << 4 | (digit - digits) % 16);
	}
	return true;
}

/* The nth word of a line, which it changes; NULL: it has fewer. */
static const char *word_of(char *line, unsigned nth)
{
	char *rest = NULL, *word = strtok_r(line, " \t\n", &rest);
	while (word && nth--)
		word = strtok_r(NULL, " \t\n", &rest);
	return word;
}

/* "Iface Destination Gateway ...": as hex, of a number in the machine's byte order. */
static bool read_routes4(const char *root, machine_fn found, void *arg)
{
	char line[MACHINE_LINE];
	FILE *f = open_below(root, "/proc/net/route");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		uint8_t hex[4] = { 0 }, bytes[4];
		if (!from_hex(word_of(line, 2), hex, sizeof(hex)))
			continue;
		uint32_t gateway = (uint32_t)hex[0] << 24 | (uint32_t)hex[1] << 16 |
				   (uint32_t)hex[2] << 8 | hex[3];
		memcpy(bytes, &gateway, sizeof(bytes));
		struct ipaddr a = ipaddr_v4(bytes);
		if (gateway)
			found(arg, &a, "a gateway of this machine");
	}
	(void)fclose(f);
	return true;
}

/* destination bits source bits next-hop ..., without the file where there is no IPv6 */
static void read_routes6(const char *root, machine_fn found, void *arg)
{
	char line[MACHINE_LINE];
	FILE *f = open_below(root, "/proc/net/ipv6_route");
	while (f && fgets(line, sizeof(line), f)) {
		uint8_t bytes[16] = { 0 };
		if (!from_hex(word_of(line, 4), bytes, sizeof(bytes)))
			continue;
		struct ipaddr a = ipaddr_v6(bytes);
		if (!ipaddr_is_unspecified(&a))
			found(arg, &a, "a gateway of this machine");
	}
	if (f)
		(void)fclose(f);
}

/* Every address after `key` in the lines of a file. */
static void read_key(const char *root, const char *path, const char *key, machine_fn found,
		     void *arg, const char *why)
{
	char line[MACHINE_LINE];
	FILE *f = open_below(root, path);
	while (f && fgets(line, sizeof(line), f)) {
		char *rest = NULL, *at = line + strspn(line, " \t");
		if (strncmp(at, key, strlen(key)) != 0)
			continue;
		for (char *word = strtok_r(at + strlen(key), " \t=,;#\r\n", &rest); word;
		     word = strtok_r(NULL, " \t=,;#\r\n", &rest)) {
			struct ipaddr a;
			if (ipaddr_parse(word, &a) == 0)
				found(arg, &a, why);
		}
	}
	if (f)
		(void)fclose(f);
}

/* The same for all files of a folder. */
static void read_folder(const char *root, const char *path, const char *key, machine_fn found,
			void *arg, const char *why)
{
	char whole[PATH_SIZE];
	(void)snprintf(whole, sizeof(whole), "%s%s", root, path);
	DIR *d = opendir(whole);
	for (struct dirent *e = d ? readdir(d) : NULL; e; e = readdir(d)) {
		char file[PATH_SIZE];
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		read_key(root, file, key, found, arg, why);
	}
	if (d)
		(void)closedir(d);
}

/* Those that are written as addresses; who stands behind names and pools is asked.h's business. */
static void read_time_servers(const char *root, machine_fn found, void *arg)
{
	static const struct {
		const char *path, *key;
		bool is_folder;
	} places[] = {
		{ "/run/systemd/netif/leases", "NTP=", true },
		{ "/etc/systemd/timesyncd.conf", "NTP=", false },
		{ "/etc/systemd/timesyncd.conf", "FallbackNTP=", false },
		{ "/etc/systemd/timesyncd.conf.d", "NTP=", true },
		{ "/etc/systemd/timesyncd.conf.d", "FallbackNTP=", true },
		{ "/etc/ntp.conf", "server", false },
		{ "/etc/ntp.conf", "peer", false },
		{ "/etc/ntp.conf", "pool", false },
		{ "/etc/ntpsec/ntp.conf", "server", false },
		{ "/etc/ntpsec/ntp.conf", "peer", false },
		{ "/etc/ntpsec/ntp.conf", "pool", false },
		{ "/etc/ntpsec/ntp.d", "server", true },
		{ "/etc/ntpsec/ntp.d", "pool", true },
		{ "/etc/openntpd/ntpd.conf", "server", false }, /* and servers */
		{ "/etc/chrony/chrony.conf", "server", false },
		{ "/etc/chrony/chrony.conf", "peer", false },
		{ "/etc/chrony/chrony.conf", "pool", false },
		{ "/etc/chrony/conf.d", "server", true },
		{ "/etc/chrony/conf.d", "pool", true },
		{ "/etc/chrony/sources.d", "server", true },
		{ "/etc/chrony/sources.d", "pool", true },
		{ "/run/chrony-dhcp", "server", true },
	};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		(places[i].is_folder ? read_folder : read_key)(root, places[i].path, places[i].key,
							       found, arg,
							       "a time server of this machine");
}

bool machine_read(const char *root, machine_fn found, void *arg)
{
	static const char resolver[] = "a resolver of this machine",
			  dhcp[] = "a DHCP server of this machine";
	bool is_whole = read_routes4(root, found, arg);
	read_routes6(root, found, arg);
	read_key(root, "/etc/resolv.conf", "nameserver", found, arg, resolver);
	read_key(root, "/run/systemd/resolve/resolv.conf", "nameserver", found, arg, resolver);
	read_folder(root, "/run/systemd/netif/leases", "DNS=", found, arg, resolver);
	read_folder(root, "/run/systemd/netif/leases", "SERVER_ADDRESS=", found, arg, dhcp);
	read_folder(root, "/var/lib/dhcp", "option dhcp-server-identifier", found, arg, dhcp);
	read_time_servers(root, found, arg);
	return is_whole;
}

static bool is_on(const char *root, const char *path)
{
	FILE *f = open_below(root, path);
	int c = f ? fgetc(f) : EOF;
	if (f)
		(void)fclose(f);
	return c != EOF && c != '0';
}

static bool has_bridge(const char *root)
{
	char path[PATH_SIZE];
	struct stat st;
	(void)snprintf(path, sizeof(path), "%s/sys/class/net", root);
	DIR *d = opendir(path);
	bool found = false;
	for (struct dirent *e = d ? readdir(d) : NULL; e && !found; e = readdir(d)) {
		(void)snprintf(path, sizeof(path), "%s/sys/class/net/%s/bridge", root, e->d_name);
		found = e->d_name[0] != '.' && stat(path, &st) == 0;
	}
	if (d)
		(void)closedir(d);
	return found;
}

bool machine_forwards(const char *root)
{
	return is_on(root, "/proc/sys/net/ipv4/ip_forward") ||
	       is_on(root, "/proc/sys/net/ipv6/conf/all/forwarding") || has_bridge(root);
}
