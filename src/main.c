/*
 * main.c - arguments in, exit status out.
 */
#include <signal.h>

#include "exfild/base/log.h"
#include "exfild/engine/engine.h"
#include "exfild/engine/options.h"

int main(int argc, char **argv)
{
	struct options o;
	int status = options_parse(&o, argc, argv);
	if (status < 0) {
		(void)signal(SIGPIPE, SIG_IGN);
		/* logrotate's usual word; the file of alerts is looked for at each of them anyway
		 */
		(void)signal(SIGUSR1, SIG_IGN);
		log_set_level(o.quiet   ? LOG_LEVEL_ERROR :
			      o.verbose ? LOG_LEVEL_DEBUG :
					  LOG_LEVEL_INFO);
		status = engine_run(&o);
	}
	options_free(&o);
	return status;
}
