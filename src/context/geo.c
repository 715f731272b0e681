/*
 * context/geo.c - see include/exfild/context/geo.h
 *
 * The library maps a file; here it maps a sealed copy in memory (memfd_create(2)), by the name that
 * /proc has for it.
 */
#include "exfild/context/geo.h"

#include <errno.h>
#include <fcntl.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exfild/base/fd.h"
#include "exfild/base/str.h"
#include "private.h"

#define COPY_SIZE 65536
#define MAX_EPOCH 4000000000u /* a later day is none */
#define SEALS     (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

struct database {
	MMDB_s db;
	bool is_open;
};

struct geo_set {
	struct database country, as;
};

static int complain(char *why, size_t size, int err, const char *path, const char *what)
{
	(void)snprintf(why, size, "geo: %s: %s", path, what);
	return err;
}

static int copy_over(FILE *in, int fd)
{
	char data[COPY_SIZE];
	uint64_t total = 0;
	size_t n;
	while ((n = fread(data, 1, sizeof(data), in)) > 0) {
		total += n;
		if (total > GEO_FILE_MAX)
			return -EXF_E_LIMIT;
		if (!fd_write_all(fd, data, n))
			return -EXF_E_NOMEM;
	}
	if (ferror(in))
		return -EXF_E_IO;
	return fcntl(fd, F_ADD_SEALS, SEALS) == 0 ? 0 : -EXF_E_NOMEM;
}

