#include "filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#define SNAPLEN 262144

struct program {
	uint32_t linktype;
	bool is_usable;
	struct bpf_program code;
	char why[PCAP_ERRBUF_SIZE];
};

struct filter {
	char *expression;
	size_t count;
	struct program *last; /* used */
	struct program programs[FILTER_PROGRAMS];
};

/* The values of files (LINKTYPE_) that libpcap knows by another number (DLT_) on Linux. */
static int to_dlt(uint32_t linktype)
{
	switch (linktype) {
	case 100:
		return DLT_ATM_RFC1483;
	case 101:
		return DLT_RAW;
	case 102:
		return DLT_SLIP_BSDOS;
	case 103:
		return DLT_PPP_BSDOS;
	case 106:
		return DLT_ATM_CLIP;
	case 246:
		return DLT_PFSYNC;
	default:
		return (int)linktype;
	}
}

static void compile(struct program *p, uint32_t linktype, const char *expression)
{
	p->linktype = linktype;
	p->is_usable = false;
	pcap_t *dead = pcap_open_dead(to_dlt(linktype), SNAPLEN);
	if (!dead) {
		(void)snprintf(p->why, sizeof(p->why), "memory is exhausted");
		return;
	}
	p->is_usable = pcap_compile(dead, &p->code, expression, 1, PCAP_NETMASK_UNKNOWN) == 0;
	if (!p->is_usable)
		(void)snprintf(p->why, sizeof(p->why), "%s", pcap_geterr(dead));
	pcap_close(dead);
}

/* The expression may be for one kind of link only, as "wlan type mgt" is. */
static bool is_valid_somewhere(struct filter *f, char *ret_why, size_t why_size)
{
	static const uint32_t common[] = {
		DLT_EN10MB,     DLT_LINUX_SLL,       101, DLT_NULL, DLT_PPP,
		DLT_IEEE802_11, DLT_IEEE802_11_RADIO
	};

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
		struct program *p = &f->programs[0];
		compile(p, common[i], f->expression);
		if (p->is_usable) {
			pcap_freecode(&p->code);
			return true;
		}
		if (i == 0 && why_size)
			(void)snprintf(ret_why, why_size, "%s", p->why);
	}
	return false;
}

int filter_new(const char *expression, struct filter **ret, char *ret_why, size_t why_size)
{
	struct filter *f = calloc(1, sizeof(*f));
	if (!f)
		return -EXF_E_NOMEM;
	f->expression = strdup(expression);
	if (!f->expression) {
		free(f);
		return -EXF_E_NOMEM;
	}
	if (!is_valid_somewhere(f, ret_why, why_size)) {
		filter_free(f);
		return -EXF_E_INVALID;
	}
	*ret = f;
	return 0;
}

void filter_free(struct filter *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->count; i++) {
		if (f->programs[i].is_usable)
			pcap_freecode(&f->programs[i].code);
	}
	free(f->expression);
	free(f);
}

static struct program *find_program(struct filter *f, uint32_t linktype)
{
	if (f->last && f->last->linktype == linktype)
		return f->last;
	for (size_t i = 0; i < f->count; i++) {
		if (f->programs[i].linktype == linktype)
			return f->last = &f->programs[i];
	}
	if (f->count == FILTER_PROGRAMS)
		return NULL;
	f->last = &f->programs[f->count++];
	compile(f->last, linktype, f->expression);
	return f->last;
}

bool filter_match(struct filter *f, const struct frame *frame, const char **ret_why)
{
	const struct program *p = find_program(f, frame->linktype);

	*ret_why = NULL;
	if (!p || !p->is_usable) {
		*ret_why = p ? p->why : "too many link types";
		return false;
	}
	struct pcap_pkthdr head = { .caplen = frame->caplen, .len = frame->wirelen };
	return pcap_offline_filter(&p->code, &head, frame->data) != 0;
}
