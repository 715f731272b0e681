/*
 * detect/http_channel/judge.c - how much each mark of a check-in counts.
 */
#include <math.h>

#include "http_channel.h"

#define MOST       0.75 /* of the requests */
#define NEARLY_ALL 0.9
#define BARE_MAX   4 /* headers, from which on even a simple program sends more */
#define GAP_MIN_S  3
#define GAPS_MIN   4
#define CROWD      3
#define OFTEN      0.25 /* of the answers with a body */
#define TOLD_LEAST 8192 /* bytes in the words of requests */
#define TOLD_MOST  (32 * TOLD_LEAST)

static double share(uint32_t part, uint32_t whole)
{
	return whole ? (double)part / whole : 0;
}

static void judge_form(const struct http_channel *c, const struct http_params *p,
		       struct channel_judgement *j)
{
	for (unsigned i = 0; i < CHANNEL_SHAPES; i++) {
		if (c->forms[i].count <= j->form_count)
			continue;
		j->form_count = c->forms[i].count;
		j->form_is_post = c->forms[i].is_post;
	}
	/* a browser keeps a script: with encoded words, again and again, it is no page's */
	bool is_part = j->form_count >= c->requests * NEARLY_ALL &&
		       share(c->parts, c->requests) >= NEARLY_ALL &&
		       share(c->encoded, c->requests) >= NEARLY_ALL;
	bool is_machine = (share(c->bare, c->requests) >= NEARLY_ALL || is_part) &&
			  share(c->large_answers, c->answers) < 1 - MOST;
	if (!is_machine)
		return;
	if (j->form_count >= p->requests) {
		double most = j->form_is_post ? 0.2 : c->encoded ? 0.15 : 0.1;
		j->repeat = most * fmin(1, (double)j->form_count / (1.5 * (double)p->requests));
	}
	if (c->posts && share(c->small_posts, c->posts) >= MOST &&
	    share(c->small_answers, c->answers) >= MOST)
		j->exchange = 0.1;
	if (rhythm_gaps(&c->rhythm) >= GAPS_MIN && j->r.median_s >= GAP_MIN_S)
		j->rhythm = 0.2 * fmin(1, fmax(0, (fmax(j->r.ts, j->r.fold) - 0.7) / 0.25));
	if (is_part && j->form_count > p->requests)
		j->part = j->rhythm > 0 ? 0.25 : 0.15;
}

/* What comes back is not what it says, and what went is of no known kind either. */
static void judge_answers(const struct http_channel *c, bool is_bare, struct channel_judgement *j)
{
	/* servers of programs that name themselves often say that all of it is a page */
	bool is_named = c->tool >= c->requests && !c->nobody;
	static const double weight[CONTRARY__COUNT] = { [CONTRARY_PAGE] = 0.1,
							[CONTRARY_TEXT] = 0.2,
							[CONTRARY_PICTURE] = 0.3,
							[CONTRARY_PACKED] = 0.3 };
	bool is_often = share(c->contrary, c->bodies) >= OFTEN;
	bool is_binary = c->posts && share(c->binary, c->posts) >= MOST;
	if (!c->contrary || !is_often || (is_named && c->worst <= CONTRARY_TEXT))
		return;
	if (is_binary)
		j->both_ways = 0.15;
	if (is_bare || is_binary) /* pages fetch what they decrypt, with a referrer */
		j->contrary = weight[c->worst];
}

/* What goes out in the words of requests.  Programs tell their makers much by them: that is context
 * until it is more than any of them says. */
static double judge_told(const struct http_channel *c)
{
	if (c->told < TOLD_LEAST || share(c->encoded, c->requests) < 0.5)
		return 0;
	bool is_nobodys = (c->is_literal && !c->is_inside) || c->is_random_name;
	if (!is_nobodys)
		return c->told < TOLD_MOST ? 0.1 : 0.3;
	return fmin(0.3, 0.1 + 0.1 * log2((double)c->told / TOLD_LEAST));
}

static void judge_disguise(const struct http_channel *c, struct channel_judgement *j)
{
	bool is_bare = share(c->bare, c->requests) >= NEARLY_ALL;
	bool is_tool = share(c->tool, c->requests) >= MOST;
	if (is_bare && share(c->browser, c->requests) >= MOST)
		j->browser = c->least_headers <= BARE_MAX ? 0.2 : 0.15;
	else if (is_bare && is_tool)
		j->tool = 0.1;
	judge_answers(c, is_bare, j);
	if (c->is_literal && !c->is_inside)
		j->literal =
			is_bare || c->encoded || c->has_delivered || j->contrary > 0 ? 0.15 : 0;
	/* inside, services live on any port, and their programs say which they are */
	if (!request_is_web_port(c->key.port) && !(c->is_inside && is_tool))
		j->port = 0.1;
	if (share(c->encoded, c->requests) >= 0.5)
		j->encoded = 0.1;
	if (is_bare)
		j->told = judge_told(c);
	if (c->identity && is_bare)
		j->identity = 0.1;
	if (is_bare && share(c->spelled, c->requests) >= 0.5)
		j->spelled = 0.2;
	if (c->is_random_name && is_bare)
		j->name = 0.1;
	if (c->has_ip_check && c->posts && is_bare)
		j->ip_check = 0.2;
	if (c->hosts_of_form > 1 && is_bare && c->posts)
		j->hosts = c->hosts_of_form > 2 ? 0.2 : 0.1;
	/* a program without a name that brings the same words to host after host */
	else if (c->hosts_of_form > 2 && is_bare && share(c->nobody, c->requests) >= NEARLY_ALL &&
		 share(c->encoded, c->requests) >= NEARLY_ALL)
		j->hosts = 0.3;
}

/* A program that came makes check-ins suspicious.  Where there are none, and who asks says which
 * tool it is, it is a download as of packages: executable_download's. */
static bool is_download(const struct http_channel *c, const struct channel_judgement *j)
{
	double checks = j->repeat + j->exchange + j->rhythm + j->browser + j->literal + j->encoded +
			j->identity + j->name + j->ip_check + j->contrary + j->both_ways +
			j->spelled + j->part + j->told;
	return j->tool > 0 && *c->user_agent && checks < 0.05;
}

void http_channel_judge(const struct http_channel *c, const struct http_params *p,
			struct channel_judgement *j)
{
	*j = (struct channel_judgement){ .score = 0 };
	rhythm_judge(&c->rhythm, NULL, c->first_ns, c->last_ns, &j->r);
	judge_form(c, p, j);
	judge_disguise(c, j);
	if (c->has_delivered && !is_download(c, j))
		j->delivered = 0.25;
	double form = j->repeat + j->exchange + j->rhythm + j->tool;
	double hidden = j->browser + j->literal + j->port + j->encoded + j->identity + j->name +
			j->delivered + j->ip_check + j->hosts + j->contrary + j->both_ways +
			j->spelled + j->part + j->told;
	/* many programs come back like clockwork: alone that is context, and so it is on a port of
	 * its own for one that does not call itself a browser */
	bool is_port_alone = hidden - j->port < 0.05 && j->tool > 0;
	if ((hidden < 0.05 || is_port_alone) && form > p->alone_score)
		j->alone = p->alone_score - form;
	if (c->clients >= CROWD)
		j->crowd = -0.2;
	if (c->is_inside)
		j->inside = -0.2;
	j->score = form + hidden + j->alone + j->crowd + j->inside;
}