/* The copy's descriptor. */
static int copy_file(const char *path, char *why, size_t size)
{
	FILE *in = fopen(path, "re");
	if (!in)
		return complain(why, size, -EXF_E_IO, path, strerror(errno));
	int fd = memfd_create("exfild-geo", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err = fd < 0 ? -EXF_E_NOMEM : copy_over(in, fd);
	(void)fclose(in);
	if (!err)
		return fd;
	if (fd >= 0)
		(void)close(fd);
	return complain(why, size, err, path,
			err == -EXF_E_LIMIT ? "larger than 512 MiB" :
			err == -EXF_E_IO    ? "cannot be read" :
					      "there is no memory for a copy");
}

static int open_one(const char *path, struct database *d, char *why, size_t size)
{
	char name[64];
	if (!path || !*path)
		return 0;
	int fd = copy_file(path, why, size);
	if (fd < 0)
		return fd;
	(void)snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	int status = MMDB_open(name, MMDB_MODE_MMAP, &d->db);
	(void)close(fd); /* the mapping stays */
	if (status != MMDB_SUCCESS) {
		char text[160];
		(void)snprintf(text, sizeof(text), "no database in MaxMind's format: %.120s",
			       MMDB_strerror(status));
		return complain(why, size, -EXF_E_FORMAT, path, text);
	}
	d->is_open = true;
	return 0;
}

int geo_open(const char *country_path, const char *as_path, struct geo_set **ret, char *why,
	     size_t size)
{
	bool is_wanted = (country_path && *country_path) || (as_path && *as_path);
	struct geo_set *g = is_wanted ? calloc(1, sizeof(*g)) : NULL;
	*ret = NULL;
	if (!is_wanted)
		return 0;
	if (!g)
		return -EXF_E_NOMEM;
	int err = open_one(country_path, &g->country, why, size);
	if (!err)
		err = open_one(as_path, &g->as, why, size);
	if (err) {
		geo_close(g);
		return err;
	}
	*ret = g;
	return 0;
}

void geo_close(struct geo_set *g)
{
	if (!g)
		return;
	if (g->country.is_open)
		MMDB_close(&g->country.db);
	if (g->as.is_open)
		MMDB_close(&g->as.db);
	free(g);
}

/* The entry of an address; false: there is none, or the database is damaged there. */
static bool look_up(const struct database *d, const struct ipaddr *a, MMDB_lookup_result_s *ret)
{
	int status = MMDB_SUCCESS;
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	const struct sockaddr *address = (const struct sockaddr *)&six;
	if (!d->is_open)
		return false;
	memcpy(&six.sin6_addr, a->u.b, 16);
	if (ipaddr_is_v4(a)) {
		memcpy(&four.sin_addr, a->u.b + 12, 4);
		address = (const struct sockaddr *)&four;
	} else if (d->db.metadata.ip_version == 4) {
		return false;
	}
	*ret = MMDB_lookup_sockaddr(&d->db, address, &status);
	return status == MMDB_SUCCESS && ret->found_entry;
}

static bool value_of(MMDB_lookup_result_s *found, uint32_t type, MMDB_entry_data_s *ret,
		     const char *const *path)
{
	return MMDB_aget_value(&found->entry, ret, path) == MMDB_SUCCESS && ret->has_data &&
	       ret->type == type;
}

/* Two letters, as a country has them; whatever else is no country. */
static void take_country(const MMDB_entry_data_s *v, struct geo *ret)
{
	for (unsigned i = 0; v->data_size == 2 && i < 2; i++) {
		char b = v->utf8_string[i];
		if (b < 'A' || b > 'Z') {
			ret->country[0] = '\0';
			return;
		}
		ret->country[i] = b;
		ret->country[i + 1] = '\0';
	}
}

static void take_name(const MMDB_entry_data_s *v, struct geo *ret)
{
	size_t n = 0;
	for (; n < v->data_size && n + 1 < sizeof(ret->as_name); n++) {
		char b = v->utf8_string[n];
		ret->as_name[n] = b >= ' ' && b <= '~' ? b : '?';
	}
	ret->as_name[n] = '\0';
}

bool geo_find(const struct geo_set *g, const struct ipaddr *a, struct geo *ret)
{
	static const char *const country[] = { "country", "iso_code", NULL };
	static const char *const anycast[] = { "traits", "is_anycast", NULL };
	static const char *const number[] = { "autonomous_system_number", NULL };
	static const char *const name[] = { "autonomous_system_organization", NULL };
	MMDB_lookup_result_s found;
	MMDB_entry_data_s v;
	memset(ret, 0, sizeof(*ret));
	if (!g)
		return false;
	if (look_up(&g->country, a, &found)) {
		if (value_of(&found, MMDB_DATA_TYPE_UTF8_STRING, &v, country))
			take_country(&v, ret);
		ret->is_anycast =
			value_of(&found, MMDB_DATA_TYPE_BOOLEAN, &v, anycast) && v.boolean;
	}
	if (look_up(&g->as, a, &found) && value_of(&found, MMDB_DATA_TYPE_UINT32, &v, number)) {
		ret->as_number = v.uint32;
		if (value_of(&found, MMDB_DATA_TYPE_UTF8_STRING, &v, name))
			take_name(&v, ret);
	}
	return ret->country[0] || ret->as_number;
}

/* Its name and day; what could end a line or a sentence of ours is left out. */
static size_t describe_one(const struct database *d, const char *before, char *dst, size_t size)
{
	char day[32], name[64];
	size_t n = 0;
	if (!d->is_open)
		return 0;
	const char *type = d->db.metadata.database_type ? d->db.metadata.database_type : "";
	for (; *type && n + 1 < sizeof(name); type++)
		if ((unsigned char)*type > ' ' && (unsigned char)*type < 0x7f)
			name[n++] = *type;
	name[n] = '\0';
	(void)str_time(day, sizeof(day), d->db.metadata.build_epoch % MAX_EPOCH * 1000000000u);
	int len = snprintf(dst, size, "%s%s of %.10s", before, name, day);
	return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

void geo_describe(const struct geo_set *g, char *dst, size_t size)
{
	size_t len = 0;
	dst[0] = '\0';
	if (g)
		len = describe_one(&g->country, "", dst, size);
	if (g)
		(void)describe_one(&g->as, len ? ", " : "", dst + len, size - len);
}
