/*
 * bus/redis_reader.c - hiredis' reader of answers, bounded: a server may announce what it likes.
 */
#include <pthread.h>
#include <string.h>

#include "private.h"

/* hiredis makes room for as many elements as an answer announces: at most so many. */
#if HIREDIS_MAJOR < 1
typedef int element_count;
#else
typedef size_t element_count;
#endif
static redisReplyObjectFunctions usual, bounded;

static void *create_array(const redisReadTask *task, element_count elements)
{
	return elements > REDIS_ELEMENTS ? NULL : usual.createArray(task, elements);
}

/* All texts of an answer together are bounded as well; which was the second is remembered. */
static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	struct redis_conn *c = task->privdata;
	if (c && c->texts++ == 1 && len < sizeof(c->second)) {
		memcpy(c->second, text, len);
		c->second[len] = '\0';
	}
	if (c) {
		c->text_bytes += len;
		c->is_too_large = c->is_too_large || c->text_bytes > REDIS_ANSWER_MAX;
	}
	return c && c->is_too_large ? NULL : usual.createString(task, text, len);
}

static void learn_functions(void)
{
	redisReader *r = redisReaderCreate();
	if (!r)
		return;
	usual = bounded = *r->fn;
	bounded.createArray = create_array;
	bounded.createString = create_string;
	redisReaderFree(r);
}

redisReader *redis_reader(struct redis_conn *c)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	(void)pthread_once(&once, learn_functions);
	redisReader *r = redisReaderCreate();
	if (r && bounded.createArray) {
		r->fn = &bounded;
		r->privdata = c;
	}
	return r;
}
