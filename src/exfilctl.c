/*
 * exfilctl.c - asks the daemon.
 */
#include <signal.h>

#include "exfild/control/client.h"

int main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_DFL);
	return client_run(argc, argv);
}
