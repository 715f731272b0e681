/*
 * exfilctl.c - asks the daemon; what policies would decide, and sets of prints, it does without
 * one.
 */
#include <signal.h>
#include <string.h>

#include "exfild/content/sets.h"
#include "exfild/control/client.h"
#include "exfild/policy/cases.h"
#include "exfild/signature/tool.h"

int main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_DFL);
	if (argc > 1 && strcmp(argv[1], "policy") == 0)
		return policy_tool(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "signatures") == 0)
		return signature_tool(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "fingerprint") == 0)
		return set_tool(argc - 1, argv + 1);
	return client_run(argc, argv);
}
