/*
 * detect/dga/lexical.c - see lexical.h.
 */
#include "lexical.h"

#include <math.h>
#include <string.h>

#include "bigrams.h"

#define DIGIT      26
#define DASH       27
#define EDGE       28
#define DIGITS     10
#define DICE       36.0 /* letters and digits */
#define LABEL_MIN  7
#define RANDOM     0.25
#define SIXTEENTHS 16.0

static unsigned symbol_of(char c)
{
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a');
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	return c >= '0' && c <= '9' ? DIGIT : DASH;
}

double lexical_score(const char *label, size_t len)
{
	double bits = 0;
	unsigned last = EDGE;
	if (!len)
		return 0;
	for (size_t i = 0; i < len; i++) {
		unsigned next = symbol_of(label[i]);
		bits += bigrams[last][next] / SIXTEENTHS;
		if (next == DIGIT)
			bits += log2(DIGITS);
		last = next;
	}
	bits += bigrams[last][EDGE] / SIXTEENTHS;
	return bits / (double)(len + 1) - log2(DICE);
}

bool lexical_is_random(const struct context *c, const char *name)
{
	const char *registered;
	size_t len;
	(void)context_registered(c, name, strlen(name), &registered, &len);
	const char *dot = memchr(registered, '.', len);
	size_t label = dot ? (size_t)(dot - registered) : len;
	return dot && label >= LABEL_MIN && lexical_score(registered, label) > RANDOM;
}
