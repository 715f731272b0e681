/*
 * classify/app_names.c - nDPI's protocols by their names.
 *
 * The linked library is asked once, by a module that is freed at once: its numbers change from one
 * version to the next, and whoever writes a list of services has the names.  A name that another
 * version is known to have is no mistake of his.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "exfild/base/str.h"
#include "exfild/classify/classify.h"
#include "shim.h"

#define NAME_SIZE 64

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char (*names)[NAME_SIZE]; /* by number; for the life of the process */
static size_t count;

/* Names that are not in every version from 4.2 to 4.10, as its table of protocols has them. */
static const struct {
	const char *name, *version;
} others[] = {
	{ "AliCloud", "4.4" },
	{ "AppleTVPlus", "4.6" },
	{ "AVAST", "4.4" },
	{ "BACnet", "4.6" },
	{ "Bitcoin", "4.6" },
	{ "Cachefly", "4.4" },
	{ "CloudflareWarp", "4.4" },
	{ "Cybersec", "4.4" },
	{ "DAZN", "4.4" },
	{ "Edgecast", "4.4" },
	{ "ElasticSearch", "4.6" },
	{ "EpicGames", "4.6" },
	{ "FTPS", "4.6" },
	{ "GeForceNow", "4.6" },
	{ "GoogleCloud", "4.4" },
	{ "GoTo", "4.4" },
	{ "HTTP2", "4.6" },
	{ "Line", "4.6" },
	{ "LineCall", "4.6" },
	{ "Mullvad", "4.8" },
	{ "NAT-PMP", "4.6" },
	{ "OICQ", "4.6" },
	{ "OperaVPN", "4.6" },
	{ "ProtonVPN", "4.6" },
	{ "Psiphon", "4.4" },
	{ "RSH", "4.4" },
	{ "Softether", "4.4" },
	{ "SRTP", "4.6" },
	{ "Syncthing", "4.6" },
	{ "Tailscale", "4.8" },
	{ "Tencent", "4.4" },
	{ "Threema", "4.4" },
	{ "TunnelBear", "4.4" },
	{ "UltraSurf", "4.4" },
	{ "Xiaomi", "4.4" },
	/* what newer ones have no more, or call otherwise */
	{ "Aimini", "4.2" },
	{ "AppleJuice", "4.2" },
	{ "DirectConnect", "4.2" },
	{ "Hotmail", "4.2" },
	{ "SkypeCall", "4.2" },
	{ "Skype_Teams", "4.2" },
	{ "Stealthnet", "4.2" },
	{ "Thunder", "4.2" },
	{ "VHUA", "4.2" },
};

static void read_names(void)
{
	struct ndpi_detection_module_struct *m = shim_names_new();
	size_t n = m ? ndpi_get_num_supported_protocols(m) : 0;
	names = n ? calloc(n, sizeof(*names)) : NULL;
	for (size_t i = 0; names && i < n; i++) {
		const char *name = ndpi_get_proto_name(m, (uint16_t)i);
		(void)str_copy(names[i], NAME_SIZE, name ? name : "");
	}
	count = names ? n : 0;
	if (m)
		ndpi_exit_detection_module(m);
}

static void lower(char dst[NAME_SIZE], const char *src)
{
	size_t i = 0;
	for (; src[i] && i + 1 < NAME_SIZE; i++)
		dst[i] = (char)tolower((unsigned char)src[i]);
	dst[i] = '\0';
}

static const char *nearest(const char *name)
{
	char wanted[NAME_SIZE], known[NAME_SIZE];
	const char *best = NULL;
	unsigned distance = 4; /* further away is another word */
	if (strlen(name) >= NAME_SIZE)
		return NULL;
	lower(wanted, name);
	for (size_t i = 1; i < count; i++) {
		lower(known, names[i]);
		unsigned d = str_distance(wanted, known);
		if (d < distance) {
			distance = d;
			best = names[i];
		}
	}
	return best;
}

uint16_t classify_app_number(const char *name, const char **ret_near, const char **ret_version)
{
	pthread_once(&once, read_names);
	for (size_t i = 1; i < count && i <= UINT16_MAX; i++)
		if (strcasecmp(names[i], name) == 0)
			return (uint16_t)i;
	*ret_version = NULL;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(others[i].name, name) == 0)
			*ret_version = others[i].version;
	*ret_near = nearest(name);
	return 0;
}
